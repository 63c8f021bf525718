#include "server/hub/heads_log.hpp"

#include "shared/ledger/note.hpp"

namespace wasl {
namespace {

constexpr std::string_view kCosignatures = "cosignatures";

/// NodeAt cannot fail: the first failure is kept and asked for afterwards.
class StoredNodes {
 public:
  explicit StoredNodes(HubStore& store) : store_(store) {}
  ledger::NodeAt at() {
    return [this](unsigned level, std::uint64_t index) {
      auto hash = store_.heads_node(level, index);
      if (hash) return *hash;
      failed_ = hash.error();
      return Hash{};
    };
  }
  Status health() const {
    if (failed_) return tl::unexpected(*failed_);
    return {};
  }

 private:
  HubStore& store_;
  std::optional<Error> failed_;
};

}  // namespace

Status HeadsLog::load() {
  StoredNodes nodes(store_);
  WASL_LET(const std::uint64_t size, store_.heads_size());
  ledger::Frontier edge = ledger::Frontier::at(size, nodes.at());
  WASL_TRY(nodes.health());
  frontier_ = std::move(edge);
  keep();
  return {};
}

Result<Hash> HeadsLog::root(std::uint64_t size) {
  StoredNodes nodes(store_);
  const Hash root = ledger::root_at(size, nodes.at());
  WASL_TRY(nodes.health());
  return root;
}

Result<Millis> HeadsLog::last_time() {
  if (size() == 0) return Millis{0};
  WASL_LET(const Bytes bytes, store_.heads_leaf(size() - 1));
  WASL_LET(const ledger::HeadsLeaf leaf, ledger::HeadsLeaf::decode(bytes));
  return leaf.hub_time;
}

Result<std::uint64_t> HeadsLog::append(const ledger::HeadsLeaf& leaf) {
  const std::uint64_t index = frontier_.size();
  std::vector<ledger::Node> created;
  frontier_.append(ledger::leaf_hash(leaf), created);
  WASL_TRY(store_.append_heads(index, leaf.encode(), created));
  return index;
}

Status HeadsLog::sign(const std::string& origin, const crypto::KeyPair& log_key) {
  StoredNodes nodes(store_);
  const Hash root = ledger::root_at(size(), nodes.at());
  WASL_TRY(nodes.health());
  if (root != frontier_.root()) {
    return fail(Errc::corrupt, "the stored log of heads does not give the root that was to be signed",
                "nothing was signed; restore hub.db from a backup");
  }
  WASL_LET(std::string note, ledger::sign_checkpoint({origin, size(), root}, log_key));
  if (note == note_) return {};
  note_ = std::move(note);
  cosigned_.clear();
  cosigned_count_ = 0;
  seen_ = {size(), root};
  return {};
}

Status HeadsLog::adopt(const std::string& note, const std::string& origin, const PublicKey& log_key,
                       const std::vector<PublicKey>& witnesses) {
  WASL_LET(const ledger::Checkpoint signed_log, ledger::open_checkpoint(note, origin, log_key));
  StoredNodes nodes(store_);
  ledger::Frontier edge = ledger::Frontier::at(signed_log.size, nodes.at());
  WASL_TRY(nodes.health());
  if (edge.root() != signed_log.root)
    return fail(Errc::corrupt, "the newest checkpoint is not of the stored log of heads");
  frontier_ = std::move(edge);
  keep();
  const std::size_t body = note.find("\n\n");
  const std::size_t own = body == std::string::npos ? body : note.find('\n', body + 2);
  note_ = note.substr(0, own == std::string::npos ? own : own + 1);
  cosigned_ = note.substr(note_.size());
  WASL_LET(const auto found, ledger::cosignatures(note, witnesses));
  cosigned_count_ = found.size();
  seen_ = {signed_log.size, signed_log.root};
  return {};
}

Result<std::size_t> HeadsLog::take_cosignatures(std::string_view text,
                                                const std::vector<PublicKey>& witnesses) {
  const std::string head = note_.substr(0, note_.find("\n\n") + 1);
  std::string_view lines = text;
  if (const auto blank = text.rfind("\n\n"); blank != std::string_view::npos) {
    if (text.substr(0, blank + 1) != head) {
      const auto other = ledger::Checkpoint::parse(text.substr(0, blank + 1));
      return fail(Errc::conflict,
                  "the witness has signed " +
                      (other ? "the checkpoint of size " + std::to_string(other->size)
                             : std::string("something else")) +
                      "; the newest is of size " + std::to_string(seen_.size),
                  "let the witness sign the newest one: it is served under /log/heads/checkpoint");
    }
    lines = text.substr(blank + 2);
  }
  const std::string end = lines.ends_with('\n') ? "" : "\n";
  WASL_LET(const auto found, ledger::cosignatures(note_ + cosigned_ + std::string(lines) + end, witnesses));
  if (found.size() == cosigned_count_ && cosigned_count_ == 0) {
    return fail(Errc::not_found, "no line is by a witness of this network",
                "the network statement lists the witnesses' keys");
  }
  std::string cosigned;
  for (const ledger::Cosignature& one : found) cosigned += one.line;
  WASL_TRY(store_.transact([&] { return store_.set_meta(kCosignatures, view(cosigned)); }));
  cosigned_ = std::move(cosigned);
  cosigned_count_ = found.size();
  return cosigned_count_;
}

Status HeadsLog::recall_cosignatures(const std::vector<PublicKey>& witnesses) {
  WASL_LET(const auto kept, store_.meta(kCosignatures));
  if (!kept || kept->empty() || cosigned_count_ > 0) return {};
  const auto found = ledger::cosignatures(note_ + to_text(*kept), witnesses);
  if (!found) return {};  // of an older note: witnesses sign again
  for (const ledger::Cosignature& one : *found) cosigned_ += one.line;
  cosigned_count_ = found->size();
  return {};
}

Result<Proof> HeadsLog::prove(const Seen& known, const std::vector<std::uint64_t>& leaves) {
  Proof proof;
  StoredNodes nodes(store_);
  if (known == seen_ && leaves.empty()) return proof;
  proof.checkpoint = note();
  proof.consistency = ledger::consistency_proof(known.size, seen_.size, nodes.at());
  for (const std::uint64_t index : leaves) {
    WASL_LET(Bytes leaf, store_.heads_leaf(index));
    proof.leaves.push_back({index, std::move(leaf)});
  }
  if (!leaves.empty()) proof.inclusion = ledger::inclusion_proofs(leaves, seen_.size, nodes.at());
  WASL_TRY(nodes.health());
  return proof;
}

}  // namespace wasl
