#include "tests/sim/world/collecting.hpp"

#include "server/hub/retention.hpp"

namespace wasl::sim {

Collecting::Collecting(World& world) : world_(world), dice_(world.options.seed ^ kOwnDice) {
  rules_.lease = 30'000 + static_cast<Millis>(dice_.below(600'000));
  rules_.age = static_cast<Millis>(dice_.below(120'000));
}

void Collecting::step() {
  if (!dice_.chance(0.1) || !world_.faults.is_on(Fault::deleted_collected) || !world_.hub.is_in_charge())
    return;
  bool any = false;
  for (const std::string& space : world_.hub.hub().authority().spaces())
    any = (space != kAuthoritySpace && world_.hub.is_up() && collect(space)) || any;
  if (any) world_.faults.fired(Fault::deleted_collected);
}

bool Collecting::collect(const std::string& space) {
  const auto size = world_.hub.hub().size(space);
  if (!size || *size == 0) return false;
  const auto floor = floor_of(world_.hub.hub(), *size, space, rules_);
  if (!floor || floor->floor == 0) return false;
  const auto done = world_.hub.collect(space, floor->floor);
  const std::string words = !done ? done.error().message : std::to_string(*done) + " in " + space;
  if (!done || *done > 0) world_.trace.note("hub", "collects: " + words);
  return done && *done > 0;
}

}  // namespace wasl::sim
