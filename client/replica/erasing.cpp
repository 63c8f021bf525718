// Erasure: what has come into force goes from everywhere in this folder, resumed until it is done.
#include <algorithm>

#include "client/replica/erased_evidence.hpp"
#include "client/replica/replica.hpp"
#include "shared/sqlite/disk.hpp"
#include "shared/store/erasing.hpp"

namespace wasl {
namespace {

constexpr std::string_view kErasedKey = "erased";         // position in `authority` of the last one done
constexpr std::string_view kRewriteKey = "rewrite";       // free pages and other files may hold it still
constexpr std::string_view kProvedTimeKey = "proved at";  // hub time up to which `authority` is known

bool is_personal(const Register* reg, std::uint32_t number) {
  const Field* field = reg == nullptr ? nullptr : reg->field(number);
  return field != nullptr && field->personal;
}

}  // namespace

/// Up to this hub time every entry of `authority` is here: a withdrawal too.
Result<Millis> Replica::proved_time() {
  WASL_LET(const auto stored, store_.meta(kProvedTimeKey));
  return stored ? Reader(*stored).integer() : Millis{0};
}

Status Replica::note_proved_time() {
  // Nothing else asks for it, and a session with nothing to do writes as little as it can.
  if (!welcomed_at_ || authority_.erasures().empty()) return {};
  WASL_LET(const Millis known, proved_time());
  if (*welcomed_at_ <= known) return {};
  Writer time;
  time.integer(*welcomed_at_);
  return store_.set_meta(kProvedTimeKey, time.bytes());
}

/// A section's hub may say any time; up to the newest leaf that the network's hub has signed all of
/// `authority` is here.
Result<Millis> Replica::newest_leaf_time() {
  Millis newest = 0;
  WASL_LET(const auto spaces, store_.space_names());
  for (const std::string& space : spaces) {
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    if (!info->leaf.empty() && info->proved > 0) newest = std::max(newest, info->as_of);
  }
  return newest;
}

Result<Position> Replica::erased_up_to() {
  WASL_LET(const auto stored, store_.meta(kErasedKey));
  WASL_LET(const SpaceInfo* const authority, store_.space(kAuthoritySpace));
  // A new epoch may have taken entries away; what comes in their place is another thing.
  return stored ? std::min(Reader(*stored).varint(), authority->size) : Position{0};
}

Result<bool> Replica::must_rewrite() {
  WASL_LET(const auto stored, store_.meta(kRewriteKey));
  return stored && *stored == Bytes{1};
}

Status Replica::carry_out_erasures() {
  WASL_TRY(catch_up_authority());
  if (!authority_.erasures().empty()) {
    WASL_LET(const Millis now, proved_time());
    WASL_LET(const Position done, erased_up_to());
    WASL_LET(const SpaceInfo* const authority, store_.space(kAuthoritySpace));
    Position last = done;
    for (const Erasure& erasure : authority_.erasures()) {
      if (erasure.is_in_force(now) && erasure.position <= authority->proved)
        last = std::max(last, erasure.position);
    }
    if (last > done) WASL_TRY(erase(done, last, now));
  }
  return finish_erasing();
}

/// Where another thing is being done: a file that somebody reads, or a full disk, is tried again next time.
Status Replica::try_erasing() {
  Status done = carry_out_erasures();
  if (done || done.error().code == Errc::corrupt || db_.must_reopen()) return done;
  return {};
}

Result<bool> Replica::awaits_erasure() {
  WASL_TRY(catch_up_authority());
  if (authority_.erasures().empty()) return false;
  WASL_LET(const Millis now, hub_time());
  WASL_LET(const Position done, erased_up_to());
  return std::any_of(authority_.erasures().begin(), authority_.erasures().end(), [&](const Erasure& erasure) {
    return erasure.position > done && erasure.is_in_force(now);
  });
}

/// In one transaction, so that a record never shows half of it.
Status Replica::erase(Position after, Position until, Millis now) {
  WASL_TRY(seal());
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  WASL_LET(const auto captured, seal_captured(true));
  for (const auto& [space, list] : erased_by(authority_, after, until, now)) {
    WASL_LET(const bool held, store_.has_space(space));
    if (!held) continue;
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    WASL_LET(std::set<RecordKey> records, erase_openings(store_, *info, list, anchor_.network));
    WASL_TRY(erase_waiting(space, list, records));
    WASL_TRY(erase_carried(list, space));
    for (const auto& [number, id] : records) {
      WASL_LET(LoadedRecord loaded, records_.load(number, space, id));
      std::erase_if(loaded.record.replaced, [&](const ReplacedValue& replaced) {
        return is_personal(loaded.reg, replaced.address.field);
      });
      if (loaded.record.exists()) WASL_TRY(records_.save(loaded, ports_.clock->now(), {}));
    }
  }
  WASL_TRY(forget_orphans());
  Writer position;
  position.varint(until);
  WASL_TRY(store_.set_meta(kErasedKey, position.bytes()));
  WASL_TRY(store_.set_meta(kRewriteKey, Bytes{1}));
  return commit(transaction, captured);
}

/// Of own work that has no entry.
Status Replica::erase_waiting(const std::string& space, const ErasedList& list,
                              std::set<RecordKey>& records) {
  std::vector<std::pair<std::int64_t, std::vector<OpeningItem>>> changed;
  {
    WASL_LET(auto select, db_.prepare("SELECT no, header, body, openings FROM _wasl_pending WHERE space = ? "
                                      "AND length(openings) > 1"));
    select.bind_all(space);
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      const auto set = decode_change_set(select.blob(1), select.blob(2));
      auto openings = decode_openings(select.blob(3));
      if (!set || !openings) continue;  // `verify` names what is damaged
      const auto gone = listed_openings(list, *set, *openings);
      if (gone.empty()) continue;
      const auto is_gone = [&](const Hash& commitment) {
        return std::find(gone.begin(), gone.end(), commitment) != gone.end();
      };
      std::erase_if(*openings, [&](const OpeningItem& item) { return is_gone(item.commitment); });
      for (const Operation& op : set->operations) {
        if (op.value.type == ValueType::commitment && is_gone(Hash::from(op.value.data).value_or(Hash{})))
          records.emplace(op.register_number, op.id);
      }
      for (const Hash& commitment : gone) WASL_TRY(store_.forget_opening(commitment));
      changed.emplace_back(select.int64(0), std::move(*openings));
    }
  }
  WASL_LET(auto update, db_.prepare("UPDATE _wasl_pending SET openings = ? WHERE no = ?"));
  for (const auto& [no, openings] : changed) {
    update.bind_all(ByteView(encode_openings(openings)), no);
    WASL_TRY(update.run());
  }
  return {};
}

