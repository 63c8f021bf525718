#pragma once
// UUIDv7 (RFC 9562 section 5.7): ids that rise with time.
#include <string>

#include "shared/base/environment.hpp"

namespace wasl::cli {

std::string make_uuid(Clock& clock, Random& random);

}  // namespace wasl::cli
