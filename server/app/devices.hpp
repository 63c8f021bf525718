#pragma once
// Commands about devices: who is there, and what a registrar or a person decides about them. Thread: the
// hub's.
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "server/app/open_hub.hpp"

namespace wasl {

/// Nothing: the command is another's.
std::optional<Result<nlohmann::json>> decide_devices(OpenHub& open, const std::string& command,
                                                     const nlohmann::json& request);
/// How long the hub keeps what the device may not know yet: `until` and `lapsed`; null: it does not.
Result<nlohmann::json> lease_of(OpenHub& open, const PublicKey& device);

}  // namespace wasl
