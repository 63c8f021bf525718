#include "shared/settings/options.hpp"

#include <CLI/CLI.hpp>

namespace wasl {
namespace {

void add_one(CLI::App& command, const Setting& setting, TypedSettings& typed) {
  const std::string name(setting.name);
  const std::string option(setting.option);
  std::string words(setting.explanation);
  if (!setting.fallback.empty()) words += "; else " + std::string(setting.fallback);
  if (setting.kind == SettingKind::flag) {
    command.add_flag_callback(
        option, [&typed, name] { typed.options[name] = "true"; }, words);
  } else {
    command.add_option_function<std::string>(
        option, [&typed, name](const std::string& text) { typed.options[name] = text; }, words);
  }
}

}  // namespace

void add_settings_file(CLI::App& command, const SettingsTable& table, TypedSettings& typed) {
  command
      .add_option("--config", typed.file,
                  "A file with settings; " + std::string(table.program) + " config explains it")
      ->envname(std::string(table.prefix) + "CONFIG");
}

void add_settings(CLI::App& command, const SettingsTable& table,
                  std::initializer_list<std::string_view> names, TypedSettings& typed) {
  for (const std::string_view name : names) add_one(command, table.setting(name), typed);
}

Result<Settings> read_settings(const SettingsTable& table, const TypedSettings& typed) {
  return Settings::read(table, {typed.file, environment_variable, typed.options});
}

}  // namespace wasl
