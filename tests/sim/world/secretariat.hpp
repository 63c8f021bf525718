#pragma once
// What the secretariat decides at the hub: who loses their rights, and what becomes of work that waits.
// Thread: one.
#include "tests/sim/world/world.hpp"

namespace wasl::sim {

class Secretariat {
 public:
  explicit Secretariat(World& world) : world_(world) {}
  /// A registrar ends a device's rights. What was damaged stays in the network: without its log it could not
  /// hand over what it has.
  bool revoke(OfficeMachine& office, RevocationReason reason, Millis since);
  /// An administrator decides about a change set that waits, with its group.
  bool decide_waiting(bool adopts);

 private:
  void look_whether_revoked(OfficeMachine& office);

  World& world_;
};

}  // namespace wasl::sim
