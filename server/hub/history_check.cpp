#include "server/hub/history_check.hpp"

#include <algorithm>
#include <set>

#include "shared/base/limits.hpp"
#include "shared/ledger/digest.hpp"
#include "shared/ledger/heads.hpp"
#include "shared/ledger/note.hpp"

namespace wasl {
namespace {

constexpr std::size_t kLeavesAtOnce = 4096;

tl::unexpected<Error> not_as_signed(const std::string& what) {
  return fail(Errc::corrupt, what + " is not what the hub had signed", "take another backup");
}

class HistoryCheck {
 public:
  explicit HistoryCheck(HubStore& store) : store_(store) {}

  Result<CheckedHistory> run(const std::string& note) {
    WASL_TRY(find_network());
    WASL_LET(auto names, store_.space_names());
    std::stable_partition(names.begin(), names.end(),
                          [](const auto& name) { return name == kAuthoritySpace; });
    for (const std::string& name : names) WASL_TRY(check_space(name));
    WASL_LET(const auto statements, walk_statements(statements_, out_.network));
    out_.name = statements.back().statement.name;
    WASL_TRY(check_heads(note, statements));
    return out_;
  }

 private:
  /// Change sets are read under their network's name, which the first entry of `authority` gives.
  Status find_network() {
    WASL_LET(const auto first, store_.read(kAuthoritySpace, 1, 1, {}));
    const auto* entry = first.empty() || first.front().items.empty()
                            ? nullptr
                            : std::get_if<EntryItem>(&first.front().items.front());
    if (entry == nullptr) return fail(Errc::not_found, "there is no network in this store");
    WASL_LET(const SignedStatement statement, decode_signed_statement(entry->bytes));
    out_.network = network_id(statement.hash());
    return {};
  }

  Status check_space(const std::string& name) {
    WASL_LET(const SpaceInfo* const found, store_.space(name));
    const SpaceInfo info = *found;
    ++out_.spaces;
    if (info.size == 0) return {};
    // Behind its newest leaf stands only what came back to a hub that recovers.
    ledger::HeadsLeaf leaf;
    if (!info.leaf.empty()) {
      WASL_LET(leaf, ledger::HeadsLeaf::decode(info.leaf));
      WASL_LET(const Bytes stored, store_.heads_leaf(info.leaf_index));
      if (stored != info.leaf) return not_as_signed("the newest leaf of " + name);
    }
    std::set<std::string> ids;
    WASL_TRY(check_log(info, leaf, ids));
    WASL_TRY(check_base(info, ids));
    WASL_LET(const Hash digest, digest_of(info, ids));
    WASL_LET(const Hash kept, store_.digest(name));
    if (digest != kept || (leaf.digest_position == info.size && digest != leaf.digest))
      return not_as_signed("the state of " + name);
    return {};
  }

  /// @param ids of every record that an entry is about.
  Status check_log(const SpaceInfo& info, const ledger::HeadsLeaf& leaf, std::set<std::string>& ids) {
    const auto key = blinding_of(info);
    ledger::Frontier edge;
    while (edge.size() < info.size) {
      WASL_LET(const auto blocks,
               store_.read(info.name, edge.size() + 1, limits::kSegmentTargetBytes, out_.network));
      if (blocks.empty()) return not_as_signed("the log of " + info.name);
      for (const Segment& block : blocks) {
        if (block.first != edge.size() + 1) return not_as_signed("the log of " + info.name);
        WASL_TRY(verify_runs(block, out_.network));
        for (const SegmentItem& item : block.items) {
          const ledger::Entry* const entry = entry_of(item);
          if (entry == nullptr) continue;
          edge.append(ledger::leaf_hash(*entry, key));
          if (edge.size() == leaf.size && edge.root() != leaf.root)
            return not_as_signed("the log of " + info.name);
          if (info.name == kAuthoritySpace) WASL_TRY(note_statement(item));
          if (const ChangeSet* set = effect_of(item))
            for (const Operation& op : set->operations) ids.insert(op.id);
        }
      }
    }
    if (edge.size() != info.size || leaf.size > info.size || edge.root() != info.frontier.root())
      return not_as_signed("the log of " + info.name);
    out_.entries += info.size;
    return {};
  }

