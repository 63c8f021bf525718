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
  /// After the machines are open again: what completes work that was not done, or half done.
  std::function<void(CrashWorld&)> resume = [](CrashWorld&) {};
  /// false: what `prepare` leaves is damaged, so the act has to be done before anything can be compared.
  bool is_sound = true;
};

const std::vector<Act>& acts();
std::vector<Act> acts_of_power();
std::vector<Act> acts_of_epochs();
std::vector<Act> acts_of_repair();

}  // namespace wasl::test
