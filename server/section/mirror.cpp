#include "server/section/mirror.hpp"

#include <algorithm>

#include "shared/base/limits.hpp"
#include "shared/crypto/sealing.hpp"
#include "shared/ledger/note.hpp"
#include "shared/log/log.hpp"
#include "shared/wire/dictionaries.hpp"
#include "shared/wire/enrolment.hpp"
#include "shared/wire/file_frames.hpp"
#include "shared/wire/runs.hpp"

namespace wasl {
namespace {

constexpr std::string_view kCounterKey = "upstream counter";
constexpr std::size_t kLeavesAtOnce = 4'096;

Bytes name_in_heads(const SpaceInfo& info) {
  return is_private_space(info.name) && info.key ? to_bytes(ledger::blind_name(*info.key, info.name).view())
                                                 : to_bytes(info.name);
}

tl::unexpected<Error> lie(std::string what) {
  return fail(Errc::caught, std::move(what),
              "what was mirrored before is still served; tell the secretariat");
}

}  // namespace

Mirror::Mirror(const Ports& ports) : ports_(ports), heads_(ports.store), logs_(ports.store, network_) {
  ports_.kept.tell_drops([this](Segment& run) {
    if (!authority_.is_empty()) drop_erased(authority_.state(), ports_.section.seen_until(), run);
  });
}

Status Mirror::start() {
  WASL_TRY(heads_.load());
  WASL_TRY(authority_.follow(ports_.store, network_));
  WASL_LET(note_, ports_.section.signed_note());
  settled_ = 0;
  if (note_.empty()) return {};
  const AuthorityState& state = authority_.state();
  WASL_LET(const ledger::Checkpoint checkpoint,
           ledger::open_checkpoint(note_, ledger::heads_origin(network_, state.statement().epoch),
                                   state.statement().log_key));
  settled_ = checkpoint.size;
  return {};
}

bool Mirror::retry_gaps() {
  if (gaps_.empty()) return false;
  gaps_.clear();
  carried_ = 0;
  return true;
}

bool Mirror::awaits_time() const {
  if (authority_.is_empty()) return false;
  const Millis seen = ports_.section.seen_until();
  const Millis now = ports_.clock.now();
  return std::ranges::any_of(authority_.state().erasures(), [&](const Erasure& erasure) {
    return erasure.is_in_force(now) && !erasure.is_in_force(seen);
  });
}

Result<Bytes> Mirror::make_hello(bool live, const Hash& binding, const crypto::KeyPair* invitation) {
  offered_.clear();
  pending_.reset();
  welcomed_at_.reset();
  carried_ = newest_carried_ = 0;
  gaps_.clear();
  logs_.forget();
  by_invitation_ = invitation != nullptr;
  frames_alone_ = ask_alone_;
  WASL_TRY(heads_.load());
  const crypto::KeyPair& speaker = by_invitation_ ? *invitation : ports_.device;
  Hello hello;
  hello.flags =
      static_cast<Byte>((live ? Hello::kLive : 0) | Hello::kFull | (frames_alone_ ? Hello::kAlone : 0));
  if (speaks_of_files_ && live) hello.flags |= kHelloFiles;
  hello.packing = Hello::Packing{kNewestDictionary, false};
  hello.network = network_;
  hello.device = speaker.public_key();
  hello.hub = log_key();
  hello.binding = binding;
  if (!authority_.is_empty()) {
    hello.statement = authority_.state().statement().number;
    hello.epoch = authority_.state().statement().epoch;
  }
  WASL_LET(const auto stored, ports_.store.meta(kCounterKey));
  const std::uint64_t last = stored ? Reader(*stored).varint() : 0;
  hello.counter =
      std::max(last + 1 + leap_, static_cast<std::uint64_t>(std::max<Millis>(1, ports_.clock.now())));
  Writer counter;
  counter.varint(hello.counter);
  WASL_TRY(ports_.store.transact([&] { return ports_.store.set_meta(kCounterKey, counter.bytes()); }));
  WASL_LET(const auto names, ports_.store.space_names());
  for (const std::string& name : names) {
    if (by_invitation_ && name != kAuthoritySpace) continue;
    WASL_LET(const SpaceInfo* const info, ports_.store.space(name));
    hello.cursors.push_back({name, info->size, info->key.has_value()});
  }
  // What is not named comes again from its first entry: the shortest logs, where a hello cannot name all.
  std::ranges::stable_sort(hello.cursors, [](const Cursor& a, const Cursor& b) {
    return std::pair(a.space == kAuthoritySpace, a.position) >
           std::pair(b.space == kAuthoritySpace, b.position);
  });
  while (!hello.cursors.empty() && encode(hello, speaker).size() > limits::kHelloBytes)
    hello.cursors.pop_back();
  // Of leaves all of them come, and each proves itself by the root that is signed: nothing is to be shown.
  return encode(hello, speaker);
}

Result<Segment> Mirror::make_enrolment(const crypto::KeyPair& invitation) {
  const auto sealing = crypto::sealing_key_of(ports_.device.public_key());
  if (!sealing) return fail(Errc::corrupt, "this device's key has no form to which bundles are sealed");
  WASL_LET(const SpaceInfo* const info, ports_.store.space(kAuthoritySpace));
  WASL_LET(const Hash root, ports_.store.root(kAuthoritySpace, info->size));
  return wasl::make_enrolment({network_,
                               invitation,
                               ports_.device,
                               *sealing,
                               authority_.state().statement().schema,
                               {info->size, root}},
                              authority_.state(), ports_.clock.now(), ports_.random);
}

Result<PublicKey> Mirror::on_statements(const std::vector<SignedStatement>& statements) {
  WASL_LET(const auto chain, walk_statements(statements, network_));
  if (!authority_.is_empty() && chain.size() < authority_.state().statement().number)
    return fail(Errc::wrong_network, "whoever answers knows an older network statement than this hub",
                "the network's hub may have been restored from an old copy: ask the secretariat");
  return chain.back().statement.log_key;
}

Status Mirror::on_welcome(const Welcome& welcome) {
  if (welcome.state == Welcome::State::new_epoch) begins_anew_ = true;
  if (welcome.state != Welcome::State::serving) return {};
  leap_ = 0;
  welcomed_at_ = welcome.hub_time;
  if (welcome.same_spaces) {
    WASL_LET(const auto names, ports_.store.space_names());
    offered_.insert(names.begin(), names.end());
    return {};
  }
  return ports_.store.transact([&]() -> Status {
    for (const SpaceKey& space : welcome.spaces) {
      offered_.insert(space.space);
      WASL_LET(SpaceInfo* const info, ports_.store.space(space.space));
      if (!space.key || info->key == space.key) continue;
      if (info->key && info->size > 0) return lie("the hub changed the blinding key of " + space.space);
      info->key = space.key;
      WASL_TRY(ports_.store.save_space(*info));
    }
    return {};
  });
}

Result<std::optional<Segment>> Mirror::next_push(std::size_t /*most_bytes*/) {
  if (by_invitation_) return std::optional<Segment>();
  for (;;) {
    WASL_LET(auto run, ports_.kept.next_to_carry(carried_, network_));
    if (!run) return std::optional<Segment>();
    carried_ = run->number;
    const bool is_new = run->number > newest_carried_;
    newest_carried_ = std::max(newest_carried_, run->number);
    const auto place = place_of(run->segment);
    if (!place || !gaps_.contains(place->source.chain)) return std::optional(std::move(run->segment));
    if (!is_new) continue;
    gaps_.erase(place->source.chain);  // it may be what was missing: all of its chain goes once more
    carried_ = 0;
    return std::optional(std::move(run->segment));
  }
}

/// What stands behind a gap of its chain stays so until something new is in the logs, or its author says
/// more: asked again and again it would only use the line up.
Status Mirror::on_verdicts(const std::vector<VerdictItem>& verdicts) {
  for (const VerdictItem& item : verdicts) {
    if (item.verdict.outcome == Outcome::later && item.verdict.reason == Reason::gap)
      gaps_.insert(item.chain);
  }
  WASL_LET(auto decided, ports_.kept.note(verdicts, network_));
  ports_.section.tell(std::move(decided));
  return {};
}

Status Mirror::on_entries(Segment segment) {
  if (!offered_.contains(segment.space))
    return fail(Errc::malformed, "the hub sent entries of a space that it does not offer");
  WASL_LET(const SpaceInfo* const held, ports_.store.space(segment.space));
  const std::size_t count = entry_count(segment);
  if (segment.first + count <= held->size + 1) return {};
  if (segment.first != held->size + 1)
    return fail(Errc::malformed, "entries of " + segment.space + " are missing on the way",
                "it is asked again");
  if (is_private_space(segment.space) && !held->key)
    return fail(Errc::malformed, "entries of " + segment.space + " came without its key");
  for (const SegmentItem& item : segment.items) {
    if (std::holds_alternative<OwnItem>(item))
      return fail(Errc::malformed, "the hub left out what this hub has not written");
  }
  drop_erased(authority_.state(), ports_.section.seen_until(), segment);
  const auto append = [&]() -> Status {
    WASL_TRY(ports_.store.append(segment));
    WASL_LET(SpaceInfo* const info, ports_.store.space(segment.space));
    for (const SegmentItem& item : segment.items)
      if (const ledger::Entry* entry = entry_of(item)) info->as_of = entry->hub_time;
    return ports_.store.save_space(*info);
  };
  WASL_TRY(ports_.store.transact(append));
  return segment.space == kAuthoritySpace ? authority_.follow(ports_.store, network_) : Status();
}

Status Mirror::on_leaves(const Leaves& leaves) {
  if (leaves.first > heads_.size())
    return fail(Errc::malformed, "leaves of heads are missing on the way", "they are asked for again");
  const Status taken = ports_.store.transact([&]() -> Status {
    for (std::size_t i = heads_.size() - leaves.first; i < leaves.leaves.size(); ++i) {
      WASL_LET(const ledger::HeadsLeaf leaf, ledger::HeadsLeaf::decode(leaves.leaves[i]));
      WASL_LET(const std::uint64_t index, heads_.append(leaf));
      static_cast<void>(index);
    }
    return {};
  });
  if (!taken) {
    heads_.take_back();
    return taken;
  }
  heads_.keep();
  if (!pending_) return {};
  WASL_LET(const auto settled, settle());
  static_cast<void>(settled);
  return {};
}

Result<std::optional<bool>> Mirror::on_proof(const Proof& proof) {
  if (by_invitation_) return std::optional<bool>(true);
  if (!proof.checkpoint.empty()) {
    pending_ = proof.checkpoint;
    return settle();
  }
  if (pending_) return settle();
  if (note_.empty()) return std::optional<bool>();
  const Millis now = welcomed_at_.value_or(0);
  WASL_TRY(ports_.store.transact([&] { return ports_.section.note_time(now); }));
  return std::optional<bool>(true);
}

/// The newest leaf of each space behind those that are settled.
Result<std::map<std::string, std::pair<std::uint64_t, ledger::HeadsLeaf>>> Mirror::new_leaves(
    std::uint64_t until, const std::vector<std::string>& spaces) {
  std::map<Bytes, std::string> names;
  for (const std::string& name : spaces) {
    WASL_LET(const SpaceInfo* const info, ports_.store.space(name));
    names.emplace(name_in_heads(*info), name);
  }
  std::map<std::string, std::pair<std::uint64_t, ledger::HeadsLeaf>> out;
  // A space that may be read since lately has its leaves anywhere.
  const bool all_known = std::ranges::all_of(spaces, [&](const std::string& name) {
    const auto info = ports_.store.space(name);
    return info && ((*info)->size == 0 || !(*info)->leaf.empty());
  });
  for (std::uint64_t at = all_known ? settled_ : 0; at < until;) {
    WASL_LET(const auto leaves,
             ports_.store.heads_leaves(at, std::min<std::uint64_t>(kLeavesAtOnce, until - at)));
    if (leaves.empty()) return fail(Errc::corrupt, "the mirrored log of heads has a gap");
    for (const Bytes& bytes : leaves) {
      WASL_LET(ledger::HeadsLeaf leaf, ledger::HeadsLeaf::decode(bytes));
      const auto named = names.find(leaf.name);
      if (named != names.end()) out[named->second] = {at, std::move(leaf)};
      ++at;
    }
  }
  return out;
}

/// @return true when everything under the pending note is here; nothing: some of it is still to come.
Result<std::optional<bool>> Mirror::settle() {
  const NetworkStatement& statement = authority_.state().statement();
  WASL_LET(
      const ledger::Checkpoint checkpoint,
      ledger::open_checkpoint(*pending_, ledger::heads_origin(network_, statement.epoch), statement.log_key));
  if (checkpoint.size < settled_)
    return lie("the hub shows a shorter history than it signed before (" + std::to_string(checkpoint.size) +
               " instead of " + std::to_string(settled_) + ")");
  if (heads_.size() < checkpoint.size) return std::optional<bool>();
  WASL_LET(const Hash root, heads_.root(checkpoint.size));
  if (root != checkpoint.root) return lie("the leaves of heads are not those that the hub signed");
  const std::vector<std::string> spaces(offered_.begin(), offered_.end());
  WASL_LET(const auto fresh, new_leaves(checkpoint.size, spaces));
  for (const std::string& name : spaces) {
    WASL_LET(const SpaceInfo* const info, ports_.store.space(name));
    const auto found = fresh.find(name);
    ledger::HeadsLeaf leaf;
    if (found != fresh.end()) {
      leaf = found->second.second;
    } else if (!info->leaf.empty()) {
      WASL_LET(leaf, ledger::HeadsLeaf::decode(info->leaf));
    } else {
      if (info->size > 0) return std::optional<bool>();
      continue;
    }
    if (info->size > leaf.size) return std::optional<bool>();  // a later proof covers it
    if (info->size < leaf.size)
      return lie("the hub withholds entries of " + name + ": it signed " + std::to_string(leaf.size) +
                 " and sent " + std::to_string(info->size));
    if (info->frontier.root() != leaf.root)
      return lie("the hub sent entries of " + name + " that are not those that it signed");
  }
  const Millis now = welcomed_at_.value_or(0);
  const auto note_proved = [&]() -> Status {
    for (const auto& [name, leaf] : fresh) {
      WASL_LET(SpaceInfo* const info, ports_.store.space(name));
      info->leaf_index = leaf.first;
      info->leaf = leaf.second.encode();
      info->applied = info->proved = info->size;
      WASL_TRY(ports_.store.save_space(*info));
    }
    return ports_.section.note(*pending_, now);
  };
  WASL_TRY(ports_.store.transact(note_proved));
  note_ = *pending_;
  settled_ = checkpoint.size;
  pending_.reset();
  retry_gaps();  // what was missing may have come by another way
  WASL_LET(const std::size_t gone, ports_.kept.settle(ports_.section.placed(), network_));
  log::info("section.mirrored", {{"heads", settled_}, {"settled", std::uint64_t{gone}}});
  ports_.section.show();
  return std::optional<bool>(true);
}

std::vector<Cursor> Mirror::applied_cursors() {
  std::vector<Cursor> out;
  for (const std::string& name : offered_) {
    const auto info = ports_.store.space(name);
    if (info) out.push_back({name, (*info)->size, false});
  }
  return out;
}

Status Mirror::on_order(const Segment& /*order*/) {
  return fail(Errc::unauthorised,
              "this section's hub was revoked, and is to be wiped: it serves nobody any more",
              "stop it and remove its folder");
}

Status Mirror::on_session_end(std::optional<bool> /*equal*/) {
  ask_alone_ = false;
  return {};
}

Status Mirror::on_lie(const Error& seen, ByteView /*frame*/) {
  log::error("section.caught", {{"code", to_word(seen.code)}, {"reason", seen.message}});
  return {};
}

}  // namespace wasl
