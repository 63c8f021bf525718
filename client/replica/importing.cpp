// What a bundle brings: checked as in a session, and first of all that the hub has signed it, because here
// nobody speaks whose word would count. Nothing that a carrier may have altered accuses anybody.
#include <algorithm>
#include <set>

#include "client/replica/replica.hpp"
#include "shared/store/erasing.hpp"
#include "shared/wire/snapshot_frames.hpp"

namespace wasl {
namespace {

constexpr std::string_view kToldKey = "told at";  // hub time of the newest word on this office's own work

Arrival altered(const std::string& space, std::string words) {
  Arrival arrival{Arrival::What::altered};
  arrival.space = space;
  arrival.words = std::move(words);
  return arrival;
}

Arrival gap(const std::string& space, Position first, Position held) {
  Arrival arrival{Arrival::What::gap};
  arrival.space = space;
  arrival.first = first;
  arrival.held = held;
  return arrival;
}

std::string another_history(const std::string& space) {
  return "the hub has signed another history of " + space + " than the one that this office holds";
}

/// What this office was shown, for a comparison anywhere: wasl proof compare.
ByteView note_of(const std::optional<Proof>& kept, const SpaceInfo& info) {
  return kept ? view(kept->checkpoint) : ByteView(info.leaf);
}

bool only_the_carrier(Errc code) {
  return code == Errc::malformed || code == Errc::bad_signature || code == Errc::limit_exceeded;
}

/// Headers behind a chain's last entry: a hub lets none stand there, and they would end the chain here.
bool has_loose_headers(const Segment& segment) {
  std::set<Source> loose;
  std::set<Source> placed;  // in the run that is under way
  for (const SegmentItem& item : segment.items) {
    if (const auto* stand_in = std::get_if<StandInItem>(&item)) {
      if (!placed.contains(stand_in->header.source)) loose.insert(stand_in->header.source);
    } else if (const auto* signature = std::get_if<SignatureItem>(&item)) {
      placed.erase(signature->source);
    } else if (const ChangeSet* set = effect_of(item)) {
      loose.erase(set->header.source);
      if (std::holds_alternative<SetItem>(item)) placed.insert(set->header.source);
    }
  }
  return !loose.empty();
}

Status check_form(const Segment& segment, const std::string& space, const NetworkId& network) {
  if (segment.space != space || segment.first == 0 || entry_count(segment) == 0)
    return fail(Errc::malformed, "a frame of entries that does not hold what it says");
  for (const SegmentItem& item : segment.items) {
    const auto* set = std::get_if<SetItem>(&item);
    const auto* header = std::get_if<StandInItem>(&item);
    if (std::holds_alternative<OwnItem>(item) || (set != nullptr && !set->entry) ||
        (header != nullptr && header->taken_back))
      return fail(Errc::malformed, "a frame of entries with something else in it");
  }
  if (has_loose_headers(segment)) return fail(Errc::malformed, "a frame of entries with loose headers");
  return verify_runs(segment, network);
}

}  // namespace

Status Replica::begin_import() {
  WASL_TRY(apply_stored());
  WASL_TRY(store_.refresh());
  WASL_TRY(refresh_anchor());
  WASL_TRY(begin_session());
  asked_in_full_ = true;  // nothing is left out in a bundle
  return resume_beginnings();
}

/// What is held belongs to the epoch in force; else a session has to put it right first.
Status Replica::check_epoch() {
  WASL_LET(const std::uint64_t held, epoch_held());
  if (held == 0 || held >= anchor_.epoch) return {};
  return fail(Errc::later, "the network has begun a new epoch of its log: the hub was restored from a copy",
              "run wasl sync once over a link, then import again; nothing is lost");
}

Result<Arrival> Replica::take_statements(const std::vector<SignedStatement>& statements) {
  const auto chain = walk_statements(statements, anchor_.network);
  if (!chain) return altered({}, "network statements: " + chain.error().message);
  if (chain->size() < anchor_.statement_number) return Arrival{Arrival::What::known};
  for (const OpenedStatement& one : *chain) WASL_TRY(note_statement(one));
  return Arrival{};
}

/// A private space that is read for the first time. The name of its leaf proves the key.
Status Replica::keep_key(const std::string& space, const std::optional<ledger::BlindingKey>& key) {
  {
    WASL_LET(const SpaceInfo* const known, store_.space(space));
    if (!key || known->key == key) return {};
    if (known->key) return accuse("the hub has signed two blinding keys of " + space, {}, {});
  }
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(store_.refresh());
  WASL_LET(SpaceInfo* const info, store_.space(space));
  if (!info->key) info->key = key;
  WASL_TRY(store_.save_space(*info));
  return transaction.commit();
}

/// A void says by a number beside what is signed which entry it takes back.
Result<bool> Replica::voids_are_true(const Segment& segment, const SpaceInfo& info) {
  std::map<Position, Hash> here;
  Position position = segment.first;
  for (const SegmentItem& item : segment.items) {
    if (const ledger::Entry* entry = entry_of(item)) here[position++] = entry->hash;
  }
  for (const SegmentItem& item : segment.items) {
    const auto* other = std::get_if<EntryItem>(&item);
    if (other == nullptr || other->entry.kind != ledger::EntryKind::void_) continue;
    const Position voided = voided_position(*other);
    if (const auto found = here.find(voided); found != here.end()) {
      if (found->second != other->entry.hash) return false;
      continue;
    }
    if (voided == 0 || voided > info.size) return false;
    WASL_LET(const auto rows, store_.entries(info.name, voided, voided));
    if (rows.empty() || rows.front().entry.hash != other->entry.hash) return false;
  }
  return true;
}

/// Whether the entries are the hub's, and go on from what is here. @return what ends the matter.
Result<std::optional<Arrival>> Replica::check_covered(const Covered& covered, const Segment& whole) {
  const std::string& space = whole.space;
  const auto opened = open_vouched(covered.vouched, anchor_.network,
                                   std::max<std::uint64_t>(1, anchor_.epoch), anchor_.log_key);
  if (!opened) return std::optional(altered(space, opened.error().message));
  WASL_TRY(keep_key(space, covered.vouched.key));
  WASL_LET(const SpaceInfo* const info, store_.space(space));
  const Segment segment = behind(whole, info->begins_behind());
  if (segment.items.empty()) {
    const Position last = whole.first + entry_count(whole) - 1;
    return std::optional(Arrival{Arrival::What::known, space, whole.first, last, info->size});
  }
  if (segment.first > info->size + 1) return std::optional(gap(space, segment.first, info->size));
  WASL_LET(const auto before, store_.frontier(space, segment.first - 1));
  const Reached reached = follow(segment, before, covered.vouched.key, info->size);
  const ledger::HeadsLeaf& leaf = opened->leaf;
  if (reached.end > leaf.size ||
      !ledger::verify_consistency(reached.end, reached.at_end, leaf.size, leaf.root, covered.consistency)) {
    return std::optional(altered(
        space, "entries of " + space + " from " + std::to_string(segment.first) +
                   " on do not go on from what this office holds: they were altered, or the hub shows two "
                   "histories"));
  }
  const Position common = std::min(reached.end, info->size);
  if (common >= segment.first) {
    auto own = store_.root(space, common);
    if (own != reached.at_known) {  // rows that a failing disk changed are made again first
      WASL_TRY(repair_rows(space, common));
      own = store_.root(space, common);
    }
    if (!own) return tl::unexpected(own.error());
    if (*own != reached.at_known && common > info->proved) {
      WASL_TRY(drop_unproved());
      return fail(Errc::locked,
                  "what came of " + space + " over a broken link is not what the hub has signed",
                  "import again; nothing is lost");
    }
    if (*own != reached.at_known) {
      WASL_LET(const auto kept, kept_proof(*info));
      return accuse(another_history(space), note_of(kept, *info), view(covered.vouched.proof.checkpoint));
    }
  }
  if (reached.end > info->size) return std::optional<Arrival>();
  Arrival known{Arrival::What::known, space, segment.first, reached.end, info->size};
  return std::optional(known);
}

Result<Arrival> Replica::take_covered(const Covered& covered) {
  const std::string& space = covered.vouched.space;
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  WASL_TRY(check_epoch());
  auto segment = decode_segment(covered.entries, anchor_.network);
  if (!segment && !only_the_carrier(segment.error().code)) return tl::unexpected(segment.error());
  if (!segment) return altered(space, segment.error().message);
  if (const Status form = check_form(*segment, space, anchor_.network); !form)
    return altered(space, form.error().message);
  if (!authority_.reads(device_.public_key(), space)) {
    Arrival arrival{Arrival::What::not_ours};
    arrival.space = space;
    return arrival;
  }
  WASL_LET(const auto settled, check_covered(covered, *segment));
  if (settled) return *settled;
  WASL_LET(const SpaceInfo* const info, store_.space(space));
  const Position held = info->size;
  WASL_LET(const bool sound, voids_are_true(*segment, *info));
  if (!sound) return altered(space, "a void of " + space + " names another entry than the hub has signed");
  Segment fresh = behind(*segment, held);
  Arrival arrival{Arrival::What::taken, space, held + 1, segment->first + entry_count(*segment) - 1};
  for (const SegmentItem& item : fresh.items) {
    const ledger::Entry* entry = entry_of(item);
    WASL_LET(const SpaceInfo* const rights, store_.space(kAuthoritySpace));
    if (entry != nullptr && space != kAuthoritySpace && entry->authority > rights->size)
      return gap(std::string(kAuthoritySpace), entry->authority, rights->size);
    if (effect_of(item) != nullptr) ++arrival.sets;
  }
  const Status taken = on_entries(std::move(fresh));
  if (!taken && only_the_carrier(taken.error().code)) return altered(space, taken.error().message);
  if (!taken && taken.error().code == Errc::caught) WASL_TRY(on_lie(taken.error(), covered.entries));
  if (!taken) return tl::unexpected(taken.error());
  arrival.held = arrival.last;
  return arrival;
}

Result<Arrival> Replica::take_vouched(const Vouched& vouched) {
  const std::string& space = vouched.space;
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  WASL_TRY(check_epoch());
  Arrival arrival{Arrival::What::known};
  arrival.space = space;
  if (!authority_.reads(device_.public_key(), space)) {
    arrival.what = Arrival::What::not_ours;
    return arrival;
  }
  const auto opened =
      open_vouched(vouched, anchor_.network, std::max<std::uint64_t>(1, anchor_.epoch), anchor_.log_key);
  if (!opened) return altered(space, opened.error().message);
  WASL_LET(const CheckpointAnchor known, identity_.checkpoint());
  if (known.heads.size == opened->checkpoint.size && known.heads.root != opened->checkpoint.root)
    return accuse("the hub signed two histories of one size", view(known.note),
                  view(vouched.proof.checkpoint));
  WASL_TRY(keep_key(space, vouched.key));
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(store_.refresh());
  WASL_LET(SpaceInfo* const info, store_.space(space));
  const ledger::HeadsLeaf& leaf = opened->leaf;
  WASL_LET(const SpaceInfo* const rights, store_.space(kAuthoritySpace));
  if (leaf.size > info->size) return gap(space, leaf.size + 1, info->size);
  if (space != kAuthoritySpace && leaf.authority_size > rights->size)
    return gap(std::string(kAuthoritySpace), leaf.authority_size + 1, rights->size);
  WASL_LET(const bool stands, is_root(*info, leaf));
  if (!stands) {
    WASL_LET(const auto kept, kept_proof(*info));
    return accuse(another_history(space), note_of(kept, *info), view(vouched.proof.checkpoint));
  }
  if (!info->leaf.empty() && opened->index <= info->leaf_index) return arrival;
  const ShownLeaf shown{opened->index, leaf};
  WASL_TRY(check_next_leaf(*info, shown, vouched.proof, true));
  WASL_TRY(take_leaf(*info, shown, vouched.proof));
  WASL_TRY(keep_head(space, shown, vouched.proof, opened->checkpoint));
  WASL_TRY(check_against_leaf(*info, vouched.proof.checkpoint, true, true));
  WASL_TRY(note_epoch());
  WASL_TRY(transaction.commit());
  arrival.what = Arrival::What::taken;
  arrival.held = leaf.size;
  return arrival;
}

Result<Arrival> Replica::take_snapshot_frame(const Bytes& frame) {
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  WASL_TRY(check_epoch());
  if (snapshot_frame_kind(frame) == SnapshotFrameKind::snapshot) return take_bundled_snapshot(frame);
  Arrival arrival{Arrival::What::known};
  if (beginnings_.empty()) return arrival;  // the space is here, or its snapshot is in another file
  if (snapshot_frame_kind(frame) == SnapshotFrameKind::openings) {
    static_cast<void>(take_openings(frame));  // without a use for them they were brought before
    return arrival;
  }
  const auto space = take_piece(frame);
  if (!space && only_the_carrier(space.error().code)) return arrival;  // nor of a piece that is here
  if (!space) return tl::unexpected(space.error());
  const Beginning& beginning = beginnings_.at(*space);
  if (!beginning.asked.empty()) return Arrival{};
  return begin_bundled(*space);
}

Result<Arrival> Replica::take_bundled_snapshot(const Bytes& bytes) {
  auto frame = decode_snapshot(bytes);
  const auto opened = frame ? open_snapshot(*frame) : tl::unexpected(frame.error());
  if (!opened) return altered(frame ? frame->vouched.space : "", opened.error().message);
  const std::string& space = opened->manifest.space;
  Arrival arrival{Arrival::What::known, space};
  if (!authority_.reads(device_.public_key(), space)) {
    arrival.what = Arrival::What::not_ours;
    return arrival;
  }
  WASL_LET(const SpaceInfo* const rights, store_.space(kAuthoritySpace));
  if (opened->leaf.authority_size > rights->size)
    return gap(std::string(kAuthoritySpace), opened->leaf.authority_size + 1, rights->size);
  WASL_TRY(keep_key(space, frame->vouched.key));
  WASL_LET(const SpaceInfo* const info, store_.space(space));
  WASL_LET(const bool wanted, may_begin(*info));
  const auto under_way = beginnings_.find(space);
  if (!wanted || (under_way != beginnings_.end() && under_way->second.manifest == opened->manifest))
    return arrival;
  WASL_TRY(keep_own_pieces(*info, opened->manifest));
  WASL_TRY(prepare_beginning(opened->manifest, *frame));
  Beginning& beginning = beginnings_.at(space);
  std::swap(beginning.asked, beginning.missing);
  return beginning.asked.empty() ? begin_bundled(space) : Result<Arrival>(arrival);
}

Result<Arrival> Replica::begin_bundled(const std::string& space) {
  const Position position = beginnings_.at(space).manifest.position;
  beginnings_.erase(space);
  const Status begun = begin_space(space);
  if (!begun && begun.error().code == Errc::caught) WASL_TRY(on_lie(begun.error(), {}));
  if (!begun && (only_the_carrier(begun.error().code) || begun.error().code == Errc::conflict))
    return altered(space, begun.error().message);
  WASL_TRY(begun);
  WASL_TRY(note_epoch());
  WASL_TRY(settle_in());
  return Arrival{Arrival::What::taken, space, 1, position, position};
}

/// What the hub said of this office's work, unless it has said something newer.
Status Replica::take_verdicts(const Answer& answer) {
  WASL_LET(const auto stored, store_.meta(kToldKey));
  const Millis told = stored ? Reader(*stored).integer() : 0;
  if (answer.hub_time < told) return {};
  if (!answer.verdicts.empty()) WASL_TRY(on_verdicts(answer.verdicts));
  Writer now;
  now.integer(answer.hub_time);
  return store_.set_meta(kToldKey, now.bytes());
}

/// Whether the proof goes on from where this office stands, and all that it speaks of is here.
Result<bool> Replica::proof_can_be_judged(const Answer& answer) {
  WASL_LET(const CheckpointAnchor known, identity_.checkpoint());
  if (answer.base != known.heads) return false;
  if (answer.proof.checkpoint.empty()) return true;
  const auto checkpoint = ledger::open_checkpoint(
      answer.proof.checkpoint,
      ledger::heads_origin(anchor_.network, std::max<std::uint64_t>(1, anchor_.epoch)), anchor_.log_key);
  if (!checkpoint || checkpoint->size < leaves_before_) return false;
  WASL_LET(const SpaceInfo* const rights, store_.space(kAuthoritySpace));
  for (const LeafProof& item : answer.proof.leaves) {
    WASL_LET(const ledger::HeadsLeaf leaf, ledger::HeadsLeaf::decode(item.leaf));
    if (leaf.authority_size > rights->size) return false;
    if (text_view(leaf.name) == kAuthoritySpace && leaf.size > rights->size) return false;
  }
  return true;
}

Result<Arrival> Replica::take_answer(const Answer& answer) {
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  WASL_TRY(check_epoch());
  if (answer.device != device_.public_key()) return Arrival{Arrival::What::not_ours};
  WASL_TRY(take_verdicts(answer));
  WASL_LET(const bool judged, proof_can_be_judged(answer));
  if (!judged) return Arrival{Arrival::What::known};
  session_base_ = answer.base;
  welcomed_at_ = answer.hub_time;  // signed, and `authority` is here up to then: a withdrawal too
  const auto equal = on_proof(answer.proof);
  if (!equal) {
    if (equal.error().code == Errc::caught) WASL_TRY(on_lie(equal.error(), encode(answer.proof)));
    return tl::unexpected(equal.error());
  }
  return Arrival{};
}

Result<std::optional<bool>> Replica::end_import() {
  std::optional<bool> equal;
  {
    WASL_LET(auto transaction, Transaction::begin(db_));
    WASL_TRY(store_.refresh());
    WASL_TRY(catch_up_authority());
    std::vector<std::string> differing;
    WASL_LET(equal, compare_states(differing));
    WASL_TRY(transaction.commit());
    WASL_TRY(heal(differing, equal));
  }
  WASL_LET(const auto spaces, readable_spaces());
  for (const std::string& space : spaces) {
    WASL_LET(const auto proof, vouched(space));
    if (!proof) continue;
    WASL_LET(const Witnessed witnessed, witnessed_by(proof->proof.checkpoint));
    if (equal == true && !witnessed.is_enough()) equal.reset();
  }
  if (equal == true) WASL_TRY(settle_acts(true));
  WASL_TRY(settle_carried());
  WASL_TRY(on_session_end(std::nullopt));
  return equal;
}

}  // namespace wasl
