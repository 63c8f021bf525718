#pragma once
// Makes snapshots of what a store holds at one moment, while others go on writing to it.
#include <atomic>
#include <string>
#include <vector>

#include "server/store/hub_store.hpp"
#include "server/store/snapshot_shelf.hpp"

namespace wasl {

struct BuiltSnapshot {
  std::string space;
  Position position = 0;
  std::uint64_t bytes = 0;      ///< of all pieces, packed
  std::uint64_t log_bytes = 0;  ///< of the log that they stand for, as stored
  std::size_t pieces = 0;
  std::size_t fresh = 0;  ///< that no snapshot before had
};

struct BuildOptions {
  bool all = false;  ///< whatever has grown at all; else logs of some size that have grown by a part
  const std::atomic<bool>* stop = nullptr;  ///< looked at between pieces
};
/// @param store opened to read, for this alone: whoever serves goes on writing. Errors: storage_failed,
/// corrupt, later (it was stopped: what was written is used by the next).
Result<std::vector<BuiltSnapshot>> build_snapshots(HubStore& store, SnapshotShelf& shelf,
                                                   const BuildOptions& options);

}  // namespace wasl
