// What the hub proves of itself at the end of a session, what contradicts it, and how the replica goes back
// to what was proved when it was lied to.
#include <algorithm>
#include <tuple>

#include "client/replica/damage.hpp"
#include "client/replica/erased_evidence.hpp"
#include "client/replica/replay.hpp"
#include "client/replica/replica.hpp"

namespace wasl {
namespace {

/// Before a promise is called broken: the log's own bytes hold none of these either, by each chain's first.
Status check_not_held(LogStore& store, const SpaceInfo& info, const std::map<Source, Sequence>& first,
                      const NetworkId& network) {
  std::set<Source> sources;
  for (const auto& [source, sequence] : first) sources.insert(source);
  WASL_LET(const auto ends, store.ends_in_log(info, sources, network));
  for (const auto& [source, end] : ends) {
    if (end.last >= first.at(source))
      return damaged_here(info.name + ": an entry is not found where the log has it");
  }
  return {};
}

}  // namespace

tl::unexpected<Error> Replica::accuse(std::string what, ByteView ours, ByteView theirs) {
  if (section_) what = "by a section's hub: " + what;
  Status kept = identity_.add_evidence(what, ours, theirs, ports_.clock->now());
  evidence_is_settled_ = kept.has_value();
  return fail(
      Errc::caught, std::move(what),
      "local work goes on and is kept; the evidence is stored: tell the secretariat before you sync again");
}

tl::unexpected<Error> Replica::lost_on_the_way(std::string what) {
  evidence_is_settled_ = true;
  return fail(Errc::malformed, std::move(what),
              "sync again; nothing is lost. If it stays, tell the secretariat");
}

Status Replica::on_lie(const Error& seen, ByteView frame) {
  const bool settled = std::exchange(evidence_is_settled_, false);
  if (section_) return drop_unproved();  // whatever it brought that nobody signed; the hub is not accused
  if (settled && seen.code != Errc::caught) return {};  // lost on the way: as if the link had broken
  if (!settled) {
    Bytes kept = to_bytes(frame);
    WASL_LET(const Millis now, proved_time());
    blank_openings(kept, erased_commitments(authority_, now));
    WASL_TRY(identity_.add_evidence(seen.message, {}, kept, ports_.clock->now()));
  }
  return drop_unproved();
}

/// The newest state of the space's log that the hub has signed for us. What is damaged here must not be
/// signed as seen for ever: then nothing is.
Result<Seen> Replica::proved(std::string_view space) {
  WASL_LET(const SpaceInfo* const info, store_.space(space));
  const auto root = store_.root(space, info->proved);
  if (!root && root.error().code != Errc::corrupt) return tl::unexpected(root.error());
  const auto leaf = ledger::HeadsLeaf::decode(info->leaf);
  const bool differs = leaf && leaf->size == info->proved && root && leaf->root != *root;
  return root && !differs ? Seen{info->proved, *root} : Seen{};
}

/// Roots are made of rows that a failing disk may have changed; signed history shows whether it did, and
/// gives them back. Asked before anybody is accused for a root. @return whether they were damaged.
Result<bool> Replica::repair_rows(const std::string& space, Position size) {
  WASL_LET(const SpaceInfo* const info, store_.space(space));
  if (size > info->size || size < info->begins_behind()) return false;
  const auto root = store_.root(space, size);
  if (!root && root.error().code != Errc::corrupt) return tl::unexpected(root.error());
  WASL_LET(const Hash signed_root, root_of_history(store_, *info, size, anchor_.network));
  if (root == signed_root) return false;
  WASL_TRY(restore_rows(space));
  return true;
}

/// The same of the row by which the log ends, before anybody is accused for what is to follow it.
Result<bool> Replica::repair_end(const std::string& space) {
  WASL_LET(const SpaceInfo* const info, store_.space(space));
  if (info->size == 0) return false;
  WASL_LET(const auto rows, store_.entries(space, info->size, info->size));
  WASL_LET(const auto history, store_.read(space, info->size, SIZE_MAX, anchor_.network));
  const ledger::Entry* last = nullptr;
  for (const Segment& segment : history) {
    for (const SegmentItem& item : segment.items) {
      if (const ledger::Entry* const entry = entry_of(item)) last = entry;
    }
  }
  if (last == nullptr || (rows.size() == 1 && rows.front().entry == *last)) return false;
  WASL_TRY(restore_rows(space));
  return true;
}

Status Replica::restore_rows(const std::string& space) {
  WASL_TRY(store_.restore_rows(space, anchor_.network));
  roots_.clear();
  return identity_.add_evidence(
      "the stored log of " + space + " was damaged; it was made again from signed history", {}, {},
      ports_.clock->now());
}

/// Whether both logs that the change set names as seen are what the hub has proved to us; unknown as long as
/// it has proved less.
Result<std::optional<bool>> Replica::was_proved(const Header& header) {
  for (const auto& [space, seen] : {std::pair(std::string_view(header.space), header.seen),
                                    std::pair(kAuthoritySpace, header.seen_authority)}) {
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    if (seen.size > info->proved) return std::optional<bool>();
    if (seen.size < info->begins_behind()) continue;  // before anything was proved to this replica
    WASL_LET(const Hash root, store_.root(space, seen.size));
    if (seen.size > 0 && root != seen.root) return std::optional(false);
  }
  return std::optional(true);
}

Result<bool> Replica::has_unproved() {
  WASL_LET(const auto spaces, store_.space_names());
  for (const std::string& space : spaces) {
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    if (info->size > info->proved) return true;
  }
  return false;
}

Status Replica::check_held() {
  for (const auto& [space, size] : held_) {
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    if (info->size >= size) continue;
    return fail(Errc::locked, "another program of this office went back behind what this one received",
                "sync again; nothing is lost");
  }
  return {};
}

// ── The proof

// What the store remembers of a transaction that was undone goes with it: else a lie would stand beside the
// truth that the next session tells, until the program ends.
Result<std::optional<bool>> Replica::on_proof(const Proof& proof) {
  auto equal = take_proof(proof);
  if (!equal) store_.forget();
  return equal;
}

Result<std::optional<bool>> Replica::take_proof(const Proof& proof) {
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  WASL_TRY(check_held());
  WASL_TRY(refresh_anchor());
  if (proof.behind) return std::optional<bool>();
  if (authority_.statement().number < anchor_.statement_number) {
    if (section_) return std::optional<bool>();  // it has not heard of them yet
    return accuse("the hub withholds network statements: it sent " +
                      std::to_string(authority_.statement().number) + " of " +
                      std::to_string(anchor_.statement_number),
                  anchor_.statement_hash.view(), view(proof.checkpoint));
  }
  WASL_LET(const CheckpointAnchor known, identity_.checkpoint());
  const bool goes_on = session_base_.value_or(known.heads) == known.heads;
  std::set<std::string> fresh;
  if (section_ && !proof.checkpoint.empty()) {
    WASL_LET(const bool behind, is_behind(proof, known));
    if (behind) return std::optional<bool>();
  }
  if (!proof.checkpoint.empty()) {
    WASL_LET(fresh, take_checkpoint(proof, known));
  }
  const std::string& note = proof.checkpoint.empty() ? known.note : proof.checkpoint;
  WASL_LET(const bool overtaken, is_overtaken());
  WASL_LET(const auto spaces, spoken_spaces());
  for (const std::string& space : spaces) {
    WASL_LET(SpaceInfo* const info, store_.space(space));
    WASL_TRY(check_against_leaf(*info, note, overtaken, fresh.contains(space)));
  }
  std::vector<std::string> differing;
  WASL_LET(std::optional<bool> equal, compare_states(differing));
  // Equal to what the hub has signed is not equal to what everybody sees, before the witnesses say so.
  WASL_LET(const Witnessed witnessed, witnessed_by(note));
  if (equal == true && !witnessed.is_enough()) equal.reset();
  WASL_TRY(transaction.commit());
  WASL_TRY(heal(differing, equal));
  // Late: a crash in between only makes the hub prove the same once more. Where another program of this
  // office has moved the checkpoint, this proof does not join it to what was shown: the other's stays, and
  // the next session proves from there.
  if (!proof.checkpoint.empty() && goes_on) {
    WASL_TRY(identity_.move_checkpoint(known, {*session_base_, note}));
  }
  if (section_) {
    WASL_LET(welcomed_at_, newest_leaf_time());
  } else {
    WASL_TRY(check_promises(note));
  }
  WASL_TRY(note_proved_time());
  WASL_TRY(settle_shown());
  return equal;
}

Result<Replica::Witnessed> Replica::witnessed_by(std::string_view note) {
  const std::vector<PublicKey>& witnesses = authority_.statement().witnesses;
  if (witnesses.empty() || note.empty()) return Witnessed{0, witnesses.size()};
  WASL_LET(const auto found, ledger::cosignatures(note, witnesses));
  return Witnessed{found.size(), witnesses.size()};
}

/// The size of the newest checkpoint whose leaves this replica has taken in.
Result<std::uint64_t> Replica::leaves_proved() {
  WASL_LET(const auto stored, store_.meta("leaves up to"));
  return stored ? Reader(*stored).varint() : 0;
}

/// Another program of this office has heard more meanwhile than this session.
Result<bool> Replica::is_overtaken() {
  WASL_LET(const std::uint64_t proved, leaves_proved());
  return session_base_ && session_base_->size < proved;
}

/// What a section's hub mirrored last may be older than what this office has seen elsewhere.
Result<bool> Replica::is_behind(const Proof& proof, const CheckpointAnchor& known) {
  const std::string origin = ledger::heads_origin(anchor_.network, std::max<std::uint64_t>(1, anchor_.epoch));
  WASL_LET(const ledger::Checkpoint checkpoint,
           ledger::open_checkpoint(proof.checkpoint, origin, anchor_.log_key));
  return checkpoint.size < std::max(session_base_.value_or(known.heads).size, leaves_before_);
}

/// Signed by the hub, of this network, and going on from what this session named, whatever another process of
/// this office has learnt since.
Result<ledger::Checkpoint> Replica::check_checkpoint(const Proof& proof, const CheckpointAnchor& known) {
  const std::string origin = ledger::heads_origin(anchor_.network, std::max<std::uint64_t>(1, anchor_.epoch));
  WASL_LET(const ledger::Checkpoint checkpoint,
           ledger::open_checkpoint(proof.checkpoint, origin, anchor_.log_key));
  const Seen base = session_base_.value_or(known.heads);
  const std::uint64_t least = std::max(base.size, leaves_before_);
  if (checkpoint.size < least) {
    return accuse("the hub shows a shorter history than it signed before (" +
                      std::to_string(checkpoint.size) + " instead of " + std::to_string(least) +
                      "): it was restored from an old copy, or it lies",
                  view(known.note), view(proof.checkpoint));
  }
  if (base.size > 0 && !ledger::verify_consistency(base.size, base.root, checkpoint.size, checkpoint.root,
                                                   proof.consistency)) {
    return accuse("the hub shows another history than the one that it signed before", view(known.note),
                  view(proof.checkpoint));
  }
  const Seen shown{checkpoint.size, checkpoint.root};
  if (known.heads.size > 0 && known.heads.size == shown.size && known.heads != shown) {
    return accuse("the hub signed two histories of one size", view(known.note), view(proof.checkpoint));
  }
  return checkpoint;
}

Result<Replica::ShownLeaves> Replica::check_leaves(const Proof& proof, const ledger::Checkpoint& checkpoint) {
  std::vector<ledger::Leaf> leaves;
  ShownLeaves by_name;
  for (const LeafProof& item : proof.leaves) {
    WASL_LET(ledger::HeadsLeaf leaf, ledger::HeadsLeaf::decode(item.leaf));
    leaves.push_back({item.index, ledger::leaf_hash(leaf)});
    Bytes name = leaf.name;
    by_name[std::move(name)] = {item.index, std::move(leaf)};
  }
  if (!leaves.empty() &&
      !ledger::verify_inclusions(leaves, checkpoint.size, proof.inclusion, checkpoint.root)) {
    return accuse("the hub's heads do not stand in the log that it signed", {}, view(proof.checkpoint));
  }
  return by_name;
}

Result<std::set<std::string>> Replica::take_checkpoint(const Proof& proof, const CheckpointAnchor& known) {
  WASL_LET(const ledger::Checkpoint checkpoint, check_checkpoint(proof, known));
  WASL_LET(const ShownLeaves leaves, check_leaves(proof, checkpoint));
  session_base_ = Seen{checkpoint.size, checkpoint.root};
  WASL_LET(const bool overtaken, is_overtaken());
  std::set<std::string> fresh;
  WASL_LET(const auto spaces, spoken_spaces());
  for (const std::string& space : spaces) {  // `authority` first
    WASL_LET(SpaceInfo* const info, store_.space(space));
    if (is_private_space(space) && !info->key) continue;
    const Bytes name =
        is_private_space(space) ? to_bytes(ledger::blind_name(*info->key, space).view()) : to_bytes(space);
    const auto shown = leaves.find(name);
    if (shown == leaves.end()) continue;
    WASL_TRY(check_next_leaf(*info, shown->second, proof, overtaken));
    if (!info->leaf.empty() && shown->second.index < info->leaf_index) continue;
    WASL_TRY(take_leaf(*info, shown->second, proof));
    WASL_TRY(keep_head(space, shown->second, proof, checkpoint));
    fresh.insert(space);
  }
  WASL_TRY(note_epoch());
  if (overtaken) return fresh;
  Writer size;
  size.varint(checkpoint.size);
  WASL_TRY(store_.set_meta("leaves up to", size.bytes()));
  return fresh;
}

/// Each leaf of a space goes on from the one before, whichever of two programs of this office heard it first.
Status Replica::check_next_leaf(SpaceInfo& info, const ShownLeaf& shown, const Proof& proof, bool overtaken) {
  if (info.leaf.empty()) return {};
  const auto before = ledger::HeadsLeaf::decode(info.leaf);
  if (!before) return forget_leaf(info);
  const bool newer = shown.index >= info.leaf_index;
  const auto& [first, second] = newer ? std::tie(*before, shown.leaf) : std::tie(shown.leaf, *before);
  const bool goes_on = (newer || overtaken) && first.size <= second.size &&
                       (first.size < second.size || first.root == second.root);
  if (goes_on) return {};
  WASL_LET(const bool stands, is_root(info, *before));
  if (!stands) return forget_leaf(info);
  return accuse("the hub shows another history of " + info.name + " than before", before->encode(),
                view(proof.checkpoint));
}

/// Takes the newest leaf of a space.
Status Replica::take_leaf(SpaceInfo& info, const ShownLeaf& shown, const Proof& proof) {
  const auto& [index, leaf] = shown;
  WASL_LET(const SpaceInfo* const authority, store_.space(kAuthoritySpace));
  if (leaf.authority_size > authority->size) {
    return accuse("the hub withholds entries of authority: it signed " + std::to_string(leaf.authority_size) +
                      " and sent " + std::to_string(authority->size),
                  leaf.encode(), view(proof.checkpoint));
  }
  // Whoever forgets a revocation that stood in `authority` already signs it here.
  // A head of `authority` that cannot be read is asked for again when it is compared with what is held.
  const auto rights = ledger::HeadsLeaf::decode(authority->leaf);
  if (rights && index > authority->leaf_index && leaf.authority_size < rights->size) {
    return accuse("the hub judged " + info.name + " by an older authority than the one that it signed",
                  leaf.encode(), view(proof.checkpoint));
  }
  info.leaf_index = index;
  info.leaf = leaf.encode();
  info.as_of = leaf.hub_time;
  // Should the hub lose what it signed here, this proves it to the hub itself.
  Proof kept = proof;
  kept.consistency.clear();
  WASL_TRY(store_.set_meta("proof of " + info.name, encode(kept)));
  return store_.save_space(info);
}

/// Whether the entries held give the leaf's root. Rows that a failing disk changed are made again first.
Result<bool> Replica::is_root(const SpaceInfo& info, const ledger::HeadsLeaf& leaf) {
  if (leaf.size > info.size) return false;
  auto root = store_.root(info.name, leaf.size);
  if (leaf.size == 0 || root == leaf.root) return true;
  WASL_TRY(repair_rows(info.name, leaf.size));
  root = store_.root(info.name, leaf.size);
  if (!root) return tl::unexpected(root.error());
  return *root == leaf.root;
}

/// A head that was right when it was kept and is not now: the hub is asked for it again.
Status Replica::forget_leaf(SpaceInfo& info) {
  info.leaf.clear();
  info.leaf_index = 0;
  info.proved = 0;
  unproved_.erase(info.name);
  WASL_TRY(store_.save_space(info));
  return identity_.add_evidence(
      "the kept head of " + info.name + " was damaged; the hub was asked for it again", {}, {},
      ports_.clock->now());
}

/// The entries held are those that the hub signed: none left out, none beside.
/// @param fresh the leaf came with this proof; else it was found right before.
Status Replica::check_against_leaf(SpaceInfo& info, std::string_view note, bool overtaken, bool fresh) {
  const bool offered = offered_.contains(info.name);
  const auto named = unproved_.find(info.name);
  const Position before = named == unproved_.end() || !offered ? 0 : named->second;
  if (info.leaf.empty() && before == 0) return {};
  ledger::HeadsLeaf leaf;
  if (!info.leaf.empty()) {
    const auto kept = ledger::HeadsLeaf::decode(info.leaf);
    if (!kept) return forget_leaf(info);
    leaf = *kept;
  }
  WASL_LET(const bool stands, is_root(info, leaf));
  if (!stands && !fresh && info.proved == leaf.size) return forget_leaf(info);
  if (info.size < leaf.size) {
    if (!offered) return {};  // what was taken back of it comes when it may be read again
    return accuse("the hub withholds entries of " + info.name + ": it signed " + std::to_string(leaf.size) +
                      " and sent " + std::to_string(info.size),
                  leaf.encode(), view(note));
  }
  if (!stands) {
    return accuse("the hub sent entries of " + info.name + " that are not those that it signed",
                  info.frontier.encode(), view(note));
  }
  if (before > leaf.size && !section_) {
    return accuse("the hub sent entries of " + info.name + " that it never signed: it signed " +
                      std::to_string(leaf.size) + " of " + std::to_string(before),
                  info.frontier.encode(), view(note));
  }
  WASL_LET(const SpaceInfo* const authority, store_.space(kAuthoritySpace));
  info.proved = leaf.size;
  // Of a space that the hub does not offer now, newer leaves may exist that it does not show.
  if (info.size == leaf.size && offered && !overtaken) {
    info.authority = std::max(info.authority, authority->proved);
  }
  return store_.save_space(info);
}

/// Every change set that the hub called accepted before this proof has its entry by now.
Status Replica::check_promises(std::string_view note) {
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(store_.refresh());
  std::map<std::string, std::vector<std::int64_t>> broken;
  std::map<std::string, std::map<Source, Sequence>> missing;
  std::vector<ChangeSet> placed;
  WASL_LET(auto select,
           db_.prepare("SELECT no, space, chain, sequence, header, body FROM _wasl_pending WHERE state = 3 "
                       "ORDER BY no"));
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) break;
    const std::string space(select.text(1));
    const auto chain = ChainId::from(select.blob(2)).value_or(ChainId{});
    const auto sequence = static_cast<Sequence>(select.int64(3));
    const auto promised = promised_.find(chain);
    if (promised == promised_.end() || sequence > promised->second || !offered_.contains(space)) continue;
    WASL_LET(const auto entry, store_.find({device_.public_key(), chain}, sequence));
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    if (!entry) {
      const auto header = decode_header(select.blob(4));
      if (!header || header->source.chain != chain || header->sequence != sequence)
        return damaged_here("the place of a change set that waits is not what its header says");
      broken[space].push_back(select.int64(0));
      missing[space].emplace(header->source, sequence);
    } else if (entry->position <= info->applied) {
      WASL_LET(ChangeSet set, decode_change_set(select.blob(4), select.blob(5)));
      if (entry->entry.hash == set.name) placed.push_back(std::move(set));
    }
  }
  select.reset();
  // A damaged index once hid the entry of what was taken over from outbox.log: no second one will come.
  for (const ChangeSet& set : placed) WASL_TRY(withdraw(set, PendingState::accepted));
  if (broken.empty()) return transaction.commit();
  for (const auto& [space, sources] : missing) {
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    WASL_TRY(check_not_held(store_, *info, sources, anchor_.network));
  }
  std::string words = "the hub said that it had accepted work of this office and has no entry of it:";
  for (const auto& [space, numbers] : broken) {
    words += " " + std::to_string(numbers.size()) + " change sets in " + space;
    for (const std::int64_t no : numbers) {
      WASL_LET(auto update, db_.prepare("UPDATE _wasl_pending SET state = 0 WHERE no = ?"));
      update.bind_all(no);
      WASL_TRY(update.run());
    }
  }
  WASL_TRY(transaction.commit());
  return accuse(std::move(words), {}, view(note));
}