  /// What stands for the bodies that were let go.
  Status check_base(const SpaceInfo& info, std::set<std::string>& ids) {
    WASL_LET(const auto base, store_.base(info.name));
    WASL_LET(const Position let_go, store_.let_go(info.name));
    if (let_go > (base ? base->position : 0)) return not_as_signed("what was let go of " + info.name);
    if (!base) return {};
    std::vector<ledger::Bucket> buckets(ledger::kDigestBuckets);
    WASL_TRY(store_.each_base_record(info.name, [&](const std::string& id, RecordState& state) -> Status {
      const Hash id_hash = ledger::id_hash(id);
      buckets[ledger::bucket_of(id_hash)].set(id_hash, record_hash(id, state));
      ids.insert(id);
      return {};
    }));
    WASL_LET(const Bytes stored, store_.heads_leaf(base->leaf));
    WASL_LET(const ledger::HeadsLeaf leaf, ledger::HeadsLeaf::decode(stored));
    if (leaf.size != base->position || leaf.digest_position != leaf.size || leaf.digest != root_of(buckets))
      return not_as_signed("the base of " + info.name);
    return {};
  }

  static Hash root_of(const std::vector<ledger::Bucket>& buckets) {
    ledger::DigestTree tree;
    for (unsigned bucket = 0; bucket < ledger::kDigestBuckets; ++bucket)
      tree.set(bucket, buckets[bucket].hash());
    return tree.root();
  }

  Status note_statement(const SegmentItem& item) {
    const auto* entry = std::get_if<EntryItem>(&item);
    if (entry == nullptr || entry->entry.kind != ledger::EntryKind::statement) return {};
    WASL_LET(auto statement, decode_signed_statement(entry->bytes));
    if (statement.hash() != entry->entry.hash) return not_as_signed("a network statement");
    statements_.push_back(std::move(statement));
    return {};
  }

  /// Of the records themselves: what is kept of the digest could be right beside records that are not.
  Result<Hash> digest_of(const SpaceInfo& info, const std::set<std::string>& ids) {
    std::vector<ledger::Bucket> buckets(ledger::kDigestBuckets);
    for (const std::string& id : ids) {
      WASL_LET(const auto state, store_.record(info.number, id));
      if (!state) continue;  // voided, as if it had never been
      const Hash id_hash = ledger::id_hash(id);
      buckets[ledger::bucket_of(id_hash)].set(id_hash, record_hash(id, *state));
      ++out_.records;
    }
    return root_of(buckets);
  }

  Status check_heads(const std::string& note, const std::vector<OpenedStatement>& statements) {
    std::optional<ledger::Checkpoint> signed_one;
    if (!note.empty()) {
      WASL_LET(const std::string text, ledger::note_text(note));
      WASL_LET(const ledger::Checkpoint parsed, ledger::Checkpoint::parse(text));
      for (const OpenedStatement& one : statements) {
        auto opened = ledger::open_checkpoint(note, parsed.origin, one.statement.log_key);
        if (opened) signed_one = *std::move(opened);
      }
      if (!signed_one) return fail(Errc::bad_signature, "the checkpoint is not signed by this network's hub");
    }
    WASL_LET(out_.heads, store_.heads_size());
    ledger::Frontier edge;
    while (edge.size() < out_.heads) {
      const auto count = std::min<std::uint64_t>(kLeavesAtOnce, out_.heads - edge.size());
      WASL_LET(const auto leaves, store_.heads_leaves(edge.size(), static_cast<std::size_t>(count)));
      for (const Bytes& bytes : leaves) {
        WASL_LET(const ledger::HeadsLeaf leaf, ledger::HeadsLeaf::decode(bytes));
        edge.append(ledger::leaf_hash(leaf));
        if (signed_one && edge.size() == signed_one->size && edge.root() != signed_one->root)
          return not_as_signed("the log of heads");
      }
    }
    if (signed_one && signed_one->size > out_.heads) return not_as_signed("the log of heads");
    return {};
  }

  HubStore& store_;
  CheckedHistory out_;
  std::vector<SignedStatement> statements_;
};

}  // namespace

Result<CheckedHistory> check_history(HubStore& store, const std::string& note) {
  return HistoryCheck(store).run(note);
}

}  // namespace wasl
