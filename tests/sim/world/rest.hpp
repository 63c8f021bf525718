#pragma once
// When nothing goes wrong any more: all must come to rest, equal, within a bounded time. Thread: one.
#include <functional>
#include <string>

#include "tests/sim/world/world.hpp"

namespace wasl::sim {

class Rest {
 public:
  /// @param also why an office is not at rest in what other rooms look after; nothing when it is.
  Rest(World& world, std::function<std::string(OfficeMachine&)> also)
      : world_(world), also_(std::move(also)) {}
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
  std::string why_not_section();
  bool is_settled(const Segment& work);
  bool is_carried_up(SectionMachine& section);
  static std::string spaces_of(OfficeMachine& office);

  World& world_;
  std::function<std::string(OfficeMachine&)> also_;
  Millis healed_in_ = 0;  ///< the longest
};

}  // namespace wasl::sim
