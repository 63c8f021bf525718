#include "shared/settings/toml_file.hpp"

#include <toml++/toml.h>

#include <fstream>
#include <sstream>

namespace wasl {
namespace {

std::string place_of(const std::filesystem::path& file, const toml::source_region& region) {
  return file.string() + ":" + std::to_string(region.begin.line) + ":" + std::to_string(region.begin.column);
}

TomlEntry entry_of(const std::filesystem::path& file, std::string name, const toml::key& key,
                   const toml::node& node) {
  TomlEntry entry{
      std::move(name), place_of(file, key.source()), place_of(file, node.source()), {}, {}, false};
  if (const auto* text = node.as_string()) {
    entry.kind = SettingKind::text;
    entry.text = text->get();
  } else if (const auto* number = node.as_integer()) {
    entry.kind = SettingKind::whole;
    entry.text = std::to_string(number->get());
  } else if (const auto* flag = node.as_boolean()) {
    entry.kind = SettingKind::flag;
    entry.text = flag->get() ? "true" : "false";
  }
  return entry;
}

/// Settings stand at the top or one table deep.
void collect(const std::filesystem::path& file, const toml::table& table, std::vector<TomlEntry>& out) {
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    const toml::table* inner = node.as_table();
    if (inner == nullptr || inner->empty()) {
      out.push_back(entry_of(file, name, key, node));
      out.back().is_empty_table = inner != nullptr;
      continue;
    }
    for (const auto& [inner_key, inner_node] : *inner)
      out.push_back(entry_of(file, name + "." + std::string(inner_key.str()), inner_key, inner_node));
  }
}

}  // namespace

Result<std::vector<TomlEntry>> read_toml(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  if (in) text << in.rdbuf();
  if (!in || in.bad())
    return fail(Errc::not_found, "cannot read the settings in " + file.string(),
                "name a file that is there and that this user may read");
  std::vector<TomlEntry> out;
  try {
    collect(file, toml::parse(text.str()), out);
  } catch (const toml::parse_error& error) {
    return fail(Errc::invalid_value,
                place_of(file, error.source()) + ": this is no TOML: " + std::string(error.description()),
                "a setting is written as: name = \"text\", name = 12 or name = true");
  }
  return out;
}

std::string toml_text(const std::string& text) {
  std::ostringstream out;
  constexpr auto kFlags = toml::toml_formatter::default_flags & ~toml::format_flags::allow_literal_strings &
                          ~toml::format_flags::allow_multi_line_strings;
  const toml::value<std::string> value(text);
  out << toml::toml_formatter(value, kFlags);
  return out.str();
}

}  // namespace wasl
