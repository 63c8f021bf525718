#pragma once
// Everything there is in one run: machines, people and time, and what is known of them. Thread: one.
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/world/office_machine.hpp"
#include "tests/sim/world/persons.hpp"
#include "tests/sim/world/section_machine.hpp"
#include "tests/sim/world/simulation.hpp"
#include "tests/sim/world/survivors.hpp"
#include "tests/sim/world/versions.hpp"
#include "tests/sim/world/work.hpp"

namespace wasl::sim {

struct World {
  explicit World(const SimulationOptions& options);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  OfficeMachine& any_office() { return *offices[dice.below(offices.size())]; }
  std::vector<OfficeMachine*> machines();
  Millis some_time(Millis least, Millis most) {
    return least + static_cast<Millis>(dice.below(static_cast<std::uint64_t>(most - least)));
  }
  OfficeMachine::Ports ports() { return {scheduler, faults, dice, trace, hub, section.get()}; }
  /// From now on it is one of the offices: whoever looks after offices hears of it.
  OfficeMachine& take_in(std::unique_ptr<OfficeMachine> office);

  SimulationOptions options;
  test::Dice dice;
  test::SimDisks disks;
  Scheduler scheduler;
  Faults faults;
  Trace trace;
  Survivors survivors;
  Versions versions;
  HubMachine hub;
  std::unique_ptr<SectionMachine> section;  ///< null: none in this run
  std::vector<std::unique_ptr<OfficeMachine>> offices;
  Work work;
  Persons persons;
  std::vector<std::function<void(OfficeMachine&)>> on_office;  ///< called in their order by take_in()
  std::set<std::string> damaged;  ///< offices whose files nobody has looked at since
  bool healing = false;           ///< nothing goes wrong any more
  bool cloned = false;            ///< one device runs twice
  bool decided = false;           ///< a person revoked, adopted or discarded
};

}  // namespace wasl::sim
