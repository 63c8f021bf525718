#pragma once
// Which release of the programs this is, as the top CMakeLists.txt names it.
#include <string_view>

namespace wasl {

std::string_view program_version();

}  // namespace wasl
