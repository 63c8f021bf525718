#pragma once
// What may be interrupted: each scenario starts from a saved world, does its work in steps, and says after
// each step that it was acknowledged.
#include <functional>
#include <string>
#include <vector>

#include "tests/crash/world.hpp"

namespace wasl::test {

/// Called after each step that somebody has been told is done. Throws when the run is to end here.
using Mark = std::function<void()>;

struct Scenario {
  std::string name;
  Machine victim = Machine::office;  ///< whose process or power fails
  /// From the world that CrashWorld makes to the one that is saved.
  std::function<void(CrashWorld&)> prepare = [](CrashWorld&) {};
  std::vector<Machine> open = {Machine::hub, Machine::office};  ///< before the trouble may begin
  std::function<void(CrashWorld&, const Mark&)> run;
  /// After the machines are open again: what completes work that may be begun twice.
  std::function<void(CrashWorld&)> resume = [](CrashWorld&) {};
};

const std::vector<Scenario>& scenarios();

}  // namespace wasl::test
