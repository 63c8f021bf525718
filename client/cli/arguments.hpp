#pragma once
// The command line of `wasl`: what was typed becomes a function to call.
#include <functional>
#include <optional>
#include <string>

#include "client/cli/commands.hpp"

namespace wasl::cli {

struct CommandLine {
  bool json = false;
  std::string folder;
  std::function<Result<Answer>(const Office&)> run;
  std::optional<std::string> help;  ///< asked for: print and be done
  std::optional<Error> error;       ///< what was typed makes no sense
};

CommandLine parse_command_line(int argc, char** argv);

}  // namespace wasl::cli
