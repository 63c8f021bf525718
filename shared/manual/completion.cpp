#include "shared/manual/completion.hpp"

#include <functional>

namespace wasl {
namespace {

using Visit = std::function<void(const CommandTree&, const std::string& path)>;

void walk(const CommandTree& command, const std::string& path, const Visit& visit) {
  visit(command, path);
  for (const CommandTree& sub : command.commands) walk(sub, path + " " + sub.name, visit);
}

/// Between single quotes of any of the shells; none of the three knows an escape within that all share.
std::string shell_word(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "\xE2\x80\x99";  // a typographer's apostrophe: descriptions are for people
    } else {
      out += c == '\n' ? ' ' : c;
    }
  }
  return out + "'";
}

std::string joined(const std::vector<std::string>& words, char between) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += between;
    out += word;
  }
  return out;
}

std::string function_of(const CommandTree& program) {
  std::string out = "_" + program.name;
  for (char& c : out)
    if (c == '-') c = '_';
  return out;
}

/// All words that may follow a path, a function call each.
void each_word(const CommandTree& command,
               const std::function<void(const std::string& word, const std::string& what)>& give) {
  for (const CommandTree& sub : command.commands) give(sub.name, sub.what);
  for (const CommandOption& option : command.options) {
    if (option.positional) continue;
    for (const std::string& name : option.names) give(name, option.what);
  }
}

/// "PATH OPTION" of each option that takes a value, with the choices for it (none: any value).
void each_value(
    const CommandTree& program,
    const std::function<void(const std::string& key, const std::vector<std::string>& choices)>& give) {
  walk(program, program.name, [&](const CommandTree& command, const std::string& path) {
    for (const CommandOption& option : command.options) {
      if (option.positional || option.value.empty()) continue;
      for (const std::string& name : option.names) give(path + " " + name, option.choices);
    }
  });
}

/// The line of a `case` that goes down the tree of commands, in the syntax that bash and zsh share.
/// @param variable holds the path so far.
std::string descent(const CommandTree& program, const std::string& variable) {
  std::vector<std::string> paths;
  walk(program, program.name, [&](const CommandTree&, const std::string& path) {
    if (path != program.name) paths.push_back(shell_word(path));
  });
  return "      " + joined(paths, '|') + ") " + variable + "=\"$" + variable + " $word\" ;;\n";
}

std::string for_bash(const CommandTree& program) {
  const std::string function = function_of(program);
  std::string out = "# bash completion of " + program.name + "\n" + function + "() {\n" +
                    "  local path=" + program.name + " words='' word\n" +
                    "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n" +
                    "    case \"$path $word\" in\n" + descent(program, "path") + "    esac\n  done\n" +
                    "  case \"$path ${COMP_WORDS[COMP_CWORD-1]}\" in\n";
  each_value(program, [&](const std::string& key, const std::vector<std::string>& choices) {
    out += "    " + shell_word(key) + ") words=" + shell_word(joined(choices, ' ')) + " ;;\n";
  });
  out += "    *) case \"$path\" in\n";
  walk(program, program.name, [&](const CommandTree& command, const std::string& path) {
    std::vector<std::string> words;
    each_word(command, [&](const std::string& word, const std::string&) { words.push_back(word); });
    out += "      " + shell_word(path) + ") words=" + shell_word(joined(words, ' ')) + " ;;\n";
  });
  out += "    esac ;;\n  esac\n";
  out += "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\")\n}\n";
  return out + "complete -o bashdefault -o default -F " + function + " " + program.name + "\n";
}

std::string for_zsh(const CommandTree& program) {
  const std::string function = function_of(program);
  // In what _describe takes, a colon parts the word from its description.
  const auto described = [](const std::string& word, const std::string& what) {
    return shell_word(word + ":" + what);
  };
  std::string out = "#compdef " + program.name + "\n" + function + "() {\n" +
                    "  local path_=" + program.name + " word\n  local -a found\n" +
                    "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n" + "    case \"$path_ $word\" in\n";
  out += descent(program, "path_") + "    esac\n  done\n  case \"$path_ ${words[CURRENT-1]}\" in\n";
  each_value(program, [&](const std::string& key, const std::vector<std::string>& choices) {
    out += "    " + shell_word(key) + ") ";
    if (choices.empty()) {
      out += "_files; return ;;\n";
      return;
    }
    out += "found=(";
    for (const std::string& choice : choices) out += shell_word(choice) + " ";
    out += ") ;;\n";
  });
  out += "    *) case \"$path_\" in\n";
  walk(program, program.name, [&](const CommandTree& command, const std::string& path) {
    out += "      " + shell_word(path) + ") found=(";
    each_word(command, [&](const std::string& word, const std::string& what) {
      out += "\n        " + described(word, what);
    });
    out += ") ;;\n";
  });
  out += "    esac ;;\n  esac\n  _describe -V " + program.name + " found || _files\n}\n";
  return out + "if [[ $funcstack[1] == " + function + " ]]; then " + function + " \"$@\"; else compdef " +
         function + " " + program.name + "; fi\n";
}

std::string for_fish(const CommandTree& program) {
  std::string out = "# fish completion of " + program.name + "\n";
  const std::string command_of = "complete -c " + program.name;
  walk(program, program.name, [&](const CommandTree& command, const std::string& path) {
    // Every command above has been typed, and none below has.
    std::string when;
    std::string_view typed = std::string_view(path).substr(program.name.size());
    while (!typed.empty()) {
      typed.remove_prefix(1);
      const auto end = std::min(typed.find(' '), typed.size());
      when += "__fish_seen_subcommand_from " + std::string(typed.substr(0, end)) + "; and ";
      typed.remove_prefix(end);
    }
    std::vector<std::string> below;
    for (const CommandTree& sub : command.commands) below.push_back(sub.name);
    when += below.empty() ? "true" : "not __fish_seen_subcommand_from " + joined(below, ' ');
    for (const CommandTree& sub : command.commands)
      out += command_of + " -f -n " + shell_word(when) + " -a " + sub.name + " -d " + shell_word(sub.what) +
             "\n";
    for (const CommandOption& option : command.options) {
      if (option.positional) continue;
      out += command_of + " -n " + shell_word(when);
      for (const std::string& name : option.names)
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (!option.value.empty()) out += " -r";
      if (!option.choices.empty()) out += " -f -a " + shell_word(joined(option.choices, ' '));
      out += " -d " + shell_word(option.what) + "\n";
    }
  });
  return out;
}

}  // namespace

Result<std::string> completion(const CommandTree& program, std::string_view shell) {
  if (shell == "bash") return for_bash(program);
  if (shell == "zsh") return for_zsh(program);
  if (shell == "fish") return for_fish(program);
  return fail(Errc::invalid_value, "there is no completion for " + std::string(shell),
              "name bash, zsh or fish");
}

}  // namespace wasl
