#include "shared/authority/labels.hpp"

#include <algorithm>

#include "shared/model/field_value.hpp"

namespace wasl {
namespace {

bool lists(const LabelLimit& limit, const Value& value) {
  return std::binary_search(limit.values.begin(), limit.values.end(), value);
}

bool holds(const LabelLimit& limit, const Field& field, const RecordState& state) {
  if (!field.is_set()) {
    const auto it = state.heads.find(Address{field.number, {}});
    return it != state.heads.end() && std::all_of(it->second.begin(), it->second.end(),
                                                  [&](const Head& head) { return lists(limit, head.value); });
  }
  for (auto it = state.heads.lower_bound(Address{field.number, {}});
       it != state.heads.end() && it->first.field == field.number; ++it) {
    if (state.has_element(it->first, field.policy) && lists(limit, element_of(it->first.key))) return true;
  }
  return false;
}

}  // namespace

bool labels_hold(const Clause& clause, const Register* reg, const RecordState& state) {
  return std::all_of(clause.labels.begin(), clause.labels.end(), [&](const LabelLimit& limit) {
    const Field* field = reg == nullptr ? nullptr : reg->field(limit.name);
    return field != nullptr && field->label && holds(limit, *field, state);
  });
}

bool covers_record(const GrantAct& grant, Rights right, std::string_view space, std::uint32_t register_number,
                   const Register* reg, const RecordState* before, const RecordState& after, Millis now) {
  const auto over = [&](const RecordState& state) {
    return covers(grant, right, space, register_number, now,
                  [&](const Clause& clause) { return labels_hold(clause, reg, state); });
  };
  return (before == nullptr || !before->exists() || over(*before)) && over(after);
}

}  // namespace wasl
