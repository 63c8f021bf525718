#pragma once
// One scenario, interrupted at any of its writes and syncs, and what must be true after it: the world goes on
// exactly as after a clean stop between two acknowledged steps.
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/crash/scenario.hpp"

namespace wasl::test {

enum class Cut { death, lose, tear };  ///< the process ends; the power too: nothing unsynced stays; or some
std::string_view to_word(Cut cut);

struct Point {
  std::uint64_t index = 0;  ///< writes and syncs that the victim still makes
  Cut cut = Cut::death;
  std::uint64_t dice = 1;
  std::optional<std::uint64_t> again;  ///< the same trouble at this step of the opening after it
};

struct Verdicts {
  std::uint64_t points = 0, disks = 0, lost = 0, corrupt = 0;
};

class Trial {
 public:
  /// @param base the world that scenarios start from.
  Trial(CrashWorld& world, const CrashWorld::Saved& base, const Scenario& scenario);

  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  /// Steps of opening the victim after the trouble.
  std::uint64_t opening_steps(const Point& point);
  /// Interrupts, opens, checks. Prints what is wrong and how to see it again.
  void check(const Point& point);
  [[nodiscard]] const Verdicts& verdicts() const { return verdicts_; }

 private:
  struct Ended {};
  /// Runs until `most` steps are acknowledged or the victim is dead. @return acknowledged steps.
  std::size_t run(std::size_t most);
  std::size_t interrupt(const Point& point);
  void interrupt_opening(const Point& point);
  void begin(std::uint64_t seed);
  void end(const Point& point);
  std::string settle();
  void report(const Point& point, const std::string& what, bool corrupt);

  CrashWorld& world_;
  const Scenario& scenario_;
  CrashWorld::Saved saved_;
  std::uint64_t steps_ = 0;
  std::vector<std::string> expected_;  ///< by acknowledged steps
  std::set<std::pair<std::size_t, std::size_t>>
      seen_;  ///< fingerprint and steps: the same again proves nothing
  Verdicts verdicts_;
};

}  // namespace wasl::test
