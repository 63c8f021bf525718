#pragma once
// How a device enters a network by an invitation. Each step leaves the folder so that the same command, run
// again after a crash or a cut, goes on where it stopped. Thread: one; runs the Loop itself.
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "client/engine/sync_run.hpp"
#include "shared/authority/invitation.hpp"

namespace wasl {

struct JoinOptions {
  std::filesystem::path folder;
  Invitation invitation;
  std::string language;                                                  ///< of plain text written by SQL
  std::string url;                                                       ///< empty: the invitation's
  std::function<void(std::string_view)> tell = [](std::string_view) {};  ///< steps, in words
  std::function<void(const SessionSummary&)> on_progress;
};

struct Joined {
  std::unique_ptr<Replica> replica;
  bool was_enrolled = false;  ///< already before this call
  SyncOutcome first_sync;     ///< its error does not undo the joining
};

/// Errors: no_link, conflict (the invitation was used by another, the folder is taken), unauthorised
/// (unknown, expired), wrong_network, storage_failed.
Result<Joined> join(Loop& loop, Replica::Ports ports, const JoinOptions& options);

}  // namespace wasl
