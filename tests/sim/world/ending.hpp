#pragma once
// The end of a run: everything is judged; where something was erased again three days later; and once more
// when a replica was read anew. Thread: one.
#include "tests/sim/world/attaching.hpp"
#include "tests/sim/world/judgement.hpp"
#include "tests/sim/world/rest.hpp"
#include "tests/sim/world/world.hpp"

namespace wasl::sim {

class Ending {
 public:
  Ending(World& world, Rest& rest, Attaching& attaching)
      : world_(world), rest_(rest), attaching_(attaching) {}
  /// @pre all are at rest, or a violation says who is not.
  void judge();
  [[nodiscard]] std::uint64_t change_sets() const { return change_sets_; }

 private:
  void judge_files();
  void judge_all();
  void wait_for_erasures();
  Millis time_while_erasing();
  void fail_while_erasing(OfficeMachine& office);
  Millis newest_time_of(OfficeMachine& office);

  World& world_;
  Rest& rest_;
  Attaching& attaching_;
  PersonalValues personal_;  ///< what was open before anything was erased
  bool erasing_ = false;     ///< an erasure came into force
  std::uint64_t change_sets_ = 0;
};

}  // namespace wasl::sim