/// What was sealed anew or thrown away left openings that no change set names: no list will ever name them
/// either, and they may hold what is erased.
Status Replica::forget_orphans() {
  std::set<Hash> named;
  WASL_LET(const auto spaces, store_.space_names());
  for (const std::string& space : spaces) {
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    WASL_TRY(add_commitments(store_, *info, anchor_.network, named));
  }
  {
    WASL_LET(auto select, db_.prepare("SELECT header, body FROM _wasl_pending"));
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      if (const auto set = decode_change_set(select.blob(0), select.blob(1))) add_commitments(*set, named);
    }
  }
  WASL_LET(const auto carried, carried_.runs(anchor_.network));
  for (const CarriedWork::Run& run : carried) {
    for (const SegmentItem& item : run.segment.items)
      if (const auto* set = std::get_if<SetItem>(&item)) add_commitments(set->set, named);
  }
  WASL_LET(const auto held, store_.openings());
  for (const Hash& commitment : held) {
    if (!named.contains(commitment)) WASL_TRY(store_.forget_opening(commitment));
  }
  return {};
}

/// What the transaction could not reach: free pages, the log, the files beside.
Status Replica::finish_erasing() {
  WASL_LET(const bool unfinished, must_rewrite());
  if (!unfinished) return {};
  // What nobody could seal yet lies in the notes, and in a damaged file until it is taken over.
  WASL_TRY(seal());
  WASL_LET(const auto copies, identity_.damaged_copies());
  if (notes_wait_ || !copies.empty()) return {};
  WASL_TRY(rewrite_outbox());
  WASL_TRY(carried_.rewrite());
  WASL_TRY(blank_evidence());
  WASL_TRY(remove_copies());
  WASL_TRY(db_.rewrite());
  return store_.set_meta(kRewriteKey, Bytes{0});
}

