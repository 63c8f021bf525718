#pragma once
// When nothing goes wrong any more: all must come to rest, equal, within a bounded time. Thread: one.
#include <string>

#include "tests/sim/world/world.hpp"

namespace wasl::sim {

class Rest {
 public:
  explicit Rest(World& world) : world_(world) {}
  /// Ends all trouble and waits. Whoever does not come to rest is wedged.
  void heal();
  /// The same log in other portions: one office loses replica.db and reads everything again.
  void start_one_anew();
  [[nodiscard]] Millis healed_in() const { return healed_in_; }

 private:
  void mend();
  void scrub();
  bool all_at_rest();
  std::string why_not(OfficeMachine& office);
  static std::string spaces_of(OfficeMachine& office);

  World& world_;
  Millis healed_in_ = 0;  ///< the longest
};

}  // namespace wasl::sim
