#include "shared/store/erasing.hpp"

#include <algorithm>
#include <functional>

#include "shared/snapshot/pieces.hpp"
#include "shared/store/walking.hpp"

namespace wasl {
namespace {

std::optional<Hash> commitment_in(const Operation& op) {
  if (op.value.type != ValueType::commitment) return std::nullopt;
  return Hash::from(op.value.data);
}

/// A personal value, where it stands.
struct PersonalValue {
  std::uint32_t register_number = 0;
  const std::string& id;
  std::uint32_t field = 0;
  Dot dot;
  Hash commitment;
};

/// All that the space's log holds, and what it began from.
Status each_value(LogStore& store, const SpaceInfo& info, const NetworkId& network,
                  const std::function<Status(const PersonalValue&)>& visit) {
  const auto of_record = [&](const std::string& id, RecordState& state) -> Status {
    for (const snapshot::PersonalValue& value : snapshot::personal_values(state))
      WASL_TRY(visit({state.register_number, id, value.field, value.dot, value.commitment}));
    return {};
  };
  WASL_TRY(store.each_kept_record(info, of_record));
  return walk(store, info, info.begins_behind() + 1, info.size, network,
              [&](Position, const SegmentItem& item) -> Status {
                if (effect_of(item) == nullptr) return {};
                const ChangeSet& set = *effect_of(item);
                for (std::size_t i = 0; i < set.operations.size(); ++i) {
                  const Operation& op = set.operations[i];
                  const auto commitment = commitment_in(op);
                  if (!commitment) continue;
                  WASL_TRY(visit({op.register_number, op.id, op.address.field, set.dot(i), *commitment}));
                }
                return {};
              });
}

bool is_listed(const ErasedList& list, const Hash& commitment, const NetworkId& network,
               const std::string& space, const std::string& id) {
  const auto first = list.lower_bound({commitment, Hash{}});
  return first != list.end() && first->first == commitment &&
         list.contains({commitment, record_mark(network, space, id)});
}

bool opens(const ChangeSet& set, std::size_t index, const Hash& commitment, const Opening& opening) {
  const Operation& op = set.operations[index];
  return commitment_of(set.header.network, set.header.space, op.id, op.address.field, set.dot(index),
                       opening) == commitment;
}

}  // namespace

std::map<std::string, ErasedList> erased_by(const AuthorityState& authority, Position after, Position until,
                                            Millis hub_time) {
  std::map<std::string, ErasedList> out;
  for (const Erasure& erasure : authority.erasures()) {
    if (erasure.position <= after || erasure.position > until || !erasure.is_in_force(hub_time)) continue;
    ErasedList& list = out[erasure.act.space];
    for (const Hash& commitment : erasure.act.commitments) list.emplace(commitment, erasure.act.record);
  }
  return out;
}

bool is_erased(const AuthorityState& authority, const Header& header, const Operation& op, Millis hub_time) {
  if (authority.erasures().empty()) return false;
  const auto commitment = commitment_in(op);
  return commitment &&
         authority.is_erased(record_mark(header.network, header.space, op.id), *commitment, hub_time);
}

bool drop_erased(const AuthorityState& authority, const ChangeSet& set, Millis hub_time,
                 std::vector<OpeningItem>& openings) {
  if (openings.empty() || authority.erasures().empty()) return false;
  std::set<Hash> erased;
  for (const Operation& op : set.operations) {
    if (is_erased(authority, set.header, op, hub_time)) erased.insert(*commitment_in(op));
  }
  return std::erase_if(openings, [&](const OpeningItem& item) { return erased.contains(item.commitment); }) >
         0;
}

void drop_erased(const AuthorityState& authority, Millis hub_time, Segment& segment) {
  for (const SegmentItem& item : segment.items) {
    const auto* with_body = std::get_if<SetItem>(&item);
    const ChangeSet* set = with_body != nullptr ? &with_body->set : effect_of(item);
    if (set != nullptr) drop_erased(authority, *set, hub_time, segment.openings);
  }
}

std::vector<Hash> listed_openings(const ErasedList& list, const ChangeSet& set,
                                  const std::vector<OpeningItem>& openings) {
  std::vector<Hash> out;
  for (std::size_t i = 0; i < set.operations.size(); ++i) {
    const auto commitment = commitment_in(set.operations[i]);
    if (!commitment ||
        !is_listed(list, *commitment, set.header.network, set.header.space, set.operations[i].id))
      continue;
    const auto item = std::find_if(openings.begin(), openings.end(), [&](const OpeningItem& one) {
      return one.commitment == *commitment && opens(set, i, *commitment, one.opening);
    });
    if (item != openings.end()) out.push_back(*commitment);
  }
  return out;
}

Result<std::set<RecordKey>> erase_openings(LogStore& store, const SpaceInfo& info, const ErasedList& list,
                                           const NetworkId& network) {
  std::set<RecordKey> records;
  WASL_TRY(each_value(store, info, network, [&](const PersonalValue& value) -> Status {
    if (!is_listed(list, value.commitment, network, info.name, value.id)) return {};
    records.emplace(value.register_number, value.id);
    WASL_LET(const auto opening, store.opening(value.commitment));
    if (!opening) return {};
    const Hash opened = commitment_of(network, info.name, value.id, value.field, value.dot, *opening);
    return opened == value.commitment ? store.forget_opening(value.commitment) : Status();
  }));
  return records;
}

Result<std::set<Hash>> commitments_of(LogStore& store, const SpaceInfo& info, std::string_view id,
                                      const NetworkId& network) {
  std::set<Hash> out;
  WASL_TRY(each_value(store, info, network, [&](const PersonalValue& value) -> Status {
    if (value.id == id) out.insert(value.commitment);
    return {};
  }));
  return out;
}

void add_commitments(const ChangeSet& set, std::string_view id, std::set<Hash>& out) {
  for (const Operation& op : set.operations) {
    const auto commitment = commitment_in(op);
    if (commitment && op.id == id) out.insert(*commitment);
  }
}

void add_commitments(const ChangeSet& set, std::set<Hash>& out) {
  for (const Operation& op : set.operations) {
    if (const auto commitment = commitment_in(op)) out.insert(*commitment);
  }
}

Status add_commitments(LogStore& store, const SpaceInfo& info, const NetworkId& network,
                       std::set<Hash>& out) {
  return each_value(store, info, network, [&](const PersonalValue& value) -> Status {
    out.insert(value.commitment);
    return {};
  });
}

}  // namespace wasl