/// Unknown when the hub's digest lags; false only for a real difference.
Result<std::optional<bool>> Replica::compare_states(std::vector<std::string>& differing) {
  std::optional<bool> equal = true;
  WASL_LET(const auto spaces, readable_spaces());
  for (const std::string& space : spaces) {
    WASL_LET(SpaceInfo* const info, store_.space(space));
    if (info->leaf.empty()) {
      if (info->size > 0) equal = std::nullopt;
      continue;
    }
    WASL_LET(const ledger::HeadsLeaf leaf, ledger::HeadsLeaf::decode(info->leaf));
    if (info->size != leaf.size || info->applied != info->size || leaf.digest_position != leaf.size) {
      equal = std::nullopt;
      continue;
    }
    WASL_TRY(settle_digest(*info));
    WASL_LET(const Hash digest, store_.digest(space));
    if (digest != leaf.digest) differing.push_back(space);
    WASL_LET(const WholeLog whole, whole_log(store_, space));
    if (digest == leaf.digest && whole == WholeLog::once)
      WASL_TRY(want_whole_log(store_, space, WholeLog::no));
  }
  return equal;
}

/// The entries are those that the hub signed, so the difference is in what was made of them: compute it anew.
Status Replica::heal(const std::vector<std::string>& differing, std::optional<bool>& equal) {
  for (const std::string& space : differing) {
    WASL_LET(const bool whole, can_replay(space));
    if (!whole) {
      WASL_TRY(identity_.add_evidence(
          "the snapshot from which " + space + " was begun is damaged here; it is fetched again where it is",
          {}, {}, ports_.clock->now()));
      WASL_TRY(give_up(store_, space));
      equal.reset();
      continue;
    }
    WASL_LET(const auto repaired, rebuild(space));
    WASL_LET(const bool healed, digest_matches(space));
    WASL_TRY(identity_.add_evidence(
        "the state of " + space + " differed from the hub's; " + std::to_string(repaired.size()) +
            " records were computed again from history" + (healed ? "" : " and it still differs"),
        {}, {}, ports_.clock->now()));
    if (!healed) equal = false;
  }
  return {};
}

