// What `resolve` and `space_of` answer where it is not plain what is meant.
#include <gtest/gtest.h>

#include "tests/support/mini_network.hpp"

namespace wasl::test {
namespace {

struct Resolving : testing::Test {
  TestClock clock;
  TestRandom random;
  std::unique_ptr<MiniHub> hub;
  std::unique_ptr<Office> a, b;

  void SetUp() override {
    ASSERT_TRUE(crypto::start());
    hub = std::make_unique<MiniHub>(clock, random);
    hub->add_organisation("africa", "section");
    hub->add_organisation("ma", "association", "africa");
    a = std::make_unique<Office>(*hub, clock, random, "ma", "administrator");
    b = std::make_unique<Office>(*hub, clock, random, "ma");
    a->sql(
        "INSERT INTO project(id, space, title) VALUES('p1', 'network', json_object('en', 'W', 'fr', 'E'))");
    sync_all();
  }
  void sync_all() {
    clock.time += 60'000;
    for (Office* office : {a.get(), b.get(), a.get()}) EXPECT_EQ(office->sync(), true);
  }
  /// Both offices give the column another value at once.
  void disagree(const std::string& column, const std::string& one, const std::string& other) {
    a->sql("UPDATE project SET " + column + "=" + one + " WHERE id='p1'");
    b->sql("UPDATE project SET " + column + "=" + other + " WHERE id='p1'");
    sync_all();
  }
  static Replica::Resolution of(const std::string& column) {
    return {"project", "p1", column, "", std::nullopt, std::nullopt, std::nullopt, ""};
  }
  static Replica::Resolution take(const std::string& column, std::size_t which) {
    Replica::Resolution out = of(column);
    out.take = which;
    return out;
  }
  static Replica::Resolution set(const std::string& column, const SqlValue& value) {
    Replica::Resolution out = of(column);
    out.value = value;
    return out;
  }
  std::string told(const Replica::Resolution& resolution, Office& office) {
    const Status done = office.replica().resolve(resolution);
    return done ? "done" : std::string(to_word(done.error().code));
  }
  std::string told(const Replica::Resolution& resolution) { return told(resolution, *a); }
  std::size_t conflicts() { return must(a->replica().conflicts()).size(); }
};

TEST_F(Resolving, NamesWhatIsNotThere) {
  Replica::Resolution nothing = of("reference");
  nothing.register_name = "dream";
  EXPECT_EQ(told(nothing), "not_found");
  nothing = of("reference");
  nothing.id = "p9";
  EXPECT_EQ(told(nothing), "not_found");
  nothing = of("reference");
  nothing.space = "public";
  EXPECT_EQ(told(nothing), "not_found");
  EXPECT_EQ(told(of("dream")), "not_found");
  EXPECT_EQ(told(of("theme")), "not_found") << "a set has no conflicts";
  EXPECT_EQ(told(take("reference", 0)), "not_found") << "no conflict there";
}

TEST_F(Resolving, TakesOneOfTheValues) {
  disagree("reference", "'A'", "'B'");
  EXPECT_EQ(told(take("reference", 2)), "invalid_value");
  EXPECT_EQ(conflicts(), 1U);
  EXPECT_EQ(told(take("reference", 1)), "done");
  EXPECT_EQ(conflicts(), 0U);
}

TEST_F(Resolving, SetsAnotherValueOrNone) {
  disagree("reference", "'A'", "'B'");
  EXPECT_EQ(told(set("reference", std::string("\xff"))), "invalid_value");
  EXPECT_EQ(told(set("reference", std::string("C"))), "done");
  EXPECT_EQ(a->rows("SELECT reference FROM project"), "C");
  disagree("reference", "'D'", "'E'");
  EXPECT_EQ(told(of("reference")), "done");
  EXPECT_EQ(a->rows("SELECT reference IS NULL FROM project"), "1");
}

TEST_F(Resolving, MoneyIsTaken) {
  disagree("budget=1, budget_currency", "'XOF'", "'EUR'");
  EXPECT_EQ(told(set("budget", std::int64_t{5})), "invalid_value");
  EXPECT_EQ(told(take("budget", 0)), "done");
}

TEST_F(Resolving, AReviewedFieldNeedsTheRight) {
  disagree("status", "'pipeline'", "'closed'");
  EXPECT_EQ(told(take("status", 0), *b), "unauthorised");
  EXPECT_EQ(told(take("status", 0)), "done");
}

TEST_F(Resolving, TheOneLanguageInConflictIsMeant) {
  disagree("title", "json_object('en', 'W', 'fr', 'A')", "json_object('en', 'W', 'fr', 'B')");
  EXPECT_EQ(told(set("title", std::string("Eau"))), "done");
  EXPECT_EQ(a->rows("SELECT title FROM project"), R"({"en":"W","fr":"Eau"})");
}

TEST_F(Resolving, OfSeveralLanguagesOneMustBeNamed) {
  disagree("title", "json_object('en', 'A', 'fr', 'A')", "json_object('en', 'B', 'fr', 'B')");
  EXPECT_EQ(conflicts(), 2U);
  EXPECT_EQ(told(set("title", std::string("Eau"))), "conflict");
  EXPECT_EQ(conflicts(), 2U);
  Replica::Resolution french = set("title", std::string("Eau"));
  french.key = "fr";
  EXPECT_EQ(told(french), "done");
  EXPECT_EQ(conflicts(), 1U);
}

}  // namespace
}  // namespace wasl::test
