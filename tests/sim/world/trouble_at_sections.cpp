#include "tests/sim/world/trouble.hpp"

namespace wasl::sim {

bool strike_section(World& world, Fault fault) {
  if (world.section == nullptr) return false;
  SectionMachine& section = *world.section;
  switch (fault) {
    case Fault::section_killed:
      section.disk().kill_after(world.dice.below(60));
      return true;
    case Fault::section_cut_off: {
      Line& line = section.line();
      line.blocked[0] = line.blocked[1] = true;
      world.scheduler.after(world.some_time(30'000, 3'600'000),
                            [&line] { line.blocked[0] = line.blocked[1] = false; });
      return true;
    }
    case Fault::section_disk_lost:
      section.lose_disk();
      return true;
    default:
      return false;
  }
}

}  // namespace wasl::sim
