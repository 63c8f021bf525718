#pragma once
// Where the hub is called.
#include "client/cli/commands.hpp"

namespace wasl::cli {

/// Errors: not_found (no address is known), invalid_value (plain text on an open network).
Result<std::string> url_of(const Replica& replica, const LinkSettings& link);
/// A section's hub, where the settings name one, and the hub behind it. Errors: as above.
Result<std::vector<std::string>> urls_of(const Replica& replica, const LinkSettings& link);

}  // namespace wasl::cli
