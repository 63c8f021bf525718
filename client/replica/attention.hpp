#pragma once
#include <string>

#include "shared/model/description.hpp"

namespace wasl {

/// An SQL condition that is true for the rows of the register which break the rule.
std::string broken_condition(const Register& reg, const Rule& rule);

}  // namespace wasl