Result<bool> Replica::digest_matches(std::string_view space) {
  WASL_TRY(store_.refresh());
  WASL_LET(const SpaceInfo* const info, store_.space(space));
  WASL_LET(const ledger::HeadsLeaf leaf, ledger::HeadsLeaf::decode(info->leaf));
  WASL_LET(const Hash digest, store_.digest(space));
  return digest == leaf.digest;
}

// ── Back to what was proved

Status Replica::drop_unproved() {
  store_.forget();  // what was begun when the lie was noticed was rolled back
  WASL_LET(const bool unproved, has_unproved());
  if (!unproved) return {};
  held_.clear();
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  WASL_LET(const auto captured, seal_captured(true));
  std::vector<SealedSet> own;
  WASL_LET(const auto spaces, store_.space_names());
  for (const std::string& space : spaces) WASL_TRY(drop_unproved(space, own));
  WASL_TRY(restore_pending(own));
  WASL_TRY(commit(transaction, captured));
  return catch_up_authority();
}

namespace {

using Touched = std::map<std::pair<std::uint32_t, std::string>, std::vector<OverlayOperation>>;

/// The records that entries behind `proved` touched, with the operations of ours among them.
Touched touched_by(const std::vector<Segment>& dropped, Position proved, const PublicKey& device, Millis now,
                   const AuthorityState& authority, std::vector<ChangeSet>& own) {
  Touched touched;
  for (const Segment& segment : dropped) {
    for (const SegmentItem& item : segment.items) {
      if (segment.first + entry_count(segment) - 1 <= proved) continue;
      if (const auto collection = collection_of(item)) {
        for (const auto& record : collection->records) touched[record];
      }
      const ChangeSet* set = effect_of(item);
      if (set == nullptr) continue;
      const Header& header = set->header;
      const bool ours = header.source.author == device;
      if (ours) own.push_back(*set);
      for (std::size_t i = 0; i < set->operations.size(); ++i) {
        const Operation& op = set->operations[i];
        auto& operations = touched[{op.register_number, op.id}];
        if (ours) {
          operations.push_back({op, set->dot(i), header.sequence, header.source, header.stamp,
                                std::min(header.stamp.millis(), now), authority.level_of(header.grant)});
        }
      }
    }
  }
  return touched;
}

}  // namespace

