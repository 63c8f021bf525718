#pragma once
#include "shared/base/result.hpp"
#include "shared/manual/command_tree.hpp"

namespace wasl {

/// A script that lets a shell finish commands, options and their values; where a value may be anything it
/// offers files.
/// @param shell bash, zsh or fish. Errors: invalid_value.
Result<std::string> completion(const CommandTree& program, std::string_view shell);

}  // namespace wasl
