#pragma once
// Settings as flags of a command line.
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

#include "shared/settings/settings.hpp"

namespace CLI {
class App;
}

namespace wasl {

/// What was typed: the sources of Settings but for the environment.
struct TypedSettings {
  std::string file;  ///< of --config
  std::map<std::string, std::string, std::less<>> options;
};

/// Adds --config. Here and below: table and typed must outlive the parser.
void add_settings_file(CLI::App& command, const SettingsTable& table, TypedSettings& typed);
/// Adds the flags of the settings named.
void add_settings(CLI::App& command, const SettingsTable& table,
                  std::initializer_list<std::string_view> names, TypedSettings& typed);

/// With the environment of this process; its variable PREFIX + "CONFIG" names a file as --config does.
Result<Settings> read_settings(const SettingsTable& table, const TypedSettings& typed);

}  // namespace wasl
