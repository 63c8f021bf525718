// What persons decide about others' work, as the log tells it: adoption, voiding, and the order to wipe.
#include <algorithm>

#include "client/replica/link_file.hpp"
#include "client/replica/replica.hpp"
#include "shared/sqlite/disk.hpp"

namespace wasl {
namespace {

constexpr std::size_t kSliceRecords = 400;  // as when entries are applied

std::size_t compromised(const AuthorityState& authority, Position at) {
  return static_cast<std::size_t>(
      std::ranges::count_if(authority.revocations(), [&](const Revocation& revocation) {
        return revocation.act.reason == RevocationReason::compromised && revocation.position <= at;
      }));
}

}  // namespace

// ── Adoption

Result<bool> Replica::is_whole(const SpaceInfo& info, Position position, const ChangeSet& set) {
  const auto adoption = adoption_of(set);
  if (!adoption) return true;
  const Position last = position + adoption->names.size();
  WASL_LET(const auto rows, store_.entries(info.name, position + 1, std::min(last, info.size)));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const ledger::Entry& entry = rows[i].entry;
    if (entry.kind == ledger::EntryKind::adopt && entry.hash == adoption->names[i]) continue;
    return accuse("the hub withholds work in " + info.name + " that it let be adopted", set.header_bytes,
                  entry.encode());
  }
  return last <= info.size;
}

Result<Replica::Adopter> Replica::adopter_of(const std::string& space, Position position,
                                             const ChangeSet& adopted) {
  const auto names_it = [&](const Adopter& adopter) {
    const Position at = position - adopter.position - 1;
    return adopter.space == space && position > adopter.position && at < adopter.names.size() &&
           adopter.names[at] == adopted.name;
  };
  if (adopter_ && names_it(*adopter_)) return *adopter_;
  const Position from = position > 1 + kNamesOfAct ? position - 1 - kNamesOfAct : 1;
  WASL_LET(const auto rows, store_.entries(space, from, position - 1));
  const auto before = std::find_if(rows.rbegin(), rows.rend(), [](const EntryRow& row) {
    return row.entry.kind != ledger::EntryKind::adopt;
  });
  if (before != rows.rend()) {
    WASL_LET(const auto segments, store_.read(space, before->position, 1, anchor_.network));
    Position at = segments.empty() ? 0 : segments.front().first;
    for (std::size_t i = 0; !segments.empty() && i < segments.front().items.size(); ++i) {
      const SegmentItem& item = segments.front().items[i];
      if (entry_of(item) == nullptr || at++ != before->position) continue;
      const ChangeSet* set = effect_of(item);
      const auto adoption = set == nullptr ? std::nullopt : adoption_of(*set);
      if (adoption) adopter_ = Adopter{space, before->position, set->header, adoption->names};
    }
    if (adopter_ && names_it(*adopter_)) return *adopter_;
  }
  return accuse("the hub let work in " + space + " take effect that nobody adopted", adopted.header_bytes,
                adopted.body_bytes);
}

// ── Voiding

Result<std::vector<FallenEntry>> Replica::due_voids(const SpaceInfo& info, const ledger::Entry& next) {
  if (info.name == kAuthoritySpace) return std::vector<FallenEntry>();
  const std::size_t revocations = compromised(authority_, next.authority);
  const auto settled = settled_voids_.find(info.number);
  if (revocations == 0 || (settled != settled_voids_.end() && settled->second == revocations))
    return std::vector<FallenEntry>();
  WASL_LET(auto due, fallen_entries(store_, info, authority_, next.authority, info.applied, anchor_.network));
  if (due.empty()) settled_voids_[info.number] = revocations;
  return due;
}

Result<bool> Replica::check_voids(const SpaceInfo& info, const std::vector<FallenEntry>& due) {
  const Position last = info.applied + due.size();
  WASL_LET(const auto rows, store_.entries(info.name, info.applied + 1, std::min(last, info.size)));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const EntryRow& row = rows[i];
    if (row.entry.kind == ledger::EntryKind::void_ && row.entry.hash == due[i].name &&
        row.voids == due[i].position)
      continue;
    return accuse("the hub lets an entry of " + info.name + " stand that a revocation voids", {},
                  row.entry.encode());
  }
  return last <= info.size;
}

