#pragma once
// What people do who look after the machines: they make backups, and put old copies in place of what was
// there. Thread: one.
#include <map>
#include <optional>
#include <string>

#include "tests/sim/world/world.hpp"

namespace wasl::sim {

class Operators {
 public:
  explicit Operators(World& world);
  void back_up();
  /// The newest backup of the office comes back: the whole folder, or replica.db alone.
  bool restore_replica(OfficeMachine& office);
  /// One disk image put into a second machine, and both run.
  bool clone(OfficeMachine& office);
  /// An old copy of hub.db serves for a while. Who has seen more catches it; then the newest copy comes back.
  bool restore_hub();
  /// The hub's disk is lost, and an old copy takes its place. It knows, takes back what the offices hold, and
  /// when all have come the roots open a new epoch.
  bool recover_hub();

 private:
  struct Backup {
    test::SimDisk::Image image;
    std::uint64_t when = 0;  ///< by the survivors' count
    bool may_be_caught = false;
  };
  void keep(OfficeMachine& office);
  void open_epoch();
  bool is_held_by_offices();

  World& world_;
  std::map<std::string, Backup> images_;
  std::optional<test::SimDisk::Image> hub_image_;
  std::uint64_t hub_image_heads_ = 0;
  bool hub_restored_ = false, hub_recovered_ = false;
};

}  // namespace wasl::sim
