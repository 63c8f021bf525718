#pragma once
// How the erasures of a record are shown: as JSON, and in words of the office's language.
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "client/replica/replica.hpp"

namespace wasl::cli {

nlohmann::ordered_json erasures_json(const std::vector<RecordErasure>& erasures);
/// A line each, begun by a line break; nothing when there is none.
std::string erasures_words(const std::vector<RecordErasure>& erasures, std::string_view language);

}  // namespace wasl::cli
