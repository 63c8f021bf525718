#pragma once
// Letting go of what nobody needs: the command `compact`, and the hub that serves by itself. Thread: the
// hub's.
#include <chrono>
#include <functional>
#include <nlohmann/json_fwd.hpp>

#include "server/app/open_hub.hpp"
#include "shared/net/loop.hpp"

namespace wasl {

/// What would go, or as much of the work as a moment allows: `left` says whether there is more.
Result<nlohmann::json> compact(OpenHub& open, const nlohmann::json& request, bool serving);
/// Asks until nothing is left, and answers with what went.
nlohmann::json compact_command(const HubFolder& folder, bool dry_run);

/// Looks every now and then, and works in pauses between sessions.
class CompactionKeeper {
 public:
  /// @param every 0: never.
  CompactionKeeper(Loop& loop, OpenHub& open, std::chrono::hours every);

 private:
  void work();

  OpenHub& open_;
  std::chrono::hours every_;
  Timer timer_;
  std::string told_;  ///< why it failed, as it was logged
};

}  // namespace wasl
