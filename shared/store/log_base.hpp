#pragma once
// The state of a space at a position, kept beside its log so that the bodies up to there may go
// (PROTOCOL.md 21.3). Its pieces lie where those of a snapshot do from which an office began. Every call runs
// inside the caller's transaction. Thread: that of the rows.
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "shared/store/log_store.hpp"

namespace wasl {

struct LogBase {
  Position position = 0;
  std::uint64_t leaf = 0;    ///< of `heads`: it says root and digest there
  std::uint64_t bytes = 0;   ///< of its pieces, packed
  std::vector<Hash> pieces;  ///< of the state, in order
};

/// Nothing: every body of the log is here. Errors: corrupt.
Result<std::optional<LogBase>> base_of(LogStore& store, std::string_view space);
/// From now on the base is this one. @pre its pieces are here.
Status lay_base(LogStore& store, std::string_view space, const LogBase& base);
/// Its records, by id. Errors: corrupt (a piece is missing or damaged).
Status each_base_record(LogStore& store, const SpaceInfo& info, const LogBase& base,
                        const LogStore::RecordVisit& visit);

/// Of so many entries, from the first on, the header alone is here.
Result<Position> let_go_of(LogStore& store, std::string_view space);

/// Takes the place of the block with these entries.
using ReplaceBlock = std::function<Status(const StoredBlock&)>;
/// Lets go of the bodies of the next block, and of the openings that belong to nothing else.
/// @param stays whether a personal value stands in the base, by its commitment.
/// @return false: no whole block below the base is left.
Result<bool> let_block_go(LogStore& store, const SpaceInfo& info, const LogBase& base,
                          const NetworkId& network, const std::function<bool(const Hash&)>& stays,
                          const ReplaceBlock& replace);

}  // namespace wasl
