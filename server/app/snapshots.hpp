#pragma once
// The snapshots of a hub's folder: built at once, or in the background of a hub that serves.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <thread>

#include "server/app/hub_folder.hpp"
#include "server/hub/snapshot_building.hpp"

namespace wasl {

/// Builds what has changed, whether a hub serves meanwhile or not. Errors: not_found, locked (another
/// builds), storage_failed.
Result<std::vector<BuiltSnapshot>> build_now(const HubFolder& folder, bool all,
                                             const std::atomic<bool>* stop = nullptr);
/// The answer of the command `snapshot`.
nlohmann::json snapshot_command(const HubFolder& folder);

/// A thread that builds every now and then by a connection of its own: the one that serves waits for nothing.
class SnapshotKeeper {
 public:
  /// @param every 0: never.
  SnapshotKeeper(HubFolder folder, std::chrono::minutes every);
  ~SnapshotKeeper();
  SnapshotKeeper(const SnapshotKeeper&) = delete;
  SnapshotKeeper& operator=(const SnapshotKeeper&) = delete;

 private:
  void work();

  HubFolder folder_;
  std::chrono::minutes every_;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace wasl
