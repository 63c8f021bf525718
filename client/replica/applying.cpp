// What the hub accepted becomes confirmed state: verified, appended, decided again, applied. A group takes
// effect at its last part; a replica in use is never locked for longer than one slice.
#include <algorithm>

#include "client/replica/replica.hpp"
#include "shared/base/limits.hpp"

namespace wasl {
namespace {

constexpr std::size_t kDigestNotes = 10'000;  // records between two writings of the digest's buckets
constexpr std::size_t kSliceOperations =
    400;  // about 10 ms on a laptop's disk; other writers wait for one slice

std::string short_key(const PublicKey& key) { return to_hex(key.view()).substr(0, 12); }

}  // namespace

namespace {

/// Whether it takes back entries of which this replica holds the outcome alone.
bool voids_before(const Segment& segment, Position begins_behind) {
  return std::any_of(segment.items.begin(), segment.items.end(), [&](const SegmentItem& item) {
    const auto* other = std::get_if<EntryItem>(&item);
    return other != nullptr && other->entry.kind == ledger::EntryKind::void_ &&
           voided_position(*other) <= begins_behind;
  });
}

}  // namespace

/// The hub leaves out what we wrote ourselves: it is taken from the list of pending change sets.
/// @return false: it is not there, or something else is.
Result<bool> Replica::fill_own_items(Segment& segment) {
  bool any = false;
  for (SegmentItem& item : segment.items) {
    const auto* own = std::get_if<OwnItem>(&item);
    if (own == nullptr) continue;
    WASL_LET(
        auto select,
        db_.prepare("SELECT header, body, openings FROM _wasl_pending WHERE chain = ? AND sequence = ?"));
    select.bind_all(own->source.chain, own->sequence);
    WASL_LET(const bool found, select.step());
    auto set = found ? decode_change_set(select.blob(0), select.blob(1))
                     : Result<ChangeSet>(fail(Errc::corrupt, "an own change set is missing"));
    if (own->source.author != device_.public_key() || asked_in_full_ ||
        (set && set->header.space != segment.space)) {
      return fail(Errc::caught, "the hub claims that this office wrote change set " +
                                    std::to_string(own->sequence) + " of a chain in " + segment.space +
                                    ", and does not show it");
    }
    if (!set) return false;
    WASL_LET(const auto openings, decode_openings(select.blob(2)));
    segment.openings.insert(segment.openings.end(), openings.begin(), openings.end());
    SetItem filled{own->entry, std::move(*set)};
    filled.entry->hash = filled.set.name;
    item = std::move(filled);
    any = true;
  }
  // The session could not follow chains with items left out; a change set under our name could come unsigned
  // there.
  const Status runs = verify_runs(segment, anchor_.network);
  if (!runs && !any) return tl::unexpected(runs.error());
  return runs.has_value();
}

/// Each commitment comes with its opening or is erased, each opening opens what it says, and none is for what
/// is yet to come.
Status Replica::check_openings(const Segment& segment) {
  WASL_LET(const Millis now, hub_time());
  std::map<Hash, const Opening*> openings;
  for (const OpeningItem& item : segment.openings) openings[item.commitment] = &item.opening;
  std::set<Hash> opened;
  for (const SegmentItem& item : segment.items) {
    const auto* with_body = std::get_if<SetItem>(&item);
    const ChangeSet* set = with_body != nullptr ? &with_body->set : effect_of(item);
    if (set == nullptr) continue;
    for (std::size_t i = 0; i < set->operations.size(); ++i) {
      const Operation& op = set->operations[i];
      if (op.value.type != ValueType::commitment) continue;
      const auto commitment = Hash::from(op.value.data);
      const auto it = commitment ? openings.find(*commitment) : openings.end();
      if (it == openings.end()) {
        if (is_erased(authority_, set->header, op, now + limits::kErasureSlackMillis)) continue;
        return fail(Errc::malformed, "a personal value of " + op.id + " came without its opening");
      }
      if (commitment_of(anchor_.network, segment.space, op.id, op.address.field, set->dot(i), *it->second) !=
          *commitment) {
        return fail(Errc::bad_signature, "a personal value of " + op.id + " does not match its commitment");
      }
      opened.insert(*commitment);
    }
  }
  // It would be kept under a name that nobody checked, and be shown when the true change set comes.
  if (opened.size() != openings.size())
    return fail(Errc::malformed, "an opening came without its personal value");
  return {};
}

/// Along a log neither hub time nor the position of `authority` falls, and none names what is not there yet.
Status Replica::check_order(const Segment& segment, const SpaceInfo& info) {
  ledger::Entry last;
  WASL_LET(const SpaceInfo* const held, store_.space(kAuthoritySpace));
  // Signed when the log had `proved` entries: what comes after rests on no less. More than there is is
  // damage.
  if (info.authority <= held->size) last.authority = info.authority;
  if (info.start) last.hub_time = info.start->ground.hub_time;
  WASL_LET(const auto before, store_.entries(info.name, info.size, info.size));
  if (!before.empty()) {
    last.authority = std::max(last.authority, before.front().entry.authority);
    last.hub_time = before.front().entry.hub_time;
  }
  Position position = segment.first;
  for (const SegmentItem& item : segment.items) {
    const ledger::Entry* const placed = entry_of(item);
    if (placed == nullptr) continue;
    const ledger::Entry& entry = *placed;
    WASL_LET(const SpaceInfo* const authority, store_.space(kAuthoritySpace));
    const Position most = info.name == kAuthoritySpace ? position - 1 : authority->size;
    if (entry.authority > most) {
      return lost_on_the_way("entries of " + info.name + " came before those of authority that they name");
    }
    if (entry.hub_time < last.hub_time || entry.authority < last.authority) {
      return fail(
          Errc::caught,
          "the hub's log of " + info.name + " " +
              (entry.hub_time < last.hub_time ? "turns back time" : "goes back to an older authority") +
              " at " + std::to_string(position),
          "nothing of it was taken; tell the secretariat");
    }
    last = entry;
    ++position;
  }
  return {};
}

Result<Replica::Taken> Replica::append_entries(Segment& segment) {
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  WASL_LET(const SpaceInfo* const info, store_.space(segment.space));
  if (!authority_.reads(device_.public_key(), segment.space)) {
    return fail(Errc::caught, "the hub sent entries of " + segment.space + ", which this office may not read",
                "nothing of it was taken; tell the secretariat whose it is");
  }
  WASL_TRY(check_held());
  const std::size_t count = entry_count(segment);
  Position& held = held_[segment.space];
  if (segment.first + count <= info->size + 1) {
    held = std::max(held + 1, segment.first + count) - 1;
    return Taken::known;
  }
  if (segment.first <= info->size) {
    return fail(Errc::locked, "another program of this office took in a part of what the hub sent",
                "sync again; nothing is lost");
  }
  if (segment.first != info->size + 1) {
    return lost_on_the_way("entries of " + segment.space + " are missing on the way");
  }
  if (voids_before(segment, info->begins_behind())) return Taken::reaches_before_start;
  WASL_TRY(drop_pieces(*info));
  WASL_LET(const bool ours, fill_own_items(segment));
  if (!ours) return Taken::not_ours;
  WASL_TRY(check_openings(segment));
  WASL_TRY(check_order(segment, *info));
  if (!authority_.erasures().empty()) {
    WASL_LET(const Millis now, proved_time());
    drop_erased(authority_, now, segment);
  }
  WASL_TRY(store_.append(segment));
  WASL_TRY(transaction.commit());
  held = segment.first + count - 1;
  return Taken::appended;
}

Status Replica::on_entries(Segment segment) {
  WASL_LET(const bool given_up, is_given_up(store_, segment.space));
  if (given_up && segment.first == 1) WASL_TRY(begin_anew(segment.space));
  auto appended = append_entries(segment);
  if (!appended && appended.error().code == Errc::caught) {
    WASL_LET(const bool was_damaged, repair_end(segment.space));
    if (was_damaged) appended = append_entries(segment);
  }
  if (!appended) {
    if (appended.error().code == Errc::malformed) WASL_TRY(check_own_chains(segment));
    return tl::unexpected(appended.error());
  }
  const Taken taken = *appended;
  if (taken == Taken::known) return {};
  if (taken == Taken::reaches_before_start) {
    WASL_TRY(give_up(store_, segment.space));
    return fail(Errc::later,
                "a revocation takes back work of " + segment.space +
                    " from before the snapshot with which this replica began: the space is begun anew",
                "sync again; nothing is lost");
  }
  if (taken == Taken::not_ours) {
    // Missing, damaged, or another one at the same place, because a copy of this folder wrote too.
    WASL_TRY(store_.set_meta("full", Bytes{1}));
    return fail(Errc::locked, "what the hub accepted from this office is not what waits here",
                "sync again: the hub then sends all of it; nothing is lost");
  }
  if (Status applied = apply_space(segment.space, &segment); !applied) {
    if (applied.error().code == Errc::caught) WASL_TRY(drop_unproved());
    return applied;
  }
  WASL_TRY(note_epoch());
  return settle_in();
}

namespace {

using PlacedItems = std::vector<std::pair<Position, const SegmentItem*>>;

/// The items of a segment that have entries, with their positions.
PlacedItems placed_items(const Segment& segment) {
  PlacedItems out;
  Position position = segment.first;
  for (const SegmentItem& item : segment.items) {
    if (entry_of(item) != nullptr) out.emplace_back(position++, &item);
  }
  return out;
}

std::size_t first_behind(const PlacedItems& items, Position position) {
  std::size_t at = 0;
  while (at < items.size() && items[at].first <= position) ++at;
  return at;
}

}  // namespace

Status Replica::apply_space(const std::string& space, const Segment* fresh) {
  roots_.clear();
  bool missing = false;
  for (;;) {
    WASL_TRY(store_.refresh());
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    if (info->applied >= info->size) return {};
    std::vector<Segment> stored;
    const Segment* segment = fresh;
    if (fresh == nullptr || fresh->first != info->applied + 1) {
      WASL_LET(stored, store_.read(space, info->applied + 1, 1, anchor_.network));
      segment = stored.empty() ? nullptr : &stored.front();
    }
    fresh = nullptr;
    const auto items = segment == nullptr ? PlacedItems() : placed_items(*segment);
    std::size_t at = first_behind(items, info->applied);
    if (at == items.size() || items[at].first != info->applied + 1) {
      // Another program of this office may have taken it back between two looks: missing twice is damage.
      if (missing) return fail(Errc::corrupt, "the log of " + space + " has a gap", "run: wasl verify");
      missing = true;
      continue;
    }
    missing = false;
    while (at < items.size()) {
      WASL_LET(auto transaction, Transaction::begin(db_));
      WASL_TRY(store_.refresh());
      WASL_TRY(catch_up_authority());
      WASL_LET(SpaceInfo* const space_info, store_.space(space));
      // Another program of this office may have applied some of it before the lock was ours, or taken it
      // back.
      at = first_behind(items, space_info->applied);
      if (at == items.size() || items[at].first != space_info->applied + 1 ||
          items.back().first > space_info->size) {
        break;
      }
      WASL_LET(const auto captured, seal_captured(true));
      // From here on the notes of the digest are complete, as long as nobody makes the store forget them.
      if (space_info->digested == space_info->applied) {
        noted_[space_info->number] = {store_.forgotten(), space_info->digested};
      }
      std::size_t operations = 0;
      bool waiting = false;
      bool voids = false;
      while (at < items.size() && operations < kSliceOperations) {
        const auto& [position, item] = items[at];
        const ledger::Entry& entry = *entry_of(*item);
        WASL_LET(const auto due, due_voids(*space_info, entry));
        if (!due.empty()) {
          WASL_LET(voids, check_voids(*space_info, due));
          waiting = !voids;
          break;
        }
        if (const ChangeSet* set = effect_of(*item)) {
          const Header& header = set->header;
          WASL_LET(const bool whole, is_whole(*space_info, position, *set));
          if (!whole || position + (header.parts - header.part) > space_info->size) {
            waiting = true;  // the last part of what takes effect at once is still to come
            break;
          }
          WASL_TRY(apply_set(*set, entry, position));
          operations += set->operations.size();
        }
        if (const auto* other = std::get_if<EntryItem>(item);
            other != nullptr && entry.kind == ledger::EntryKind::void_) {
          return accuse("the hub voided an entry of " + space + " that no revocation voids", {},
                        entry.encode());
        } else if (const auto collection = collection_of(*item)) {
          WASL_TRY(apply_collection(*space_info, entry, *collection, position));
          operations += collection->records.size();
        } else if (other != nullptr && entry.kind != ledger::EntryKind::statement) {
          return fail(Errc::unsupported,
                      "the log of " + space + " holds an act that this version cannot read",
                      "update the program; nothing is lost");
        }
        if (space == kAuthoritySpace) {
          WASL_TRY(apply_authority_item(*item, position));
          authority_applied_ = position;
        }
        space_info->applied = position;
        ++at;
      }
      // Buckets lie all over their table: written once for many slices. What a crash loses is computed again.
      if (store_.noted() > kDigestNotes) WASL_TRY(settle_digest(*space_info));
      WASL_TRY(store_.save_space(*space_info));
      WASL_TRY(commit(transaction, captured));
      if (waiting) return {};
      if (voids) {
        WASL_TRY(apply_voids(space));
        break;
      }
    }
  }
}

/// Brings the stored digest up to what is applied.
Status Replica::settle_digest(SpaceInfo& info) {
  if (info.digested == info.applied) return {};
  const auto noted = noted_.find(info.number);
  const bool complete =
      noted != noted_.end() && noted->second == std::pair{store_.forgotten(), info.digested};
  if (!complete) {  // a crash, or another process, came between: the records touched since are looked at
                    // again
    std::set<Position> touched;
    for (Position next = info.digested + 1; next <= info.applied;) {
      WASL_LET(const auto segments,
               store_.read(info.name, next, limits::kSegmentTargetBytes, anchor_.network));
      if (segments.empty())
        return fail(Errc::corrupt, "the log of " + info.name + " has a gap", "run: wasl verify");
      for (const Segment& segment : segments) {
        for (const auto& [position, item] : placed_items(segment)) {
          next = position + 1;
          if (position <= info.digested || position > info.applied) continue;
          touched.insert(position);
          if (const auto* other = std::get_if<EntryItem>(item);
              other != nullptr && other->entry.kind == ledger::EntryKind::void_)
            touched.insert(voided_position(*other));
        }
      }
    }
    WASL_LET(const auto places, touched_at(info, touched));
    for (const auto& [reg, id] : places) {
      WASL_LET(const LoadedRecord loaded, records_.load(reg, info.name, id));
      if (loaded.record.confirmed.exists()) {
        store_.note_record(info.number, id, record_hash(id, loaded.record.confirmed));
      } else {
        store_.note_gone(info.number, id);
      }
    }
  }
  WASL_TRY(store_.flush_digest());
  info.digested = info.applied;
  noted_.erase(info.number);
  return store_.save_space(info);
}

/// What the rules of registers are judged by. A program of another version does not hold the descriptions in
/// force: it judges what follows from none of them, and accuses nobody of the rest.
const Schema& Replica::schema_in_force() const {
  static const Schema none;
  return authority_.statement().schema == ports_.schema->hash() ? *ports_.schema : none;
}

/// @param elsewhere the confirmed state of ids that another register has.
Result<Verdict> Replica::judge(const ChangeSet& set, const ledger::Entry& entry, Position position,
                               const std::map<std::string, LoadedRecord>& records,
                               const std::map<std::string, RecordState>& elsewhere, const Header* adopter) {
  WASL_LET(const SpaceInfo* const here, store_.space(set.header.space));
  std::optional<Error> failed;
  const auto record = [&](std::string_view id) -> const RecordState* {
    if (const auto other = elsewhere.find(std::string(id)); other != elsewhere.end()) return &other->second;
    const auto it = records.find(std::string(id));
    return it == records.end() ? nullptr : &it->second.record.confirmed;
  };
  const auto in_log = [&](const Source& source, Sequence sequence) {
    const auto found = store_.find(source, sequence);
    if (!found) failed = found.error();
    return (found && found->has_value() && (*found)->space == here->number &&
            (*found)->position < position) ||
           LogStore::stands_before(*here, source, sequence);
  };
  const auto root = [&](std::string_view space, Position size) -> std::optional<Hash> {
    if (space == set.header.space && size >= position) return std::nullopt;
    // Vouched for with the snapshot: nobody here holds what would contradict it.
    if (space == set.header.space && size < here->begins_behind()) return set.header.seen.root;
    std::pair key(std::string(space), size);
    if (const auto it = roots_.find(key); it != roots_.end()) return it->second;
    const auto known = store_.root(space, size);
    if (!known) failed = known.error();
    return roots_[std::move(key)] = known.value_or(Hash{});
  };
  const Before before{record, in_log, root};
  Verdict verdict = adopter != nullptr ? authorise_adoption(set, *adopter, authority_, entry.authority,
                                                            schema_in_force(), entry.hub_time, before)
                                       : authorise(set, authority_, entry.authority, schema_in_force(),
                                                   entry.hub_time, before);
  if (failed) return tl::unexpected(*failed);
  if (verdict.reason != Reason::seen) return verdict;
  WASL_LET(const bool space_was_damaged, repair_rows(set.header.space, set.header.seen.size));
  WASL_LET(const bool authority_was_damaged,
           repair_rows(std::string(kAuthoritySpace), set.header.seen_authority.size));
  if (!space_was_damaged && !authority_was_damaged) return verdict;
  return judge(set, entry, position, records, elsewhere, adopter);
}

Status Replica::apply_set(const ChangeSet& set, const ledger::Entry& entry, Position position) {
  const Header& header = set.header;
  std::map<std::string, LoadedRecord> records;
  std::map<std::string, RecordState> elsewhere;  // ids that another register has
  for (const Operation& op : set.operations) {
    if (records.contains(op.id)) continue;
    WASL_LET(LoadedRecord loaded, records_.load(op.register_number, header.space, op.id));
    if (op.register_number != 0 && !loaded.record.confirmed.exists()) {
      WASL_LET(auto other, records_.confirmed_elsewhere(loaded));
      if (other) elsewhere.emplace(op.id, *std::move(other));
    }
    records.emplace(op.id, std::move(loaded));
  }
  std::optional<Adopter> adopter;
  if (entry.kind == ledger::EntryKind::adopt) {
    WASL_LET(adopter, adopter_of(header.space, position, set));
  }
  WASL_LET(const Verdict verdict,
           judge(set, entry, position, records, elsewhere, adopter ? &adopter->header : nullptr));
  if (verdict.reason == Reason::unsupported) {
    return fail(Errc::unsupported,
                "the log of " + header.space + " goes on in a form that this version cannot read",
                "update the program; nothing is lost");
  }
  if (verdict.outcome != Outcome::accepted) {
    WASL_TRY(check_own_state(header.space, records));
    const std::string did = adopter ? "let be adopted" : "accepted";
    return accuse("the hub " + did + " a change set of " + short_key(header.source.author) + " in " +
                      header.space + " that it had to refuse (" + std::string(to_word(verdict.reason)) + " " +
                      verdict.detail + "): " + std::string(explain(verdict.reason)),
                  set.header_bytes, set.body_bytes);
  }

  const bool own = header.source.author == device_.public_key();
  const Millis now = ports_.clock->now();
  const Millis effective = std::min(header.stamp.millis(), entry.hub_time);
  const Level level = authority_.level_of(adopter ? adopter->header.grant : header.grant);
  std::map<std::string, bool> elements_changed;
  for (std::size_t i = 0; i < set.operations.size(); ++i) {
    const Operation& op = set.operations[i];
    LoadedRecord& loaded = records.at(op.id);
    const Field* field =
        loaded.reg == nullptr || op.address.field == 0 ? nullptr : loaded.reg->field(op.address.field);
    const bool plain_field = field != nullptr && !field->is_set() && !own;
    std::optional<Value> before;
    if (plain_field) {
      RecordState room;
      const RecordState& state = loaded.record.shown(room);
      if (const Head* head = state.shown(op.address, field->policy)) before = head->value;
    }
    if (field == nullptr || field->is_set()) elements_changed[op.id] = true;
    loaded.record.drop_overlay(set.dot(i));
    loaded.record.confirmed.apply(op, {set.dot(i), header.stamp, effective, level});
    if (plain_field && loaded.record.confirmed.exists()) {
      // What a program may still have on its screen, so that putting it back is seen for what it is.
      Value old = before.value_or(Value::null());
      if (old.type == ValueType::commitment) {
        WASL_LET(old, records_.open(Hash::from(old.data).value_or(Hash{})));
      }
      const bool created_now = loaded.record.confirmed.heads.size() <= 1 || !loaded.has_clock;
      if (!created_now && op.value != before)
        loaded.record.replaced.push_back({op.address, value_hash(old), now});
    }
  }
  for (auto& [id, loaded] : records) {
    WASL_TRY(records_.save(loaded, now, {.confirmed = true, .elements = elements_changed.contains(id)}));
  }
  if (own) {
    WASL_LET(auto erase, db_.prepare("DELETE FROM _wasl_pending WHERE hash = ?"));
    erase.bind_all(set.name);
    WASL_TRY(erase.run());
  }
  return {};
}

}  // namespace wasl
