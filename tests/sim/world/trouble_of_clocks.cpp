#include "tests/sim/world/trouble.hpp"

namespace wasl::sim {

bool strike_clock(World& world, Fault fault, OfficeMachine& office) {
  constexpr Millis k2099 = 4'070'908'800'000;
  switch (fault) {
    case Fault::clock_2099:
      office.clock().set(k2099);
      break;
    case Fault::clock_1970:
      office.clock().set(static_cast<Millis>(world.dice.below(86'400'000)));
      break;
    case Fault::clock_backwards:
      office.clock().step(-3'600'000);
      if (world.dice.chance(0.3)) world.hub.clock().step(-world.some_time(1'000, 3'600'000));
      break;
    case Fault::clock_step:
      office.clock().step(world.some_time(1'000, 3'600'000));
      break;
    case Fault::clock_drift:
      office.clock().drift(world.dice.chance(0.5) ? 0.0005 : -0.0005);
      world.hub.clock().drift(world.dice.chance(0.5) ? 0.0002 : -0.0002);
      break;
    default:
      return false;
  }
  world.scheduler.after(world.some_time(60'000, 1'200'000), [&office] { office.clock().set_right(); });
  return true;
}

}  // namespace wasl::sim
