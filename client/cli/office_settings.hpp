#pragma once
// Everything that an office's program can be told, in a file, the environment or on the command line.
#include "shared/settings/settings.hpp"

namespace wasl::cli {

const SettingsTable& office_settings();

}  // namespace wasl::cli
