#pragma once
// What persons decided by acts in `authority`: erasures, confirmations, descriptions, and where an edition
// stands. Written from PROTOCOL.md sections 6.2, 6.7, 9.7 and 10 and from nothing else. Pure.
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/judge/judge.hpp"

namespace wasl::sim {

struct JudgedErasure {
  Hash change_set;
  PublicKey by;
  Position position = 0;
  Millis time = 0;  ///< hub time of its entry
  Hash mark;
  std::set<Hash> commitments;
  bool withdrawn = false;
  [[nodiscard]] Millis due() const { return time + Millis{72} * 3'600'000; }
};

struct JudgedGrant {
  PublicKey grantee;
  bool of_person = false;
  bool of_device = false;
  bool needs_confirmation = false;
  std::optional<Position> confirmed;  ///< in `authority`
};

struct JudgedDecisions {
  std::vector<JudgedErasure> erasures;                ///< in the order of the log
  std::map<Hash, JudgedGrant> grants;                 ///< by name
  std::map<std::uint32_t, std::string> descriptions;  ///< in force by register: the file

  /// Section 6.7: whether the value of the record with this mark is erased by then.
  [[nodiscard]] bool is_erased(const Hash& mark, const Hash& commitment, Millis time) const;
};

/// @param authority the change sets of that log, in its order.
JudgedDecisions decisions(const NetworkId& network, const std::vector<PlacedSet>& authority);

/// By what an erasure names the record.
Hash mark_of(const NetworkId& network, std::string_view space, std::string_view id);
/// The id under which the record is published in the outer space.
std::string edition_of(const NetworkId& network, std::string_view space, std::string_view id,
                       std::string_view outer);
/// Whether only editions have such an id.
bool is_edition(std::string_view id);

}  // namespace wasl::sim
