#pragma once
// Rights limited by labels: whether a record lies within a clause's reach.
#include "shared/authority/acts.hpp"
#include "shared/model/description.hpp"
#include "shared/model/record_state.hpp"

namespace wasl {

/// Whether the record's labels lie within the clause's limits. All heads count: of a field with one value each
/// must be in the list and there is at least one; of a set one element that stands in it.
/// @param reg null: a register that is not described has no labels, so a limited clause does not reach it.
bool labels_hold(const Clause& clause, const Register* reg, const RecordState& state);

}  // namespace wasl
