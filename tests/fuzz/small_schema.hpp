#pragma once
// Two registers in the place of twelve: every type and policy is there, and an office is made in a fraction
// of the time.
#include "shared/model/description.hpp"

namespace wasl::fuzz {

/// `thing` (1) has a field of each type and two sets; `line` (2) is a ledger.
const Schema& small_schema();

}  // namespace wasl::fuzz
