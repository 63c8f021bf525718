#pragma once
// Several questions to one hub: the folder is opened once, or the hub that serves there is asked each time.
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "server/app/open_hub.hpp"

namespace wasl {

class Asking {
 public:
  /// Errors: not_found, locked, and what opening a hub may say.
  static Result<Asking> open(const HubFolder& folder);
  /// An error document becomes an error.
  Result<nlohmann::json> ask(const nlohmann::json& request);

 private:
  Asking(HubFolder folder, std::optional<FolderLock> lock, std::unique_ptr<OpenHub> hub);

  HubFolder folder_;
  std::optional<FolderLock> lock_;
  std::unique_ptr<OpenHub> hub_;  ///< null: another process serves
};

}  // namespace wasl
