#pragma once
// What commands about persons' decisions share: keys by their beginning, and change sets drafted here that a
// person's key signs where it lies. Thread: the hub's.
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "server/app/open_hub.hpp"

namespace wasl {

/// Empty where the request has no such text.
std::string text_of(const nlohmann::json& request, const char* key);
/// The device's or person's key that begins so. Errors: not_found, conflict (several).
Result<PublicKey> find_key(OpenHub& open, const std::string& prefix);

/// A change set of these acts by the request's `author`, under the first of the person's grants that has this
/// right in the space `covered`; and what is said once it is submitted. Errors: invalid_value, unauthorised.
Result<nlohmann::json> draft(OpenHub& open, const nlohmann::json& request, Rights right,
                             const std::string& space, std::string_view covered, const std::vector<Act>& acts,
                             nlohmann::json done);
/// Takes a draft with its signature. Errors: malformed, unauthorised.
Result<nlohmann::json> submit(OpenHub& open, const nlohmann::json& request);

}  // namespace wasl
