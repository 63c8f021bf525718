#pragma once
// A moment as a person writes it on the command line.
#include <string_view>

#include "shared/base/environment.hpp"
#include "shared/base/result.hpp"

namespace wasl {

/// `YYYY-MM-DD`, `YYYY-MM-DDTHH:MM[:SS[.fff]]` with `Z` or an offset (none: UTC), or milliseconds since 1970.
/// Errors: invalid_value.
Result<Millis> parse_time(std::string_view text);

}  // namespace wasl
