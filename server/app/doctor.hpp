#pragma once
// `wasl-hub doctor`: looks at the folder, the machine and the hub that serves, and changes nothing.
#include <nlohmann/json_fwd.hpp>

#include "server/app/open_hub.hpp"
#include "shared/checkup/checkup.hpp"

namespace wasl {

class Settings;

/// Blocks for as long as the database takes to read. @param settings of hub_settings().
Findings examine_hub(const HubFolder& folder, const Settings& settings);
/// What only whoever has the hub open can say. Thread: the hub's.
Result<nlohmann::json> examine_open(OpenHub& open, bool serving);

}  // namespace wasl
