#pragma once
// What an act does, in plain English: for audits. Pure.
#include <string>

#include "shared/authority/acts.hpp"

namespace wasl {

std::string in_words(const Act& act);

}  // namespace wasl
