#pragma once
// Where the hub is called.
#include "client/cli/commands.hpp"

namespace wasl::cli {

/// Errors: not_found (no address is known), invalid_value (plain text on an open network).
Result<std::string> url_of(const Replica& replica, const LinkSettings& link);

}  // namespace wasl::cli
