#pragma once
#include <functional>
#include <string>

#include "shared/manual/man_page.hpp"

namespace wasl {

/// Adds `manual` and `completion SHELL` to a program. @param print gets the text, while the parser still
/// runs.
void add_manual_commands(CLI::App& app, const ManualPage& page,
                         std::function<void(const std::string&)> print);

}  // namespace wasl
