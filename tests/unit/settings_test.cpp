// What programs can be told: where a setting comes from, what is wrong with it and where, and the file that
// explains itself.
#include "shared/settings/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "client/cli/office_settings.hpp"
#include "server/app/hub_settings.hpp"
#include "shared/net/open_network.hpp"

namespace wasl {
namespace {

using ::testing::HasSubstr;

class SettingsTest : public ::testing::Test {
 protected:
  SettingsTest() {
    std::string name = (std::filesystem::temp_directory_path() / "wasl-settings-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~SettingsTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path file(const std::string& text, const std::string& name = "hub.toml") {
    const auto path = folder_ / name;
    std::ofstream(path) << text;
    return path;
  }
  Result<Settings> read(Settings::Sources sources) { return Settings::read(hub_settings(), sources); }
  std::string wrong(const std::string& text) {
    const auto path = file(text);
    const auto settings = read({.file = path});
    if (settings) return "";
    EXPECT_EQ(settings.error().code, Errc::invalid_value);
    EXPECT_EQ(settings.error().hint, "every setting explained: wasl-hub config");
    std::string message = settings.error().message;
    for (auto at = message.find(path.string()); at != std::string::npos; at = message.find(path.string()))
      message.replace(at, path.string().size(), "F");
    return message;
  }
  std::filesystem::path folder_;
};

TEST_F(SettingsTest, TheFlagWinsThenTheEnvironmentThenTheFileThenTheDefault) {
  const auto path = file("listen = \"127.0.0.1:1\"\nstrangers = 20\n");
  std::map<std::string, std::string> environment{{"WASL_HUB_LISTEN", "127.0.0.1:2"}};
  Settings::Sources sources{.file = path};
  EXPECT_EQ(read({})->text("listen"), "127.0.0.1:7707");
  EXPECT_EQ(read(sources)->text("listen"), "127.0.0.1:1");
  sources.environment = [&](const std::string& name) {
    const auto it = environment.find(name);
    return it == environment.end() ? std::nullopt : std::optional(it->second);
  };
  EXPECT_EQ(read(sources)->text("listen"), "127.0.0.1:2");
  sources.options["listen"] = "127.0.0.1:3";
  const auto settings = read(sources);
  EXPECT_EQ(settings->text("listen"), "127.0.0.1:3");
  EXPECT_EQ(settings->whole("strangers"), 20);
  EXPECT_FALSE(settings->flag("plain_text_on_an_open_network"));
}

TEST_F(SettingsTest, WhatIsWrongIsNamedWithItsPlaceAllOfItAtOnce) {
  EXPECT_EQ(wrong("strangers = 20\nlissten = \"127.0.0.1:1\"\n").substr(0, 56),
            "F:2:1: there is no setting 'lissten'; there are: data, s");
  EXPECT_EQ(wrong("\nlisten = 7707"), "F:2:10: listen is a text in quotation marks");
  EXPECT_EQ(wrong("strangers = 7"),
            "F:1:13: strangers cannot be '7': it is a whole number from 8 to 65536 (connections)");
  EXPECT_EQ(wrong("listen = \"here\""),
            "F:1:10: listen cannot be 'here': an address looks like 127.0.0.1:7707 or [::1]:7707");
  EXPECT_EQ(wrong("[tls]\nkey = \"\""),
            "F:2:7: tls.key cannot be '': it is not empty; leave it out where nothing is to be said");
  EXPECT_EQ(wrong("plain_text_on_an_open_network = \"yes\"\nstrangers = true"),
            "F:1:33: plain_text_on_an_open_network is true or false\nF:2:13: strangers is a whole number");
  EXPECT_THAT(wrong("strangers = 1979-05-27"), HasSubstr("F:1:13: strangers is a whole number"));
  EXPECT_THAT(wrong("[tls.key]\nx = 1"), HasSubstr("tls.key is a path in quotation marks"));
  EXPECT_THAT(wrong("[other]"), HasSubstr("there is no setting 'other'"));
  EXPECT_EQ(wrong("[tls]"), "") << "all in it is left out";
}

TEST_F(SettingsTest, WhatIsNoTomlIsNamedWithItsPlace) {
  const auto path = file("strangers = 20\nlisten = \"unfinished");
  const auto settings = read({.file = path});
  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error().message, HasSubstr(path.string() + ":2:"));
  EXPECT_THAT(settings.error().message, HasSubstr(": this is no TOML: "));
}

TEST_F(SettingsTest, AVariableAndAFlagAreNamedToo) {
  Settings::Sources sources;
  sources.environment = [](const std::string& name) {
    return name == "WASL_HUB_STRANGERS" ? std::optional<std::string>("many") : std::nullopt;
  };
  sources.options["listen"] = "x";
  const auto settings = read(sources);
  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error().message, HasSubstr("--listen: listen cannot be 'x'"));
  EXPECT_THAT(settings.error().message, HasSubstr("WASL_HUB_STRANGERS: strangers cannot be 'many'"));
}

TEST_F(SettingsTest, AFileThatIsNotThereIsNoDefault) {
  const auto settings = read({.file = folder_ / "none.toml"});
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().code, Errc::not_found);
}

