#include "tests/sim/world/trouble.hpp"

namespace wasl::sim {

bool strike_process(World& world, Fault fault, OfficeMachine& office) {
  switch (fault) {
    case Fault::two_daemons:
      office.second_daemon_for(world.some_time(60'000, 600'000));
      return true;
    case Fault::stop_for_an_hour:
      office.stop_for(world.dice.chance(0.3) ? 3'600'000 : world.some_time(1'000, 120'000));
      return true;
    case Fault::kill_office_at_write:
      office.disk().kill_after(world.dice.below(60));
      return true;
    case Fault::kill_in_recovery:
      office.kill();
      office.disk().kill_after(world.dice.below(25));
      office.start_after(world.some_time(500, 5'000));
      return true;
    case Fault::kill_hub_at_write:
      world.hub.disk().kill_after(world.dice.below(60));
      return true;
    default:
      return false;
  }
}

}  // namespace wasl::sim
