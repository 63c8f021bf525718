#pragma once
// What must hold at every step, not only at the end: "synced" is said of equal states, and no file grows
// without bound. Thread: one.
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "shared/ledger/digest.hpp"
#include "tests/sim/world/world.hpp"

namespace wasl::sim {

class Invariants {
 public:
  explicit Invariants(World& world);
  void check_bounds();
  [[nodiscard]] std::uint64_t synced() const { return synced_; }

 private:
  void check_equal(OfficeMachine& office);
  std::optional<Hash> digest_of(OfficeMachine& office, SpaceNumber number, const std::string& space);

  World& world_;
  std::map<std::pair<std::string, std::string>, ledger::DigestTree> digests_;  ///< by office and space
  std::uint64_t synced_ = 0;
};

}  // namespace wasl::sim
