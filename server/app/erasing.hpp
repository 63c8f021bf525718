#pragma once
// wasl-hub erase: the secretariat's way to have a record's personal values destroyed. Thread: the hub's.
#include <nlohmann/json_fwd.hpp>

#include "server/app/open_hub.hpp"

namespace wasl {

/// A draft that lists what is known here, or withdraws it. Errors: not_found, conflict, invalid_value.
Result<nlohmann::json> erase(OpenHub& open, const nlohmann::json& request);

}  // namespace wasl
