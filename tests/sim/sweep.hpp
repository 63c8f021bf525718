#pragma once
// Many seeds, in several processes at once, and what came of them together.
#include <chrono>

#include "tests/sim/world/simulation.hpp"

namespace wasl::sim {

struct SweepOptions {
  std::uint64_t from = 1;
  std::uint64_t count = 100;
  unsigned jobs = 1;
  std::chrono::seconds most{0};      ///< no seed is begun after this; 0: all are
  std::uint64_t repeat_every = 100;  ///< of these seeds one is run twice and must leave the same trace
  SimulationOptions each;
};

/// Prints as it goes. @return whether every seed was in order and every fault struck at least once.
bool sweep(const SweepOptions& options);

/// Leaves out faults and operations as long as the seed still fails. @return the smallest that fails.
SimulationOptions shrink(SimulationOptions failing);

/// The one command that runs this again.
std::string command_of(const SimulationOptions& options);

}  // namespace wasl::sim
