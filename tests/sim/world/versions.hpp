#pragma once
// The registers one version back and one ahead: a field and a register fewer, and one of each more.
#include "shared/model/description.hpp"

namespace wasl::sim {

const Schema& schema_behind();
const Schema& schema_ahead();

}  // namespace wasl::sim
