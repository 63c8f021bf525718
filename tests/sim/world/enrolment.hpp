#pragma once
// How an office or a section's hub comes into the network: over a link without trouble. Thread: one.
#include <optional>
#include <string>

#include "client/replica/replica.hpp"
#include "server/section/mirror.hpp"
#include "tests/sim/world/hub_machine.hpp"

namespace wasl::sim {

struct Newcomer {
  HubMachine& hub;
  std::string folder;
  Replica::Ports ports;
  Millis now = 0;  ///< since the start
};

/// Makes the replica and enrols its device. @pre the hub is up. @return why it is not in the network.
std::optional<Error> enrol(const Newcomer& newcomer, const Invitation& invitation);

struct NewSection {
  HubMachine& hub;
  Mirror& mirror;
  Millis now = 0;  ///< since the start
};
/// The same for the device of a section's hub.
std::optional<Error> enrol(const NewSection& newcomer, const Invitation& invitation);

}  // namespace wasl::sim
