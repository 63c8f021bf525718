#pragma once
// Who is in the network: it is founded, offices join early, late or before anybody confirms them, and an
// invitation serves once. Thread: one.
#include <string>
#include <vector>

#include "tests/sim/world/secretariat.hpp"
#include "tests/sim/world/world.hpp"

namespace wasl::sim {

class Membership {
 public:
  explicit Membership(World& world) : world_(world) {}
  void found();
  bool join_late();
  /// Its rights begin later.
  bool join_unconfirmed();
  /// One that waits for its confirmation is shut out, confirmed or not, before it hears of either.
  void shut_out_unheard(Secretariat& secretariat);
  /// Somebody found an invitation that was used.
  bool reuse_invitation();

 private:
  void found_section();
  OfficeMachine* add_office(const std::string& organisation, bool confirm = false);
  void confirm(OfficeMachine& office);

  World& world_;
  std::vector<Invitation> used_invitations_;
  std::uint64_t office_count_ = 0, late_joins_ = 0, intruders_ = 0;
  bool joined_unconfirmed_ = false;
};

}  // namespace wasl::sim
