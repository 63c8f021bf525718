#pragma once
// What goes wrong by the run's own dice: a fault that is on is chosen and strikes an office or the hub.
// Thread: one.
#include "tests/sim/world/membership.hpp"
#include "tests/sim/world/operators.hpp"
#include "tests/sim/world/secretariat.hpp"
#include "tests/sim/world/world.hpp"

namespace wasl::sim {

class Trouble {
 public:
  struct Rooms {
    Membership& membership;
    Secretariat& secretariat;
    Operators& operators;
  };
  Trouble(World& world, const Rooms& rooms) : world_(world), rooms_(rooms) {}
  void make();

 private:
  /// @return whether it could strike.
  bool strike(Fault fault, OfficeMachine& office);
  bool strike_people(Fault fault, OfficeMachine& office);

  World& world_;
  Rooms rooms_;
};

/// Each strikes if the fault is of its kind and can strike now. @return whether it did.
bool strike_line(World& world, Fault fault, OfficeMachine& office);
bool strike_process(World& world, Fault fault, OfficeMachine& office);
bool strike_disk(World& world, Fault fault, OfficeMachine& office);
bool strike_clock(World& world, Fault fault, OfficeMachine& office);
bool strike_section(World& world, Fault fault);

}  // namespace wasl::sim
