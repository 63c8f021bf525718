#pragma once
// Everything that a hub can be told, in a file, the environment or on the command line.
#include "shared/ledger/retention.hpp"
#include "shared/settings/settings.hpp"

namespace wasl {

const SettingsTable& hub_settings();
ledger::RetentionRules retention_rules(const Settings& settings);

}  // namespace wasl