TEST_F(SettingsTest, APathIsTakenFromTheFilesFolder) {
  const auto settings = read({.file = file("data = \"hub\"\n[tls]\ncertificate = \"/etc/hub.pem\"\n")});
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->path("data"), std::filesystem::absolute(folder_ / "hub"));
  EXPECT_EQ(settings->path("tls.certificate"), "/etc/hub.pem");
  EXPECT_EQ(settings->path("tls.key"), "");
}

TEST_F(SettingsTest, WhatIsPrintedReadsAsTheSame) {
  for (const SettingsTable* table : {&hub_settings(), &cli::office_settings()}) {
    Settings::Sources sources;
    for (const Setting& setting : table->settings) {
      const std::string name(setting.name);
      sources.options[name] = setting.kind == SettingKind::flag    ? "true"
                              : setting.kind == SettingKind::whole ? "30"
                              : setting.kind == SettingKind::path  ? "/a \"b\"\\\n ب"
                                                                   : std::string(setting.example);
      if (sources.options[name].empty()) sources.options[name] = std::string(setting.fallback);
    }
    const auto settings = Settings::read(*table, sources);
    ASSERT_TRUE(settings) << settings.error().message;
    const auto again = Settings::read(*table, {.file = file(settings->print(), "printed.toml")});
    ASSERT_TRUE(again) << again.error().message;
    const auto lines = settings->lines();
    const auto printed = again->lines();
    ASSERT_EQ(lines.size(), table->settings.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      EXPECT_EQ(printed[i].value, lines[i].value) << lines[i].setting->name;
      EXPECT_EQ(printed[i].origin, SettingOrigin::file);
    }
  }
}

TEST_F(SettingsTest, NothingSaidIsPrintedAsACommentThatSaysNothing) {
  const auto settings = read({});
  const std::string text = settings->print();
  EXPECT_THAT(text, HasSubstr("\n# metrics_listen = \"127.0.0.1:7708\"\n"));
  const auto again = read({.file = file(text)});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->text("metrics_listen"), "");
  EXPECT_EQ(again->whole("drain_seconds"), 3);
}

TEST_F(SettingsTest, EverySettingIsExplainedAndItsDefaultIsAllowed) {
  for (const SettingsTable* table : {&hub_settings(), &cli::office_settings()}) {
    std::set<std::string> variables;
    for (const Setting& setting : table->settings) {
      EXPECT_GE(setting.explanation.size(), 10U) << setting.name;
      EXPECT_TRUE(variables.insert(table->variable(setting)).second) << setting.name;
      if (setting.fallback.empty()) {
        EXPECT_FALSE(setting.example.empty()) << setting.name;
        continue;
      }
      EXPECT_TRUE(
          Settings::read(*table, {.options = {{std::string(setting.name), std::string(setting.fallback)}}}))
          << setting.name;
    }
  }
}

TEST(OpenNetwork, IsWhatLeavesThisMachine) {
  for (const char* here : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "localhost"})
    EXPECT_TRUE(is_loopback(here)) << here;
  for (const char* away :
       {"0.0.0.0", "10.0.0.1", "::", "::ffff:10.0.0.1", "hub.example", "127.0.0.1.example", ""})
    EXPECT_FALSE(is_loopback(away)) << away;
}

TEST(OpenNetwork, PlainTextIsRefusedUnlessSomebodySaysSo) {
  EXPECT_TRUE(may_listen_in_plain("127.0.0.1:7707", false));
  EXPECT_TRUE(may_listen_in_plain("[::1]:7707", false));
  EXPECT_TRUE(may_listen_in_plain("0.0.0.0:7707", true));
  const auto refused = may_listen_in_plain("[::]:7707", false);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().hint, HasSubstr("--plain-text-on-an-open-network"));
  EXPECT_TRUE(may_call_in_plain("ws://127.0.0.1:7707", false));
  EXPECT_TRUE(may_call_in_plain("wss://hub.example", false));
  EXPECT_TRUE(may_call_in_plain("ws://hub.example", true));
  EXPECT_FALSE(may_call_in_plain("ws://hub.example/wasl", false));
  EXPECT_FALSE(may_call_in_plain("ws://localhost.example", false));
}

}  // namespace
}  // namespace wasl
