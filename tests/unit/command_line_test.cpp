// What a person types: names, values and times in words.
#include <gtest/gtest.h>

#include "client/cli/assignments.hpp"
#include "client/cli/words.hpp"
#include "client/replica/record_table.hpp"
#include "shared/sql/table_ddl.hpp"

namespace wasl::cli {
namespace {

constexpr Millis kNoon = 1'700'000'000'000;  // 2023-11-14T22:13:20Z

TEST(Words, TellATimeAsPeopleDo) {
  EXPECT_EQ(iso_time(kNoon + 7), "2023-11-14T22:13:20.007Z");
  EXPECT_EQ(iso_time(0), "");
  EXPECT_EQ(time_words(0, kNoon), "never");
  EXPECT_EQ(time_words(kNoon, kNoon + 30'000), "just now (2023-11-14 22:13 UTC)");
  EXPECT_EQ(time_words(kNoon, kNoon + 2 * 3'600'000), "2 hours ago (2023-11-14 22:13 UTC)");
  EXPECT_EQ(time_words(kNoon, kNoon + 72LL * 3'600'000), "3 days ago (2023-11-14 22:13 UTC)");
  EXPECT_EQ(time_words(kNoon + 3'600'000, kNoon),
            "in the future by this machine's clock (2023-11-14 23:13 UTC)");
}

TEST(Names, AreGuessedWhenNearlyRight) {
  const auto wrong = find_register(built_in_schema(), "projct");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message, "there is no register projct; did you mean project?");
  const auto field = find_field(*built_in_schema().find("project"), "statuss");
  ASSERT_FALSE(field);
  EXPECT_EQ(field.error().message, "project has no field statuss; did you mean status?");
  EXPECT_TRUE(near_names("xyzzy", {"project", "need"}).empty());
}

class Assignments : public ::testing::Test {
 protected:
  Assignments()
      : db_(*Database::open({.path = ":memory:", .create = true})), reg_(*built_in_schema().find("project")) {
    auto statements = sql::table_statements(reg_, "network");
    statements.push_back(sql::capture_table());
    for (auto& one : sql::trigger_statements(reg_, "network")) statements.push_back(std::move(one));
    for (const auto& one : statements) EXPECT_TRUE(db_.exec(one.sql)) << one.sql;
    EXPECT_TRUE(db_.set_applying(true));
    EXPECT_TRUE(db_.set_applying(false));  // triggers on and trusted, as Replica::write has them
  }

  Status write(std::string_view id, const std::vector<std::string>& words, bool insert) {
    WASL_LET(const auto assignments, parse_assignments(reg_, words));
    if (!insert) return update_record(db_, reg_, id, "network", assignments, "fr");
    WASL_LET(const std::string space, insert_record(db_, reg_, id, "", assignments, "fr"));
    EXPECT_EQ(space, "network");
    return {};
  }
  void add(std::string_view id, const std::vector<std::string>& words) {
    const auto written = write(id, words, true);
    EXPECT_TRUE(written) << written.error().message;
  }
  void set(std::string_view id, const std::vector<std::string>& words) {
    const auto written = write(id, words, false);
    EXPECT_TRUE(written) << written.error().message;
  }

  std::string one(const std::string& sql) {
    auto select = db_.prepare(sql);
    EXPECT_TRUE(select) << sql;
    const auto found = select->step();
    return found && *found ? std::string(select->text(0)) : "(none)";
  }

  Database db_;
  const Register& reg_;
};

TEST_F(Assignments, FillColumnsByTheirTypes) {
  add("a",
      {"reference=x=y", "budget=1250000 XOF", "readiness=4", "place=48.85,2.35", "planned_start=2026-03-01"});
  EXPECT_EQ(one("SELECT reference || '|' || budget || budget_currency || '|' || readiness || '|' || place "
                "FROM project"),
            "x=y|1250000XOF|4|48.85,2.35");
}

TEST_F(Assignments, MergeOneLanguageIntoTheOthers) {
  add("a", {"title=Eau", "title.ar=ماء"});
  EXPECT_EQ(one("SELECT title FROM project"), R"({"ar":"ماء","fr":"Eau"})");
  set("a", {"title.AR=", "title.en=Water"});
  EXPECT_EQ(one("SELECT title FROM project"), R"({"en":"Water","fr":"Eau"})");
  set("a", {"title="});
  EXPECT_EQ(one("SELECT title IS NULL FROM project"), "1");
}

TEST_F(Assignments, ClearAndChangeLists) {
  add("a", {"theme=t1,t2", "website=w"});
  set("a", {"theme+=t3", "theme-=t1", "website=", "theme+=t3"});
  EXPECT_EQ(one("SELECT group_concat(value) FROM (SELECT value FROM project_theme ORDER BY 1)"), "t2,t3");
  EXPECT_EQ(one("SELECT website IS NULL FROM project"), "1");
  set("a", {"theme="});
  EXPECT_EQ(one("SELECT count(*) FROM project_theme"), "0");
}

TEST_F(Assignments, AreRefusedInWords) {
  EXPECT_EQ(parse_assignments(reg_, {"title"}).error().code, Errc::invalid_value);
  EXPECT_EQ(parse_assignments(reg_, {"reference.fr=x"}).error().code, Errc::invalid_value);
  EXPECT_EQ(parse_assignments(reg_, {"reference+=x"}).error().code, Errc::invalid_value);
  EXPECT_EQ(write("a", {"readiness=many"}, true).error().message, "readiness: must be a whole number");
  EXPECT_EQ(write("a", {"budget=12"}, true).error().code, Errc::invalid_value);
  const auto refused = write("a", {"status=great"}, true);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("project.status"), std::string::npos);
}

TEST_F(Assignments, TakeAnObjectThatIsNotOfLanguagesForText) {
  add("p", {R"(title={"a":[1]})", "title.en=water"});
  EXPECT_EQ(one("SELECT title->>'fr' FROM project"), R"({"a":[1]})");
  EXPECT_EQ(one("SELECT title->>'en' FROM project"), "water");
}

}  // namespace
}  // namespace wasl::cli
