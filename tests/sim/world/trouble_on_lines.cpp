#include "tests/sim/world/trouble.hpp"

namespace wasl::sim {
namespace {

bool partition(World& world, OfficeMachine& office, bool up, bool down, Millis duration) {
  if (world.healing) return false;
  office.line().blocked[0] = up;
  office.line().blocked[1] = down || !up;
  world.scheduler.after(duration, [&office] { office.line().blocked[0] = office.line().blocked[1] = false; });
  return true;
}

}  // namespace

bool strike_line(World& world, Fault fault, OfficeMachine& office) {
  switch (fault) {
    case Fault::half_open_up:
      office.lose(Side::office);
      return true;
    case Fault::half_open_down:
      office.lose(Side::hub);
      return true;
    case Fault::partition_one_way:
      return partition(world, office, world.dice.chance(0.5), false, world.some_time(5'000, 120'000));
    case Fault::partition_full:
      return partition(world, office, true, true, world.some_time(5'000, 300'000));
    case Fault::flapping:
      for (Millis at = 0; at < 60'000; at += world.some_time(4'000, 10'000)) {
        world.scheduler.after(
            at, [&world, &office] { partition(world, office, true, true, world.some_time(2'000, 5'000)); });
      }
      return true;
    case Fault::rate_2g:
      office.line().bytes_per_milli = 5;
      office.line().latency = 350;
      world.scheduler.after(world.some_time(60'000, 600'000), [&world, &office] {
        if (!world.healing) office.line().bytes_per_milli = 100;
      });
      return true;
    case Fault::duplicate_connection:
      office.duplicate_connection();
      return true;
    default:
      return false;
  }
}

}  // namespace wasl::sim
