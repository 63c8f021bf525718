#pragma once
// A hub's process without sockets: the real committer over the shared database, and devices that push as fast
// as they are answered. It leads or follows, opens its store again when it lost the lead, and reads the log
// as it shows it to offices.
#include <string>

#include "tests/bench/commits/board.hpp"
#include "tests/support/hub_world.hpp"

namespace wasl::bench {

struct Device {
  crypto::KeyPair key;
  Hash grant;
};

struct HubTask {
  test::HubWorld& world;  ///< of the process that made the network; its store is not touched here
  std::string address;
  std::vector<const Device*> devices;
  std::size_t sets_of_push;
  std::uint64_t seed;
};

/// Until the board says stop. @return the process' code: 0.
int run_hub(const HubTask& task, HubCell& cell, Life& life, Board& board);

}  // namespace wasl::bench
