#pragma once
// What offices and the hub are asked to do while memory or a disk fails under them.
#include <functional>
#include <string>
#include <vector>

#include "tests/crash/scenario.hpp"

namespace wasl::test {

struct Act {
  std::string name;
  Machine victim = Machine::office;
  std::function<void(CrashWorld&)> prepare = [](CrashWorld&) {};
  std::vector<Machine> open = {Machine::hub, Machine::office};
  /// May be asked again after it failed: what is done by then is no error.
  std::function<Status(CrashWorld&)> run;
};

const std::vector<Act>& acts();

}  // namespace wasl::test
