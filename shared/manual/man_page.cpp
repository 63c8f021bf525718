#include "shared/manual/man_page.hpp"

#include <algorithm>
#include <cctype>

namespace wasl {
namespace {

/// A hyphen that is typed is a minus in roff, and a line may not begin with what roff takes for a request.
std::string plain(std::string_view text) {
  std::string out;
  bool begins = true;
  for (const char c : text) {
    if (begins && (c == '.' || c == '\'')) out += "\\&";
    begins = c == '\n';
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

/// Words as an argument of a macro.
std::string macro_argument(std::string_view text) {
  std::string out = "\"";
  for (const char c : plain(text)) {
    if (c == '"') {
      out += "\\(dq";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string bold(std::string_view text) { return "\\fB" + plain(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + plain(text) + "\\fR"; }

void append_paragraphs(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const auto end = text.find("\n\n");
    std::string_view paragraph = text.substr(0, end);
    while (paragraph.ends_with('\n')) paragraph.remove_suffix(1);
    out += ".PP\n" + plain(paragraph) + "\n";
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 2);
  }
}

std::string heading_of(const CommandOption& option) {
  if (option.positional) return italic(option.names.front()) + (option.many ? " ..." : "");
  std::string out;
  for (const std::string& name : option.names) out += (out.empty() ? "" : ", ") + bold(name);
  if (option.value.empty()) return out;
  std::string choices;
  for (const std::string& choice : option.choices) choices += (choices.empty() ? "" : "|") + bold(choice);
  return out + " " + (choices.empty() ? italic(option.value) : choices);
}

void append_options(std::string& out, const std::vector<CommandOption>& options) {
  for (const CommandOption& option : options) {
    out += ".TP\n" + heading_of(option) + "\n" + plain(option.what);
    if (!option.preset.empty()) out += " (" + italic(option.preset) + " where not given)";
    if (!option.variable.empty()) out += ". The variable " + bold(option.variable) + " serves too";
    out += ".\n";
  }
}

std::string synopsis_of(const CommandTree& command, const std::string& path) {
  std::string out = bold(path);
  if (!command.commands.empty()) return out + " " + italic("COMMAND");
  for (const CommandOption& option : command.options) {
    if (!option.positional && !option.required) continue;
    const std::string one = heading_of(option);
    out += option.required ? " " + one : " [" + one + "]";
  }
  const bool optional = std::ranges::any_of(
      command.options, [](const CommandOption& option) { return !option.positional && !option.required; });
  return optional ? out + " [" + italic("OPTION") + " ...]" : out;
}

std::string typed(std::string_view lines) { return ".PP\n.EX\n" + plain(lines) + "\n.EE\n"; }

using Options = std::vector<CommandOption>;

bool is_among(const Options& options, const CommandOption& one) {
  return std::ranges::any_of(options, [&](const CommandOption& other) {
    return other.names == one.names && other.what == one.what;
  });
}

void count_commands(const CommandTree& command, std::size_t& count,
                    std::vector<std::pair<CommandOption, std::size_t>>& seen) {
  for (const CommandTree& sub : command.commands) count_commands(sub, count, seen);
  if (!command.commands.empty()) return;
  ++count;
  for (const CommandOption& option : command.options) {
    if (option.positional) continue;
    const auto known =
        std::ranges::find_if(seen, [&](const auto& one) { return is_among({one.first}, option); });
    if (known == seen.end()) {
      seen.emplace_back(option, 1);
    } else {
      ++known->second;
    }
  }
}

/// Those that most commands take: they are explained once.
Options usual_options(const CommandTree& program) {
  std::size_t commands = 0;
  std::vector<std::pair<CommandOption, std::size_t>> seen;
  count_commands(program, commands, seen);
  Options usual;
  for (const auto& [option, count] : seen)
    if (commands > 1 && 2 * count > commands) usual.push_back(option);
  return usual;
}

void append_command(std::string& out, const CommandTree& command, const std::string& path,
                    const Options& usual) {
  if (!command.commands.empty()) {
    out += ".SS " + macro_argument(path) + "\n" + plain(command.what) + ".\n";
    append_paragraphs(out, command.notes);
    if (!command.examples.empty()) out += typed(command.examples);
    for (const CommandTree& sub : command.commands) append_command(out, sub, path + " " + sub.name, usual);
    return;
  }
  out += ".SS " + macro_argument(path) + "\n" + synopsis_of(command, path) + "\n.PP\n" + plain(command.what) +
         ".\n";
  Options own;
  std::ranges::copy_if(command.options, std::back_inserter(own),
                       [&](const CommandOption& option) { return !is_among(usual, option); });
  append_options(out, own);
  if (!command.examples.empty()) out += typed(command.examples);
}

}  // namespace

std::string man_page(const CommandTree& program, const ManualPage& page) {
  std::string out = ".TH " + macro_argument(upper(program.name)) + " 1 \"\" " +
                    macro_argument(program.name + " " + page.version) + " \"User Commands\"\n";
  out += ".SH NAME\n" + plain(program.name) + " \\- " + plain(page.summary) + "\n";
  out += ".SH SYNOPSIS\n" + synopsis_of(program, program.name) + "\n";
  out += ".SH DESCRIPTION\n";
  append_paragraphs(out, page.description);
  const Options usual = usual_options(program);
  if (!usual.empty()) {
    out += ".SH OPTIONS\nMost commands take these.\n";
    append_options(out, usual);
  }
  out += ".SH COMMANDS\n";
  for (const CommandTree& command : program.commands)
    append_command(out, command, program.name + " " + command.name, usual);
  if (!program.examples.empty()) out += ".SH EXAMPLES\n" + typed(program.examples);
  if (!program.notes.empty()) {
    out += ".SH NOTES\n";
    append_paragraphs(out, program.notes);
  }
  if (!page.files.empty()) {
    out += ".SH FILES\n";
    for (const std::string& file : page.files) {
      const auto tab = file.find('\t');
      out += ".TP\n" + italic(file.substr(0, tab)) + "\n" + plain(file.substr(tab + 1)) + "\n";
    }
  }
  if (!page.see_also.empty()) out += ".SH SEE ALSO\n" + plain(page.see_also) + "\n";
  return out;
}

}  // namespace wasl
