#include "shared/manual/command_tree.hpp"

#include <CLI/CLI.hpp>

namespace wasl {
namespace {

constexpr std::string_view kExamples = "Examples:\n";

/// The parser names a type "TEXT:{yes,no}" where only these are taken.
std::vector<std::string> choices_of(std::string_view type) {
  std::vector<std::string> choices;
  const auto open = type.find('{');
  if (open == std::string_view::npos || type.back() != '}') return choices;
  std::string_view list = type.substr(open + 1, type.size() - open - 2);
  while (true) {
    const auto comma = list.find(',');
    choices.emplace_back(list.substr(0, comma));
    if (comma == std::string_view::npos) return choices;
    list.remove_prefix(comma + 1);
  }
}

std::string value_of(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return {};
  const std::string type = option.get_type_name();
  return type.starts_with("UINT") || type.starts_with("INT") ? "NUMBER" : "VALUE";
}

CommandOption read(const CLI::Option& option) {
  CommandOption out;
  out.positional = option.get_positional();
  if (out.positional) {
    out.names.push_back(option.get_name(true));
  } else {
    for (const std::string& name : option.get_snames()) out.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) out.names.push_back("--" + name);
    out.value = value_of(option);
  }
  out.what = option.get_description();
  out.choices = choices_of(option.get_type_name());
  out.variable = option.get_envname();
  out.preset = option.get_default_str();
  out.required = option.get_required();
  out.many = option.get_expected_max() > 1;
  return out;
}

/// Examples stand between their heading and an empty line; what is before and after is for people to read.
void take_footer(CommandTree& out, std::string_view footer) {
  const auto at = footer.find(kExamples);
  if (at == std::string_view::npos) {
    out.notes = footer;
    return;
  }
  const auto from = at + kExamples.size();
  const auto end = std::min(footer.find("\n\n", from), footer.size());
  out.examples = footer.substr(from, end - from);
  out.notes = footer.substr(0, at);
  out.notes += footer.substr(std::min(end + 2, footer.size()));
}

}  // namespace

CommandTree command_tree(const CLI::App& app, std::string name) {
  CommandTree out;
  out.name = std::move(name);
  out.what = app.get_description();
  take_footer(out, app.get_footer());
  for (const CLI::Option* option : app.get_options())
    if (!option->get_group().empty()) out.options.push_back(read(*option));
  for (const CLI::App* sub :
       app.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); }))
    out.commands.push_back(command_tree(*sub, sub->get_name()));
  return out;
}

}  // namespace wasl
