#include "shared/ledger/retention.hpp"

#include <algorithm>

namespace wasl::ledger {

std::uint64_t retention_floor(std::span<const Reader> readers, std::uint64_t old, std::uint64_t snapshot,
                              Millis now, const RetentionRules& rules) {
  std::uint64_t floor = std::min(old, snapshot);
  for (const Reader& reader : readers) {
    if (reader.holds_back(now, rules)) floor = std::min(floor, reader.acknowledged);
  }
  return floor;
}

}  // namespace wasl::ledger
