#include "shared/base/version.hpp"

namespace wasl {

std::string_view program_version() { return WASL_VERSION; }

}  // namespace wasl
