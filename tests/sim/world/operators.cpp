#include "tests/sim/world/operators.hpp"

#include <algorithm>

#include "shared/store/sqlite_rows.hpp"

namespace wasl::sim {

Operators::Operators(World& world) : world_(world) {
  world.on_office.emplace_back([this](OfficeMachine& office) { keep(office); });
}

void Operators::keep(OfficeMachine& office) {
  images_[office.setting().name] = {office.disk().image(), world_.survivors.now(), office.may_be_caught};
}

void Operators::back_up() {
  if (world_.hub.is_up() && !world_.hub.old_heads && !world_.hub.is_recovering()) {
    hub_image_ = world_.hub.image();
    hub_image_heads_ = world_.hub.hub().heads().size;
  }
  for (const auto& office : world_.offices) {
    if (world_.dice.chance(0.3)) keep(*office);
  }
}

bool Operators::restore_replica(OfficeMachine& office) {
  if (world_.hub.is_recovering()) return false;
  const auto& [image, when, may_be_caught] = images_[office.setting().name];
  test::SimDisk::Image put = image;
  office.kill();
  if (world_.dice.chance(0.5)) {
    put = office.disk().image();
    put.erase("replica.db-wal");
    for (const char* name : {"replica.db", "replica.db-wal"}) {
      if (const auto it = image.find(name); it != image.end()) put[name] = it->second;
    }
  }
  office.disk().restore(put);
  office.may_be_caught = office.may_be_caught || may_be_caught;
  office.went_back = true;
  world_.survivors.excuse(office.setting().name, when);
  office.start_after(world_.some_time(500, 60'000));
  return true;
}

bool Operators::clone(OfficeMachine& office) {
  if (world_.cloned || !office.is_running() || world_.hub.is_recovering()) return false;
  world_.cloned = true;
  office.kill();
  OfficeMachine::Setting setting = office.setting();
  setting.name += "-copy";
  auto copy = std::make_unique<OfficeMachine>(world_.ports(), setting);
  copy->become(office.disk().image());
  office.start_after(500);
  copy->start_after(700);
  copy->may_be_corrupt = office.may_be_corrupt;
  if (world_.damaged.contains(office.setting().name)) world_.damaged.insert(setting.name);
  copy->may_be_caught = office.may_be_caught;
  copy->unconfirmed = office.unconfirmed;
  copy->went_back = office.went_back;
  world_.take_in(std::move(copy));
  return true;
}

bool Operators::restore_hub() {
  if (!world_.hub.is_up() || !hub_image_ || hub_restored_ || world_.hub.is_recovering()) return false;
  if (world_.hub.hub().heads().size == hub_image_heads_) return false;
  hub_restored_ = true;
  world_.hub.kill();
  const auto newest = world_.hub.image();
  world_.hub.restore(*hub_image_);
  world_.hub.old_heads = hub_image_heads_;
  world_.hub.start_after(100);
  world_.scheduler.after(world_.some_time(60'000, 400'000), [this, newest] {
    world_.hub.kill();
    world_.hub.restore(newest);
    world_.hub.old_heads.reset();
    world_.hub.start_after(100);
  });
  return true;
}

bool Operators::recover_hub() {
  if (!world_.hub.is_up() || !hub_image_ || hub_recovered_ || world_.hub.old_heads || world_.healing)
    return false;
  if (world_.hub.hub().heads().size == hub_image_heads_ || !is_held_by_offices()) return false;
  if (world_.decided)
    return false;  // what waits at the hub, and what was decided of it, comes from no office
  hub_recovered_ = true;
  world_.hub.kill();
  world_.hub.recover(*hub_image_);
  hub_image_.reset();
  world_.hub.start_after(100);
  for (const auto& office : world_.offices) office->came_back = 0;
  world_.scheduler.after(60'000, [this] { open_epoch(); });
  return true;
}

/// Twice: who joined after the copy was made brings `authority` first, and only then is known.
void Operators::open_epoch() {
  const bool all = std::all_of(world_.offices.begin(), world_.offices.end(),
                               [](const auto& office) { return office->came_back >= 2; });
  if (!all || !world_.hub.open_epoch()) world_.scheduler.after(10'000, [this] { open_epoch(); });
}

/// Of each space some office has proved all that the hub signed.
bool Operators::is_held_by_offices() {
  if (!world_.damaged.empty()) return false;
  const auto proved = [&](const std::string& space, Position size) {
    return std::any_of(world_.offices.begin(), world_.offices.end(), [&](const auto& office) {
      if (!office->is_running() || office->may_be_corrupt || office->replica() == nullptr) return false;
      LogStore store(sqlite_rows(office->replica()->database()));
      const auto info = store.space(space);
      return info && (*info)->proved == size;
    });
  };
  for (const std::string& name : world_.hub.hub().authority().spaces()) {
    const auto info = world_.hub.store().space(name);
    if (!info || ((*info)->size > 0 && !proved(name, (*info)->size))) return false;
  }
  return true;
}

}  // namespace wasl::sim