/// The records are computed without the lock: what is applied of a log does not change under it, or the
/// space is not where it was and all begins anew. Between two slices nobody is told that the space is equal.
Status Replica::apply_voids(const std::string& space) {
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  WASL_LET(const SpaceInfo* const before, store_.space(space));
  const Position applied = before->applied;
  WASL_LET(const auto next, store_.entries(space, applied + 1, applied + 1));
  if (next.empty()) return {};
  WASL_LET(const auto due, due_voids(*before, next.front().entry));
  if (due.empty()) return {};
  WASL_LET(TouchedRecords records,
           records_without(store_, *before, authority_, due, applied, anchor_.network));
  auto record = records.begin();
  do {
    WASL_LET(auto transaction, Transaction::begin(db_));
    WASL_TRY(store_.refresh());
    WASL_TRY(catch_up_authority());
    WASL_LET(SpaceInfo* const info, store_.space(space));
    if (info->applied != applied) return {};
    WASL_LET(const auto captured, seal_captured(true));
    if (info->digested == info->applied) noted_[info->number] = {store_.forgotten(), info->digested};
    for (std::size_t done = 0; done < kSliceRecords && record != records.end(); ++done, ++record) {
      WASL_LET(LoadedRecord loaded, records_.load(record->first.first, space, record->first.second));
      loaded.record.confirmed = std::move(record->second);
      if (loaded.record.exists()) {
        WASL_TRY(records_.save(loaded, ports_.clock->now(), {.confirmed = true}));
      } else {
        WASL_TRY(records_.remove(loaded));
        store_.note_gone(info->number, loaded.record.id);
      }
    }
    if (record == records.end()) {
      info->applied = applied + due.size();
      WASL_TRY(store_.save_space(*info));
    }
    WASL_TRY(commit(transaction, captured));
  } while (record != records.end());
  return {};
}

/// The records that the entries at these positions touched.
Result<std::set<std::pair<std::uint32_t, std::string>>> Replica::touched_at(
    const SpaceInfo& info, const std::set<Position>& positions) {
  std::set<std::pair<std::uint32_t, std::string>> out;
  for (auto next = positions.begin(); next != positions.end();) {
    WASL_LET(const auto segments,
             store_.read(info.name, *next, limits::kSegmentTargetBytes, anchor_.network));
    if (segments.empty())
      return fail(Errc::corrupt, "the log of " + info.name + " has a gap", "run: wasl verify");
    Position behind = *next + 1;
    for (const Segment& segment : segments) {
      Position position = segment.first;
      for (const SegmentItem& item : segment.items) {
        if (entry_of(item) == nullptr) continue;
        if (!positions.contains(position++)) continue;
        if (const ChangeSet* set = effect_of(item)) {
          for (const Operation& op : set->operations) out.emplace(op.register_number, op.id);
        } else if (const auto collection = collection_of(item)) {
          out.insert(collection->records.begin(), collection->records.end());
        }
      }
      behind = std::max(behind, position);
    }
    next = positions.lower_bound(behind);
  }
  return out;
}

// ── The order to wipe this device

/// It rests on what this replica knows of `authority`, and on grants that it brings itself: each is judged as
/// if it came next.
Status Replica::on_order(const Segment& order) {
  WASL_TRY(store_.refresh());
  WASL_TRY(catch_up_authority());
  AuthorityState authority = authority_;
  Position position = authority_applied_;
  const auto no_wipe = [](const std::string& why) {
    return fail(Errc::unauthorised, "the hub asks to wipe this device and cannot show who ordered it: " + why,
                "nothing was destroyed; ask the secretariat");
  };
  for (const SegmentItem& item : order.items) {
    const auto* with_body = std::get_if<SetItem>(&item);
    if (with_body == nullptr) continue;
    const ChangeSet& set = with_body->set;
    bool known = true;
    bool wipes = false;
    for (std::size_t i = 0; i < set.operations.size(); ++i) {
      const auto act = decode_act(set.operations[i].value);
      if (!act || set.header.space != kAuthoritySpace) return no_wipe("it is no act of authority");
      const auto* wipe = std::get_if<WipeAct>(&*act);
      wipes = wipes || (wipe != nullptr && wipe->device == device_.public_key());
      known = known && std::holds_alternative<GrantAct>(*act) &&
              authority.grant(grant_name(anchor_.network, set.dot(i), set.operations[i].value)) != nullptr;
    }
    if (known) continue;
    // What the signer saw of the logs can be newer than what this device was ever shown.
    const auto as_signed = [&](std::string_view, Position size) -> std::optional<Hash> {
      return size == set.header.seen.size ? set.header.seen.root : set.header.seen_authority.root;
    };
    const Verdict verdict = authorise(set, authority, kLatest, schema_in_force(), set.header.stamp.millis(),
                                      {[](std::string_view) -> const RecordState* { return nullptr; },
                                       [](const Source&, Sequence) { return false; }, as_signed});
    if (verdict.outcome != Outcome::accepted)
      return no_wipe(std::string(explain(verdict.reason)) + " " + verdict.detail);
    if (wipes) return {};
    WASL_TRY(authority.apply(set, ++position, set.header.stamp.millis()));
  }
  return no_wipe("it names another device");
}

/// The keys first: what is left behind if the power fails then can be read by nobody who has the disk alone
/// in the place of the network.
Status Replica::wipe() {
  WASL_TRY(identity_.destroy());
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (std::filesystem::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error))
    files.push_back(it->path());
  if (error) return fail(Errc::storage_failed, "cannot read " + folder_.string() + ": " + error.message());
  for (const auto& file : files) {
    const std::string name = file.filename().string();
    const bool ours = name.starts_with("replica.db") || name.starts_with("outbox.log") ||
                      name.starts_with("search.db") || name.starts_with("files.db") ||
                      name.starts_with("identity.db") || name == kLinkFile;
    if (ours) WASL_TRY(remove_file(file));
  }
  WASL_TRY(carried_.destroy());
  return {};
}

}  // namespace wasl
