#include "shared/manual/commands.hpp"

#include <CLI/CLI.hpp>

#include "shared/manual/completion.hpp"

namespace wasl {

void add_manual_commands(CLI::App& app, const ManualPage& page,
                         std::function<void(const std::string&)> print) {
  const std::string name = app.get_name();
  CLI::App* manual = app.add_subcommand("manual", "The whole manual, as a page for man");
  manual->footer("Examples:\n  " + name + " manual | man -l -");
  manual->callback([&app, page, print] { print(man_page(command_tree(app, app.get_name()), page)); });

  CLI::App* finish = app.add_subcommand("completion", "A script that lets a shell finish what is typed");
  finish->footer("Examples:\n  source <(" + name + " completion bash)\n  " + name +
                 " completion fish | source");
  CLI::Option* shell = finish->add_option("SHELL", "bash, zsh or fish");
  shell->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  finish->callback([&app, shell, print] {
    const auto script = completion(command_tree(app, app.get_name()), shell->as<std::string>());
    if (script) print(*script);  // the parser has checked the name
  });
}

}  // namespace wasl
