#pragma once
// Up to where a space's log is news to nobody any more (PROTOCOL.md 21.1). Pure: devices, positions and time
// in, a position out.
#include <cstdint>
#include <span>

#include "shared/base/environment.hpp"

namespace wasl::ledger {

constexpr Millis kDay = Millis{24} * 3'600'000;

struct RetentionRules {
  Millis lease = 180 * kDay;  ///< how long a device that does not sync is waited for
  Millis age = 90 * kDay;     ///< how old an entry is at least before anything of it goes
  bool collects = false;      ///< dead records go too: every office knows entries that say so
};

/// When the device's lease ends. @pre it has synced.
inline Millis lease_end(Millis synced, const RetentionRules& rules) { return synced + rules.lease; }

/// A device that reads the space and is not revoked.
struct Reader {
  Millis synced = 0;               ///< when it last did; 0: never
  std::uint64_t acknowledged = 0;  ///< entries that it then had applied
  /// Whether what it may not know yet must be kept for it. One that holds nothing begins from a snapshot
  /// anyway.
  [[nodiscard]] bool holds_back(Millis now, const RetentionRules& rules) const {
    return synced != 0 && acknowledged != 0 && now < lease_end(synced, rules);
  }
};

/// The last position that all of these allow: readers whose lease runs, `old` (of the last entry that is
/// older than RetentionRules::age), and `snapshot` (of the newest one, from which everybody else begins).
std::uint64_t retention_floor(std::span<const Reader> readers, std::uint64_t old, std::uint64_t snapshot,
                              Millis now, const RetentionRules& rules);

}  // namespace wasl::ledger
