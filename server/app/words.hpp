#pragma once
// What a person reads in place of a JSON document.
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace wasl {

std::string in_words(const std::string& command, const nlohmann::json& document);

}  // namespace wasl
