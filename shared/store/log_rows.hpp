#pragma once
// What is read of stored logs, whoever stores them.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/ledger/entry.hpp"
#include "shared/wire/segment.hpp"

namespace wasl {

using SpaceNumber = std::int64_t;

struct EntryRow {
  SpaceNumber space{};
  Position position = 0;
  ledger::Entry entry;
  std::optional<Source> source;
  Sequence sequence = 0;
  Position voids = 0;  ///< of a `void`: the position of what it voids
};

struct SpaceInfo;

class LogRows {
 public:
  virtual ~LogRows() = default;
  /// Made when missing: ask only for spaces that exist. The pointer holds until a transaction fails.
  virtual Result<SpaceInfo*> space(std::string_view name) = 0;
  virtual Result<std::vector<std::string>> space_names() = 0;
  /// Root of the first `size` entries. @pre the space has them.
  virtual Result<Hash> root(std::string_view space, Position size) = 0;
  virtual Result<std::optional<EntryRow>> find(const Source& source, Sequence sequence) = 0;
  /// Whole stored blocks from the one that holds `from`, without openings, until `most_bytes` of packed items
  /// are reached.
  virtual Result<std::vector<Segment>> read(std::string_view space, Position from, std::size_t most_bytes,
                                            const NetworkId& network) = 0;
};

}  // namespace wasl
