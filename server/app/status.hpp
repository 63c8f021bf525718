#pragma once
// How the hub and its network stand, for `wasl-hub status`. Thread: the hub's.
#include <nlohmann/json_fwd.hpp>

#include "server/app/open_hub.hpp"

namespace wasl {

Result<nlohmann::json> status(OpenHub& open, bool serving);
/// Which keys lie on this machine, and what that means: an array of sentences, that of the log key first.
nlohmann::json keys_in_words(const HubFolder& folder, const NetworkStatement& statement);

/// Of a section's hub: what it mirrors, and what it carries. Null: it is none.
Result<nlohmann::json> section_status(OpenHub& open);

}  // namespace wasl
