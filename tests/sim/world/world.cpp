#include "tests/sim/world/world.hpp"

namespace wasl::sim {
namespace {

Faults without(Faults faults, const std::set<Fault>& off) {
  for (const Fault fault : off) faults.switch_off(fault);
  return faults;
}

/// Registers without which what is on could never be done.
std::vector<std::string> needed_registers(const Faults& faults) {
  std::vector<std::string> names;
  if (faults.is_on(Fault::value_erased)) names.emplace_back("person");
  if (faults.is_on(Fault::file_attached)) names.emplace_back("document");
  return names;
}

}  // namespace

World::World(const SimulationOptions& given)
    : options(given),
      dice(given.seed),
      disks(given.seed),
      faults(without(Faults(given.seed, dice), given.without)),
      trace(scheduler, given.shown),
      versions(any_versions(dice, needed_registers(faults))),
      hub(scheduler, versions.in_force, faults, dice, trace),
      work(versions.in_force, faults, dice, trace, survivors),
      persons({hub, faults, trace, work, versions}, given.seed) {}

std::vector<OfficeMachine*> World::machines() {
  std::vector<OfficeMachine*> all;
  for (const auto& office : offices) all.push_back(office.get());
  return all;
}

OfficeMachine& World::take_in(std::unique_ptr<OfficeMachine> office) {
  // What nobody had sealed stood there alone; `wasl` reads what it can of it, and promises no more.
  office->on_sealed = [this, name = office->setting().name] { survivors.sealed(name); };
  office->on_damaged = [this, name = office->setting().name] { survivors.excuse_unsealed(name); };
  for (const auto& hear : on_office) hear(*office);
  offices.push_back(std::move(office));
  return *offices.back();
}

}  // namespace wasl::sim
