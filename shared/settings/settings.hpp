#pragma once
// What a program can be told, from one table: read from file, environment and flags, checked, and printed as
// a file that explains itself. Thread: any; a Settings does not change once it is read.
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.hpp"

namespace wasl {

enum class SettingKind { text, path, whole, flag };

struct Setting {
  std::string_view name;  ///< as in the file; what stands before a dot is its table: "tls.certificate"
  SettingKind kind = SettingKind::text;
  std::string_view explanation;    ///< one line
  std::string_view fallback{};     ///< as after a flag; empty: nothing is said
  std::string_view option{};       ///< "--listen"; empty: not on the command line
  std::string_view example{};      ///< printed where nothing is said
  std::string_view unit{};         ///< of a whole number
  std::int64_t least = 0;          ///< of a whole number
  std::int64_t most = INT64_MAX;   ///< of a whole number
  std::string_view environment{};  ///< empty: the table's prefix and the name in capitals
  /// What else a text has to be. Its error says what is allowed.
  Status (*check)(const std::string& text) = nullptr;
};

struct SettingsTable {
  std::string_view program;
  std::string_view prefix;  ///< of variables of the environment: "WASL_HUB_"
  std::vector<Setting> settings;

  /// @pre there is one of this name.
  [[nodiscard]] const Setting& setting(std::string_view name) const;
  [[nodiscard]] std::string variable(const Setting& setting) const;
};

enum class SettingOrigin { fallback, file, environment, option };
std::string_view to_word(SettingOrigin origin);

class Settings {
 public:
  struct Sources {
    std::filesystem::path file{};  ///< empty: none
    std::function<std::optional<std::string>(const std::string& name)> environment{};
    std::map<std::string, std::string, std::less<>> options{};  ///< what was typed, by the setting's name
  };
  /// @param table must outlive the settings. Errors: not_found (no such file), invalid_value (everything that
  /// is wrong, a line each, with file:line:column, variable or flag).
  static Result<Settings> read(const SettingsTable& table, const Sources& sources);

  // @pre the table has a setting of this name and kind.
  [[nodiscard]] std::string text(std::string_view name) const;  ///< empty: nothing is said
  [[nodiscard]] std::filesystem::path path(std::string_view name) const;
  [[nodiscard]] std::int64_t whole(std::string_view name) const;
  [[nodiscard]] bool flag(std::string_view name) const;

  struct Line {
    const Setting* setting;
    std::string variable;
    std::string value;  ///< as after a flag; empty: nothing is said
    SettingOrigin origin = SettingOrigin::fallback;
  };
  [[nodiscard]] std::vector<Line> lines() const;
  /// A file that explains every setting and holds its present value.
  [[nodiscard]] std::string print() const;

 private:
  struct Value {
    std::string text;
    SettingOrigin origin = SettingOrigin::fallback;
  };
  explicit Settings(const SettingsTable& table) : table_(&table) {}
  [[nodiscard]] const Value& value(std::string_view name, SettingKind kind) const;

  const SettingsTable* table_;
  std::map<std::string, Value, std::less<>> values_;
};

/// The environment of this process.
std::optional<std::string> environment_variable(const std::string& name);

}  // namespace wasl
