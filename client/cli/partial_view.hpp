#pragma once
// What of the network is not here yet: an empty list is not "there is none".
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "client/replica/replica.hpp"

namespace wasl::cli {

nlohmann::ordered_json partial_json(const SpaceStatus::Partial& partial);
std::string partial_words(const SpaceStatus::Partial& partial);
/// Adds to an answer which spaces are not whole yet. @param space the only one that it speaks of.
Status tell_partial(Replica& replica, const std::optional<std::string>& space, nlohmann::ordered_json& out,
                    std::string& words);

}  // namespace wasl::cli
