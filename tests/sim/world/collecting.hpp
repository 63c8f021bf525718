#pragma once
// The hub's housekeeping: dead records go for good where every office knows of it that is waited for. Here
// it waits for minutes, so that some are away for longer and come back with work on what is gone. Dice of its
// own. Thread: one.
#include <string>

#include "shared/ledger/retention.hpp"
#include "tests/sim/world/world.hpp"

namespace wasl::sim {

class Collecting {
 public:
  explicit Collecting(World& world);
  void step();

 private:
  static constexpr std::uint64_t kOwnDice = 0x434f'4c4c'4543'5421;

  bool collect(const std::string& space);

  World& world_;
  test::Dice dice_;
  ledger::RetentionRules rules_;
};

}  // namespace wasl::sim
