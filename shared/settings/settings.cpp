#include "shared/settings/settings.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "shared/settings/toml_file.hpp"

namespace wasl {
namespace {

std::string_view words_of(SettingKind kind) {
  switch (kind) {
    case SettingKind::text:
      return "a text in quotation marks";
    case SettingKind::path:
      return "a path in quotation marks";
    case SettingKind::whole:
      return "a whole number";
    case SettingKind::flag:
      return "true or false";
  }
  return "";
}

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

/// What is allowed, in words; nothing: the value is.
std::optional<std::string> wrong_with(const Setting& setting, const std::string& text) {
  if (setting.kind == SettingKind::flag) {
    if (text == "true" || text == "false") return std::nullopt;
    return "it is true or false";
  }
  if (setting.kind == SettingKind::whole) {
    std::int64_t number = 0;
    const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc() && stopped == text.data() + text.size();
    if (whole && number >= setting.least && number <= setting.most) return std::nullopt;
    return "it is a whole number from " + std::to_string(setting.least) + " to " +
           std::to_string(setting.most) +
           (setting.unit.empty() ? std::string() : " (" + std::string(setting.unit) + ")");
  }
  if (text.empty()) return "it is not empty; leave it out where nothing is to be said";
  if (setting.check == nullptr) return std::nullopt;
  const Status checked = setting.check(text);
  if (checked) return std::nullopt;
  return checked.error().hint.empty() ? checked.error().message : checked.error().hint;
}

bool may_be_written_as(SettingKind setting, SettingKind written) {
  return written == setting || (setting == SettingKind::path && written == SettingKind::text);
}

const Setting* find(const SettingsTable& table, std::string_view name) {
  const auto it = std::find_if(table.settings.begin(), table.settings.end(),
                               [&](const Setting& one) { return one.name == name; });
  return it == table.settings.end() ? nullptr : &*it;
}

std::string names_of(const SettingsTable& table) {
  std::string out;
  for (const Setting& setting : table.settings) out += (out.empty() ? "" : ", ") + std::string(setting.name);
  return out;
}

std::string table_of(std::string_view name) {
  const auto dot = name.find('.');
  return std::string(dot == std::string_view::npos ? "" : name.substr(0, dot));
}

bool has_table(const SettingsTable& table, const std::string& name) {
  return std::any_of(table.settings.begin(), table.settings.end(),
                     [&](const Setting& one) { return table_of(one.name) == name; });
}

std::string as_toml(const Setting& setting, const std::string& text) {
  const bool bare = setting.kind == SettingKind::whole || setting.kind == SettingKind::flag;
  return bare ? text : toml_text(text);
}

std::string explained(const SettingsTable& table, const Settings::Line& line) {
  const Setting& setting = *line.setting;
  std::string out = "# " + std::string(setting.explanation) + "\n# ";
  if (!setting.option.empty()) out += std::string(setting.option) + ", ";
  out += table.variable(setting);
  if (!setting.unit.empty()) out += "; in " + std::string(setting.unit);
  if (!setting.fallback.empty()) out += "; default: " + as_toml(setting, std::string(setting.fallback));
  if (line.origin == SettingOrigin::environment || line.origin == SettingOrigin::option)
    out += "; now from the " + std::string(to_word(line.origin));
  const std::string name(setting.name.substr(setting.name.find('.') + 1));
  if (line.value.empty())
    return out + "\n# " + name + " = " + as_toml(setting, std::string(setting.example)) + "\n";
  return out + "\n" + name + " = " + as_toml(setting, line.value) + "\n";
}

}  // namespace

std::string_view to_word(SettingOrigin origin) {
  switch (origin) {
    case SettingOrigin::fallback:
      return "default";
    case SettingOrigin::file:
      return "file";
    case SettingOrigin::environment:
      return "environment";
    case SettingOrigin::option:
      return "command line";
  }
  return "";
}

std::optional<std::string> environment_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

const Setting& SettingsTable::setting(std::string_view name) const {
  const Setting* found = find(*this, name);
  WASL_ASSERT(found != nullptr);
  return *found;
}

std::string SettingsTable::variable(const Setting& setting) const {
  if (!setting.environment.empty()) return std::string(setting.environment);
  std::string out(prefix);
  for (const char c : setting.name)
    out += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return out;
}

Result<Settings> Settings::read(const SettingsTable& table, const Sources& sources) {
  Settings out(table);
  std::vector<std::string> problems;
  const auto take = [&](const Setting& setting, const std::string& text, SettingOrigin origin,
                        const std::string& place) {
    if (const auto wrong = wrong_with(setting, text)) {
      problems.push_back(place + ": " + std::string(setting.name) + " cannot be " + in_quotes(text) + ": " +
                         *wrong);
      return;
    }
    out.values_[std::string(setting.name)] = {text, origin};
  };
  for (const Setting& setting : table.settings)
    out.values_[std::string(setting.name)] = {std::string(setting.fallback), SettingOrigin::fallback};
  if (!sources.file.empty()) {
    WASL_LET(const std::vector<TomlEntry> entries, read_toml(sources.file));
    for (const TomlEntry& entry : entries) {
      if (entry.is_empty_table && has_table(table, entry.name)) continue;  // all in it is left out
      const Setting* setting = find(table, entry.name);
      if (setting == nullptr) {
        problems.push_back(entry.place + ": there is no setting " + in_quotes(entry.name) +
                           "; there are: " + names_of(table));
      } else if (!entry.kind || !may_be_written_as(setting->kind, *entry.kind)) {
        problems.push_back(entry.at_value + ": " + entry.name + " is " +
                           std::string(words_of(setting->kind)));
      } else if (setting->kind == SettingKind::path && !entry.text.empty()) {
        const auto base = std::filesystem::absolute(sources.file).parent_path();
        take(*setting, (base / entry.text).lexically_normal().string(), SettingOrigin::file, entry.at_value);
      } else {
        take(*setting, entry.text, SettingOrigin::file, entry.at_value);
      }
    }
  }
  for (const Setting& setting : table.settings) {
    const std::string variable = table.variable(setting);
    const auto value = sources.environment ? sources.environment(variable) : std::nullopt;
    if (value) take(setting, *value, SettingOrigin::environment, variable);
    const auto typed = sources.options.find(setting.name);
    if (typed != sources.options.end())
      take(setting, typed->second, SettingOrigin::option, std::string(setting.option));
  }
  if (problems.empty()) return out;
  std::string message;
  for (const std::string& problem : problems) message += (message.empty() ? "" : "\n") + problem;
  return fail(Errc::invalid_value, std::move(message),
              "every setting explained: " + std::string(table.program) + " config");
}

const Settings::Value& Settings::value(std::string_view name, SettingKind kind) const {
  WASL_ASSERT(table_->setting(name).kind == kind);
  return values_.find(name)->second;
}

std::string Settings::text(std::string_view name) const { return value(name, SettingKind::text).text; }

std::filesystem::path Settings::path(std::string_view name) const {
  return value(name, SettingKind::path).text;
}

std::int64_t Settings::whole(std::string_view name) const {
  const std::string& text = value(name, SettingKind::whole).text;
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool Settings::flag(std::string_view name) const { return value(name, SettingKind::flag).text == "true"; }

std::vector<Settings::Line> Settings::lines() const {
  std::vector<Line> out;
  for (const Setting& setting : table_->settings) {
    const Value& now = values_.find(setting.name)->second;
    // Written down elsewhere it means the same.
    const bool relative = setting.kind == SettingKind::path && !now.text.empty();
    const std::string text =
        relative ? std::filesystem::absolute(now.text).lexically_normal().string() : now.text;
    out.push_back({&setting, table_->variable(setting), text, now.origin});
  }
  return out;
}

std::string Settings::print() const {
  std::string out = "# Settings of " + std::string(table_->program) +
                    ". A flag wins over the environment, that over this file, that over the default.\n"
                    "# A path that does not begin with / is taken from this file's folder.\n";
  std::string table;
  for (const Line& line : lines()) {
    const std::string of = table_of(line.setting->name);
    if (of != table) out += "\n[" + of + "]\n";
    table = of;
    out += "\n" + explained(*table_, line);
  }
  return out;
}

}  // namespace wasl