/// What a power cut takes of it while it is written stands in the list of what waits, and comes from there at
/// the next try.
Status Replica::rewrite_outbox() {
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(store_.refresh());
  WASL_LET(const Millis now, proved_time());
  WASL_LET(auto items, outbox_.read());
  // What was sealed anew or thrown away comes back no more: no list names its values, and they may be erased.
  std::set<Hash> given_up;
  for (const OutboxItem& item : items) {
    if (item.body.empty() || item.is_replaced()) given_up.insert(name_of(item.header));
  }
  std::set<Hash> names;
  for (OutboxItem& item : items) {
    if (item.body.empty() || item.is_replaced()) continue;
    const auto set = decode_change_set(item.header, item.body);
    if (!set) continue;
    names.insert(set->name);
    if (given_up.contains(set->name)) item.openings.clear();
    drop_erased(authority_, *set, now, item.openings);
  }
  WASL_LET(auto select, db_.prepare("SELECT header, body, openings, state FROM _wasl_pending ORDER BY no"));
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) break;
    const auto set = decode_change_set(select.blob(0), select.blob(1));
    auto openings = decode_openings(select.blob(2));
    if (!set || !openings || names.contains(set->name)) continue;
    items.push_back({set->header_bytes, set->body_bytes, std::move(*openings)});
    if (static_cast<PendingState>(select.int64(3)) == PendingState::discarded)
      items.push_back({set->header_bytes, {}, {}});
  }
  select.reset();
  if (items.empty() && outbox_.is_empty()) return {};
  return outbox_.replace(items);
}

Status Replica::blank_evidence() {
  WASL_LET(const Millis now, proved_time());
  const std::set<Hash> commitments = erased_commitments(authority_, now);
  return identity_.change_evidence([&](Bytes& kept) { return blank_openings(kept, commitments); });
}

/// The search index is made anew by the next search. A damaged file that was taken over holds nothing that
/// does not stand elsewhere, but values that must stand nowhere.
Status Replica::remove_copies() {
  for (const char* name : {"search.db", "search.db-wal", "search.db-shm"})
    WASL_TRY(remove_file(folder_ / name));
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder_, error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().filename().string().starts_with("replica.db.damaged-")) files.push_back(it->path());
  }
  for (const auto& file : files) {
    WASL_TRY(remove_file(file));
    WASL_TRY(identity_.add_evidence(
        file.filename().string() + " was destroyed because an erasure took effect; what nobody had sent was "
                                   "taken over from it before",
        {}, view(file.filename().string()), ports_.clock->now()));
  }
  return {};
}

// ── What an office asks

Result<std::vector<RecordErasure>> Replica::erasures_of(const std::string& space, std::string_view id) {
  WASL_TRY(catch_up_authority());
  std::vector<RecordErasure> out;
  if (authority_.erasures().empty()) return out;
  WASL_LET(const Millis now, proved_time());
  for (const Erasure* erasure : authority_.erasures_of(record_mark(anchor_.network, space, id))) {
    const ErasureStage stage = erasure->withdrawn          ? ErasureStage::withdrawn
                               : erasure->is_in_force(now) ? ErasureStage::in_force
                                                           : ErasureStage::waits;
    out.push_back({erasure->change_set, erasure->by, organisation_of(erasure->by), erasure->position,
                   erasure->time, erasure->due(), erasure->act.reason, erasure->act.commitments.size(),
                   stage});
  }
  return out;
}

Status Replica::add_erasures(const Register& reg, const std::string& space, const std::string& id,
                             std::vector<HistoryLine>& out) {
  WASL_LET(const auto erasures, erasures_of(space, id));
  for (const RecordErasure& one : erasures) {
    const std::string what = one.stage == ErasureStage::withdrawn ? "an erasure, withdrawn"
                             : one.stage == ErasureStage::in_force
                                 ? std::to_string(one.values) + " personal values erased"
                                 : std::to_string(one.values) + " personal values to be erased";
    out.push_back({std::string(kAuthoritySpace), one.position, one.change_set, one.by, one.organisation,
                   one.time, reg.name, id, what + ": " + std::string(to_word(one.reason))});
  }
  return {};
}

