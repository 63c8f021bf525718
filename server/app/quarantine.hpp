#pragma once
// Commands about work that waits for a person: what is there, and drafts of what a person decides about it.
// Thread: the hub's.
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "server/app/open_hub.hpp"

namespace wasl {

/// Nothing: the command is another's.
std::optional<Result<nlohmann::json>> decide_quarantine(OpenHub& open, const std::string& command,
                                                        const nlohmann::json& request);

}  // namespace wasl
