#pragma once
// The link as it is paid for, for machines and for people.
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "client/engine/link_account.hpp"

namespace wasl::cli {

nlohmann::ordered_json link_json(const LinkAccount& account);
std::string link_words(const LinkAccount& account);

}  // namespace wasl::cli