Status Replica::drop_unproved(const std::string& space, std::vector<SealedSet>& own) {
  WASL_LET(SpaceInfo* const info, store_.space(space));
  if (info->size <= info->proved) return {};
  WASL_LET(const auto dropped, store_.read(space, info->proved + 1, SIZE_MAX, anchor_.network));
  std::vector<ChangeSet> sets;
  Touched touched =
      touched_by(dropped, info->proved, device_.public_key(), ports_.clock->now(), authority_, sets);
  std::set<Position> voided;  // what stands again without its void
  for (const Segment& segment : dropped) {
    for (const SegmentItem& item : segment.items) {
      const auto* other = std::get_if<EntryItem>(&item);
      if (other != nullptr && other->entry.kind == ledger::EntryKind::void_)
        voided.insert(voided_position(*other));
    }
  }
  std::erase_if(voided, [&](Position position) { return position > info->size; });
  WASL_LET(const auto places, touched_at(*info, voided));
  for (const auto& place : places) touched.try_emplace(place);
  settled_voids_.clear();
  adopter_.reset();
  if (info->proved < info->begins_behind()) {
    WASL_LET(const auto all, records_of(*info));
    for (const RecordKey& record : all) touched.try_emplace(record);
    WASL_TRY(store_.forget_log(*info));
  } else {
    WASL_TRY(store_.truncate(space, info->proved, anchor_.network));
  }
  WASL_LET(const Replay replay, replay_space(store_, *info, anchor_.network, authority_));
  for (auto& [key, operations] : touched) {
    WASL_LET(LoadedRecord loaded, records_.load(key.first, space, key.second));
    auto& overlay = loaded.record.overlay;
    std::erase_if(operations, [&](const OverlayOperation& op) {
      return std::any_of(overlay.begin(), overlay.end(),
                         [&](const OverlayOperation& known) { return known.dot == op.dot; });
    });
    overlay.insert(overlay.begin(), operations.begin(), operations.end());
    const auto state = replay.records.find(key.second);
    const bool stays = state != replay.records.end() && state->second.register_number == key.first;
    loaded.record.confirmed = stays ? state->second : RecordState();
    WASL_TRY(loaded.record.exists() ? records_.save(loaded, ports_.clock->now(), {})
                                    : records_.remove(loaded));
  }
  // The digest of what is left: a record that was never there must leave no trace in it.
  WASL_TRY(store_.clear_state(info->number));
  for (const auto& [id, state] : replay.records) store_.note_record(info->number, id, record_hash(id, state));
  WASL_TRY(store_.flush_digest());
  info->digested = info->applied;
  for (ChangeSet& set : sets) {
    SealedSet sealed{std::move(set), {}};
    for (const Operation& op : sealed.set.operations) {
      if (op.value.type != ValueType::commitment) continue;
      const Hash commitment = Hash::from(op.value.data).value_or(Hash{});
      WASL_LET(const auto opening, store_.opening(commitment));
      if (opening) sealed.openings.push_back({commitment, *opening});
    }
    own.push_back(std::move(sealed));
  }
  return store_.save_space(*info);
}

/// Before everything that waits: chains are pushed in their order. They take nothing new: a copy of this
/// folder may have carried them further than this one knows.
Status Replica::restore_pending(const std::vector<SealedSet>& own) {
  for (auto sealed = own.rbegin(); sealed != own.rend(); ++sealed) {
    const Header& header = sealed->set.header;
    WASL_LET(
        auto insert,
        db_.prepare("INSERT OR IGNORE INTO _wasl_pending(no, hash, space, chain, sequence, header, body, "
                    "openings, came_in) SELECT coalesce(min(no), 1) - 1, ?, ?, ?, ?, ?, ?, ?, ? FROM "
                    "_wasl_pending"));
    insert.bind_all(sealed->set.name, header.space, header.source.chain, header.sequence,
                    ByteView(sealed->set.header_bytes), ByteView(sealed->set.body_bytes),
                    ByteView(encode_openings(sealed->openings)), ports_.clock->now());
    WASL_TRY(insert.run());
    WASL_TRY(retire(header));
  }
  return {};
}

}  // namespace wasl
