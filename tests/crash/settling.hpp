#pragma once
// The oracle: lets the world go on after trouble, and tells in words all that people can see of it.
#include <stdexcept>
#include <string>

#include "tests/crash/scenario.hpp"

namespace wasl::test {

/// A disk or a replica that is not sound.
struct Unsound : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Opens every machine, lets both offices sync until they are equal, checks files and proofs on the way.
/// @return rows, counts, notices, conflicts and history of both offices. Throws Unsound.
std::string settle(CrashWorld& world, const Scenario& scenario);

/// The lines that one of two such texts has and the other not.
std::string difference(const std::string& expected, const std::string& got);

}  // namespace wasl::test
