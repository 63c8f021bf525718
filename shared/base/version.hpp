#pragma once
#include <string_view>

namespace wasl {

/// Of the programs, as in the top CMakeLists.txt.
std::string_view program_version();

}  // namespace wasl
