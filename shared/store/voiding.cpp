#include "shared/store/voiding.hpp"

#include <algorithm>

#include "shared/store/log_base.hpp"
#include "shared/store/ranking.hpp"
#include "shared/store/walking.hpp"
#include "shared/wire/let_go.hpp"

namespace wasl {
namespace {

Result<std::map<Position, Header>> headers_of(LogStore& store, const SpaceInfo& info,
                                              const std::vector<EntryRow>& rows, const NetworkId& network) {
  std::map<Position, Header> headers;
  for (const EntryRow& row : rows) {
    if (headers.contains(row.position)) continue;
    WASL_LET(const auto segments, store.read(info.name, row.position, 1, network));
    if (segments.empty()) return fail(Errc::corrupt, "the log of " + info.name + " has a gap");
    each_entry(segments.front(), [&](Position position, const SegmentItem& item, const Header* let_go) {
      if (const ChangeSet* set = effect_of(item)) headers[position] = set->header;
      if (let_go != nullptr) headers[position] = *let_go;
    });
  }
  return headers;
}

}  // namespace

Result<std::vector<FallenEntry>> fallen_entries(LogStore& store, const SpaceInfo& info,
                                                const AuthorityState& authority, Position at, Position until,
                                                const NetworkId& network) {
  std::map<Position, Hash> fallen;
  for (const Revocation& revocation : authority.revocations()) {
    if (revocation.act.reason != RevocationReason::compromised || revocation.position > at) continue;
    WASL_LET(const auto rows, store.accepted_of(revocation.act.key, info.number, revocation.act.since));
    for (const EntryRow& row : rows) fallen[row.position] = row.entry.hash;
  }
  for (const auto& [name, grant] : authority.grants()) {
    if (!grant.has_fallen(at)) continue;
    WASL_LET(const auto rows, store.accepted_of(grant.act.grantee, info.number, grant.issued));
    WASL_LET(const auto headers, headers_of(store, info, rows, network));
    for (const EntryRow& row : rows) {
      const auto header = headers.find(row.position);
      if (header != headers.end() &&
          authority.is_voided(header->second.source.author, header->second.grant, row.entry.hub_time, at))
        fallen[row.position] = row.entry.hash;
    }
  }
  if (fallen.empty()) return std::vector<FallenEntry>();
  WASL_LET(const auto adopted, store.adopted(info.number));  // stands and falls with the adoption before it
  for (const auto& [position, name] : std::map(fallen)) {
    for (auto next = adopted.find(position + 1); next != adopted.end(); next = adopted.find(next->first + 1))
      fallen.insert(*next);
  }
  WASL_LET(const auto voided, store.voided(info.number, until));
  std::vector<FallenEntry> out;
  for (const auto& [position, name] : fallen) {
    if (position <= until && !voided.contains(position)) out.push_back({position, name});
  }
  return out;
}

Result<TouchedRecords> records_without(LogStore& store, const SpaceInfo& info,
                                       const AuthorityState& authority,
                                       const std::vector<FallenEntry>& fallen, Position until,
                                       const NetworkId& network) {
  TouchedRecords touched;
  if (fallen.empty()) return touched;
  WASL_LET(std::set<Position> left_out, store.voided(info.number, until));
  std::set<Position> now;
  for (const FallenEntry& entry : fallen) now.insert(entry.position);
  left_out.insert(now.begin(), now.end());
  std::set<std::string, std::less<>> ids;
  WASL_TRY(walk(store, info, *now.begin(), *now.rbegin(), network,
                [&](Position position, const SegmentItem& item) -> Status {
                  if (!now.contains(position)) return {};  // a list of what is collected never falls
                  for (const Operation& op : effect_of(item)->operations) {
                    touched.try_emplace({op.register_number, op.id});
                    ids.insert(op.id);
                  }
                  return {};
                }));
  std::map<std::string, RecordState, std::less<>> states;
  const auto take = [&](const std::string& id, RecordState& state) -> Status {
    if (ids.contains(id)) states[id] = std::move(state);
    return {};
  };
  WASL_TRY(store.each_start_record(info, take));
  WASL_LET(const auto base, base_of(store, info.name));
  if (base) WASL_TRY(each_base_record(store, info, *base, take));
  Ranking ranking(authority);
  const Position behind = std::max(info.begins_behind(), base ? base->position : 0);
  WASL_TRY(walk(store, info, behind + 1, until, network,
                [&](Position position, const SegmentItem& item) -> Status {
                  if (const auto collection = collection_of(item)) {
                    for (const auto& record : collection->records) states.erase(record.second);
                    return {};
                  }
                  const Level level = ranking.of(item);
                  if (left_out.contains(position)) return {};
                  const ChangeSet& set = *effect_of(item);
                  const Millis effective = std::min(set.header.stamp.millis(), entry_of(item)->hub_time);
                  for (std::size_t i = 0; i < set.operations.size(); ++i) {
                    const Operation& op = set.operations[i];
                    if (ids.contains(op.id))
                      states[op.id].apply(op, {set.dot(i), set.header.stamp, effective, level});
                  }
                  return {};
                }));
  for (auto& [place, state] : touched) {
    const auto it = states.find(place.second);
    if (it != states.end() && it->second.register_number == place.first) state = std::move(it->second);
  }
  return touched;
}

}  // namespace wasl
