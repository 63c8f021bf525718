#pragma once
// A TOML file as names with values, each with the place where it stands. Inside this room only.
#include <filesystem>
#include <string>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/settings/settings.hpp"

namespace wasl {

struct TomlEntry {
  std::string name;      ///< "tls.certificate"
  std::string place;     ///< file:line:column of the name
  std::string at_value;  ///< … and of the value
  /// Nothing: of a type that no setting has.
  std::optional<SettingKind> kind;  ///< text, whole or flag
  std::string text;
  bool is_empty_table = false;
};

/// Errors: not_found (cannot be read), invalid_value (no TOML: file:line:column and why).
Result<std::vector<TomlEntry>> read_toml(const std::filesystem::path& file);
/// As TOML writes a text.
std::string toml_text(const std::string& text);

}  // namespace wasl
