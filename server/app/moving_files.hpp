#pragma once
// wasl-hub move-files: contents of files from files.db into the object store that settings name, and back.
#include <nlohmann/json_fwd.hpp>

#include "server/app/hub_folder.hpp"

namespace wasl {

class Settings;

/// @param to "s3" or "folder". Errors: locked (a hub serves), invalid_value, and those of move_away(),
/// move_back().
Result<nlohmann::json> move_files(const HubFolder& folder, const Settings& settings, const std::string& to);

}  // namespace wasl
