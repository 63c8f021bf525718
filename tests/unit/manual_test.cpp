#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "shared/manual/commands.hpp"
#include "shared/manual/completion.hpp"

namespace wasl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// A program with one command, and one inside another.
struct Program {
  Program() {
    app.footer("Exit codes: 0 done.");
    CLI::App* send = app.add_subcommand("send", "Sends what waits");
    send->footer("Examples:\n  boat send north --how fast\n\nExit codes: 0 done.");
    send->add_option("WHERE", where, "A port")->required();
    send->add_option("--how", how, "The speed")->check(CLI::IsMember({"fast", "slow"}))->envname("BOAT_HOW");
    send->add_flag("--json", json, "For machines");
    send->add_option("--secret", secret, "Not for people")->group("");
    CLI::App* crew = app.add_subcommand("crew", "Who is on board");
    crew->add_subcommand("list", "Names, 'as signed'")->add_option("--limit", limit, "At most so many");
  }

  CLI::App app{"A boat.", "boat"};
  std::string where, how, secret;
  bool json = false;
  unsigned limit = 0;
};

TEST(Manual, ReadsWhatTheParserKnows) {
  Program program;
  const CommandTree tree = command_tree(program.app, "boat");
  ASSERT_EQ(tree.commands.size(), 2U);
  const CommandTree& send = tree.commands[0];
  EXPECT_EQ(send.examples, "  boat send north --how fast");
  EXPECT_EQ(send.notes, "Exit codes: 0 done.");
  ASSERT_EQ(send.options.size(), 4U);  // with --help, without what is hidden
  EXPECT_TRUE(send.options[1].positional);
  EXPECT_TRUE(send.options[1].required);
  EXPECT_THAT(send.options[2].names, ElementsAre("--how"));
  EXPECT_THAT(send.options[2].choices, ElementsAre("fast", "slow"));
  EXPECT_EQ(send.options[2].variable, "BOAT_HOW");
  EXPECT_EQ(send.options[3].value, "");
  EXPECT_EQ(tree.commands[1].commands[0].options[1].value, "NUMBER");
}

TEST(Manual, ThePageHasEveryCommandAndNoRequestThatNobodyMeant) {
  Program program;
  ManualPage page;
  page.version = "3.1";
  page.summary = "a boat";
  page.description = "First.\n\n.second, with a dot and a \\ in it";
  page.files = {"/etc/boat\tIts name"};
  const std::string roff = man_page(command_tree(program.app, "boat"), page);
  EXPECT_THAT(roff, HasSubstr(".TH \"BOAT\" 1 \"\" \"boat 3.1\""));
  EXPECT_THAT(roff, HasSubstr("\n\\&.second, with a dot and a \\e in it\n"));
  EXPECT_THAT(roff, HasSubstr(".SS \"boat send\"\n\\fBboat send\\fR \\fIWHERE\\fR [\\fIOPTION\\fR ...]"));
  EXPECT_THAT(roff, HasSubstr("\\fB\\-\\-how\\fR \\fBfast\\fR|\\fBslow\\fR"));
  EXPECT_THAT(roff, HasSubstr("The variable \\fBBOAT_HOW\\fR serves too"));
  EXPECT_THAT(roff, HasSubstr(".SS \"boat crew list\""));
  // What most commands take is explained once.
  EXPECT_THAT(roff,
              HasSubstr(".SH OPTIONS\nMost commands take these.\n.TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR"));
  EXPECT_EQ(roff.find("\\-\\-help"), roff.rfind("\\-\\-help"));
  EXPECT_THAT(roff, HasSubstr(".SH FILES\n.TP\n\\fI/etc/boat\\fR\nIts name\n"));
  EXPECT_THAT(roff, Not(HasSubstr("secret")));
}

TEST(Manual, CompletionNamesChoicesAndHidesWhatIsHidden) {
  Program program;
  const CommandTree tree = command_tree(program.app, "boat");
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const auto script = completion(tree, shell);
    ASSERT_TRUE(script) << shell;
    EXPECT_THAT(*script, HasSubstr("slow")) << shell;
    EXPECT_THAT(*script, Not(HasSubstr("secret"))) << shell;
    EXPECT_THAT(*script, Not(HasSubstr("'as signed'"))) << shell;  // it would end a quoted word
  }
  const auto other = completion(tree, "tcsh");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Errc::invalid_value);
}

TEST(Manual, BothCommandsPrint) {
  Program program;
  std::string printed;
  add_manual_commands(program.app, {}, [&](const std::string& text) { printed = text; });
  program.app.parse("boat manual", true);
  EXPECT_THAT(printed, HasSubstr(".SS \"boat manual\""));
  program.app.parse("boat completion fish", true);
  EXPECT_THAT(printed, HasSubstr("complete -c boat"));
  EXPECT_THROW(program.app.parse("boat completion tcsh", true), CLI::ValidationError);
}

}  // namespace
}  // namespace wasl
