#pragma once
// Rights limited by labels: whether a record lies within a clause's reach.
#include "shared/authority/authority_state.hpp"
#include "shared/model/description.hpp"
#include "shared/model/record_state.hpp"

namespace wasl {

/// Whether the record's labels lie within the clause's limits. All heads count: of a field with one value
/// each must be in the list and there is at least one; of a set one element that stands in it.
/// @param reg null: a register that is not described has no labels, so a limited clause does not reach it.
bool labels_hold(const Clause& clause, const Register* reg, const RecordState& state);

/// Whether the grant covers the right on the record as it is before (if it exists) and as it will be after:
/// what is moved into or out of somebody's reach needs the right over old and new.
/// @param before null or empty for a record that does not exist yet.
bool covers_record(const GrantAct& grant, Rights right, std::string_view space, std::uint32_t register_number,
                   const Register* reg, const RecordState* before, const RecordState& after, Millis now);

}  // namespace wasl
