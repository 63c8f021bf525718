#pragma once
// wasl-hub backup and restore: the databases as one commit left them, beside a hub that serves, and back
// again, checked against what the hub had signed. No key is in a backup.
#include <nlohmann/json_fwd.hpp>

#include "server/app/hub_folder.hpp"

namespace wasl {

struct BackupArguments {
  std::filesystem::path place;  ///< the backup's folder
  bool without_files = false;   ///< the files' chunks are kept by other means
  bool is_newest = false;       ///< restoring: the hub has signed nothing since
};

/// Into a new folder, which counts as a backup once everything in it is durable and was read back.
nlohmann::json back_up(const HubFolder& folder, const BackupArguments& arguments);
/// Into a folder that has no database. Checks all of it first, and leaves nothing there when it is not right.
nlohmann::json restore(const HubFolder& folder, const BackupArguments& arguments);

}  // namespace wasl
