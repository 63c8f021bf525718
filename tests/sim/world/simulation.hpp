#pragma once
// One seed: a network, a day's work, everything that goes wrong, and the judgement. Thread: one.
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/world/faults.hpp"

namespace wasl::sim {

struct SimulationOptions {
  std::uint64_t seed = 1;
  std::uint64_t operations = 300;
  std::set<Fault> without;  ///< stay off, whatever the seed says
  bool shown = false;       ///< the trace on standard error
};

struct SimulationResult {
  std::string trace;
  std::map<std::string, std::uint64_t> faults;  ///< those switched on, and how often they struck
  std::vector<std::string> violations;
  std::uint64_t saved = 0;        ///< statements that were reported saved
  std::uint64_t change_sets = 0;  ///< accepted
  std::uint64_t offices = 0;
  std::int64_t healed_in = 0;  ///< milliseconds from the end of faults until all were equal
  [[nodiscard]] bool ok() const { return violations.empty(); }
};

SimulationResult simulate(const SimulationOptions& options);

}  // namespace wasl::sim
