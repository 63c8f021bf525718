#pragma once
// What a program can be told, read from the definitions that its command line is parsed by: manual pages and
// completions are written from it, so they never say what the program does not know.
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace wasl {

struct CommandOption {
  std::vector<std::string> names;  ///< with their dashes; one without any for a positional
  std::string value;               ///< what follows the name; empty: nothing does
  std::string what;
  std::vector<std::string> choices;  ///< the only values; empty: any
  std::string variable;              ///< of the environment, read where the option is not given
  std::string preset;                ///< the value where nobody gives one
  bool required = false;
  bool positional = false;
  bool many = false;
};

struct CommandTree {
  std::string name;  ///< the program's at the top
  std::string what;
  std::string examples;  ///< lines as they are typed
  std::string notes;     ///< what else `--help` says at its end
  std::vector<CommandOption> options;
  std::vector<CommandTree> commands;
};

/// In the order of the definitions, without what is hidden from `--help`.
CommandTree command_tree(const CLI::App& app, std::string name);

}  // namespace wasl
