#pragma once
// Carries a hub's store into another, row by row, and proves that both are the same network.
#include <cstdint>
#include <string>
#include <vector>

#include "server/migration/table_store.hpp"
#include "shared/ledger/merkle.hpp"

namespace wasl {

struct CopiedSpace {
  std::string name;
  Position size = 0;
  Hash root;    ///< computed from the stored entries
  Hash digest;  ///< computed from the stored buckets
};

struct CopyReport {
  std::vector<CopiedSpace> spaces;
  std::uint64_t heads = 0;
  std::uint64_t rows = 0;
};

/// @pre the target is empty, and nobody writes to either meanwhile. Errors: corrupt (the source does not
/// prove itself), storage_failed (what was read back is not what was written).
Result<CopyReport> copy_store(TableStore& source, TableStore& target);

}  // namespace wasl
