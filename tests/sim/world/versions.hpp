#pragma once
// The registers of one network: those in force, and what an office one version back or ahead has.
#include "shared/model/description.hpp"
#include "tests/support/sim_disk.hpp"

namespace wasl::sim {

struct Versions {
  Schema in_force;
  Schema behind;  ///< a field and a register fewer
  Schema ahead;   ///< a field and a register more
};

/// Four of the built-in registers, and all of them in one network of ten: every opening of a replica and
/// every foreign tool parses their tables and triggers.
/// @param needed these are among them in any case.
Versions any_versions(test::Dice& dice, const std::vector<std::string>& needed);

}  // namespace wasl::sim
