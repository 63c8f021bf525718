#include "server/hub/conflicts.hpp"

#include <algorithm>

namespace wasl {
namespace {

constexpr std::string_view kNotedKey = "conflicts noted";
const Bytes kNoted{1};

Policy policy_of(const Register* described, std::uint32_t number) {
  const Field* const field = described == nullptr ? nullptr : described->field(number);
  return field == nullptr ? Policy::latest : field->policy;
}

bool may_conflict(Policy policy) {
  return policy == Policy::latest || policy == Policy::review || policy == Policy::authority;
}

Millis second_value(const std::vector<Head>& heads) {
  const auto first = std::min_element(heads.begin(), heads.end(),
                                      [](const Head& a, const Head& b) { return a.effective < b.effective; });
  Millis second = INT64_MAX;
  for (const Head& head : heads)
    if (head.value != first->value) second = std::min(second, head.effective);
  return second;
}

}  // namespace

std::optional<Millis> conflict_since(const RecordState& state, const Register* described) {
  std::optional<Millis> since;
  for (const auto& [address, heads] : state.heads) {
    if (heads.size() < 2 || address.is_existence()) continue;
    const Policy policy = policy_of(described, address.field);
    if (!may_conflict(policy) || !state.is_conflict(address, policy)) continue;
    since = std::min(since.value_or(INT64_MAX), second_value(heads));
  }
  return since && state.is_alive() ? since : std::nullopt;
}

Status mark_conflicts_noted(HubStore& store) { return store.set_meta(kNotedKey, kNoted); }

Status note_all_conflicts(HubStore& store, const Schema& schema) {
  WASL_LET(const auto noted, store.meta(kNotedKey));
  if (noted) return {};
  struct Found {
    SpaceNumber space;
    std::string id;
    Millis since;
  };
  std::vector<Found> found;
  const auto look = [&]() -> Status {
    WASL_LET(const auto names, store.space_names());
    for (const std::string& name : names) {
      WASL_LET(const SpaceInfo* const info, store.space(name));
      const auto visit = [&, space = info->number](const std::string& id,
                                                   const RecordState& state) -> Status {
        const auto since = conflict_since(state, schema.find(state.register_number));
        if (since) found.push_back({space, id, *since});
        return {};
      };
      WASL_TRY(store.each_record(info->number, visit));
    }
    return {};
  };
  WASL_TRY(store.read_moment(look));
  return store.transact([&]() -> Status {
    for (const Found& one : found) WASL_TRY(store.note_conflict(one.space, one.id, one.since));
    return mark_conflicts_noted(store);
  });
}

}  // namespace wasl