Result<std::set<Hash>> Replica::erasable(const std::string& space, std::string_view id) {
  WASL_TRY(seal());
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  std::set<Hash> out;
  WASL_LET(const bool held, store_.has_space(space));
  if (held) {
    WASL_LET(const SpaceInfo* const info, store_.space(space));
    WASL_LET(out, commitments_of(store_, *info, id, anchor_.network));
  }
  WASL_LET(auto select, db_.prepare("SELECT header, body FROM _wasl_pending WHERE space = ?"));
  select.bind_all(space);
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) break;
    if (const auto set = decode_change_set(select.blob(0), select.blob(1))) add_commitments(*set, id, out);
  }
  for (const Hash& commitment : authority_.listed(record_mark(anchor_.network, space, id)))
    out.erase(commitment);
  return out;
}

/// Values of the record that somebody wrote without knowing of its newest erasure, and that are on no list.
Result<std::size_t> Replica::left_behind(const LoadedRecord& loaded, const Hash& mark) {
  Position newest = 0;
  for (const Erasure* erasure : authority_.erasures_of(mark)) {
    if (!erasure->withdrawn) newest = std::max(newest, erasure->position);
  }
  const std::set<Hash> listed = authority_.listed(mark);
  std::size_t count = 0;
  RecordState room;
  for (const auto& [address, heads] : loaded.record.shown(room).heads) {
    for (const Head& head : heads) {
      if (newest == 0 || head.value.type != ValueType::commitment) continue;
      const Hash commitment = Hash::from(head.value.data).value_or(Hash{});
      if (listed.contains(commitment)) continue;
      WASL_LET(const auto set, find_set(loaded.record.space, head.dot.source, head.dot.sequence));
      if (set && set->header.seen_authority.size < newest) ++count;
    }
  }
  return count;
}

/// Of personal values that are missing: what was erased is not.
Status Replica::forgive_erased(std::vector<AttentionItem>& out, std::size_t from) {
  if (authority_.erasures().empty()) return {};
  WASL_LET(const Millis now, proved_time());
  const auto is_erased_record = [&](const AttentionItem& item) {
    const auto erasures = authority_.erasures_of(record_mark(anchor_.network, item.space, item.id));
    return std::any_of(erasures.begin(), erasures.end(),
                       [&](const Erasure* one) { return one->is_in_force(now); });
  };
  out.erase(std::remove_if(out.begin() + static_cast<std::ptrdiff_t>(from), out.end(), is_erased_record),
            out.end());
  return {};
}

Status Replica::add_left_behind(std::vector<AttentionItem>& out) {
  if (authority_.erasures().empty()) return {};
  for (const Register& reg : schema_->registers()) {
    if (std::none_of(reg.fields.begin(), reg.fields.end(), [](const Field& f) { return f.personal; }))
      continue;
    std::vector<std::pair<std::string, std::string>> places;
    {
      WASL_LET(auto select, db_.prepare("SELECT space, id FROM " + reg.name + " ORDER BY rowid"));
      for (;;) {
        WASL_LET(const bool found, select.step());
        if (!found) break;
        std::pair place(std::string(select.text(0)), std::string(select.text(1)));
        if (!authority_.erasures_of(record_mark(anchor_.network, place.first, place.second)).empty())
          places.push_back(std::move(place));
      }
    }
    for (const auto& [space, id] : places) {
      WASL_LET(const LoadedRecord loaded, records_.load(reg.number, space, id));
      WASL_LET(const std::size_t count, left_behind(loaded, record_mark(anchor_.network, space, id)));
      if (count == 0) continue;
      out.push_back({reg.name, space, id, "erasure",
                     std::to_string(count) +
                         " personal values came from who did not know of the erasure, and "
                         "are on no list; erase them too with: wasl erase " +
                         space + "#" + id});
    }
  }
  return {};
}

}  // namespace wasl
