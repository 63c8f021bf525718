#pragma once
// Everything that a hub can be told, in a file, the environment or on the command line.
#include "shared/settings/settings.hpp"

namespace wasl {

const SettingsTable& hub_settings();

}  // namespace wasl
