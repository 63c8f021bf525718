#pragma once
// What an operation does, in plain English: for histories, audits and receipts. Pure.
#include <string>

#include "shared/model/change_set.hpp"
#include "shared/model/description.hpp"

namespace wasl {

/// @param reg description of the operation's register; null when it is not known: fields show their numbers.
/// Personal values are commitments and are not told.
std::string in_words(const Operation& op, const Register* reg);

}  // namespace wasl
