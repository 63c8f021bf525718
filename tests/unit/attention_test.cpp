// What needs attention: drafts may be unfinished and two good edits may break a rule together, so nothing of
// it is refused; all of it is listed.
#include <gtest/gtest.h>

#include "tests/support/mini_network.hpp"

namespace wasl::test {
namespace {

constexpr std::string_view kPlan = R"({"number": 7, "name": "plan", LABELS, "caption": "title",
  "default_space": "own", "fields": [
  {"number": 1, "name": "title", "type": "text", "policy": "latest", "required": true, LABELS},
  {"number": 2, "name": "starts_at", "type": "time", "policy": "latest", LABELS},
  {"number": 3, "name": "ends_at", "type": "time", "policy": "latest", LABELS},
  {"number": 4, "name": "least_cost", "type": "money", "policy": "latest", LABELS},
  {"number": 5, "name": "most_cost", "type": "money", "policy": "latest", LABELS},
  {"number": 6, "name": "tag", "type": "text", "policy": "set", LABELS},
  {"number": 7, "name": "old_one", "type": "text", "policy": "latest", "required": true, "retired": true, LABELS}],
  "rules": [{"name": "times", "before": "starts_at", "after": "ends_at", LABELS},
            {"name": "costs", "before": "least_cost", "after": "most_cost", LABELS}]})";

const Schema& plans() {
  static const Schema schema = [] {
    std::string text(kPlan);
    constexpr std::string_view kLabels =
        R"("labels": {"ar": "x", "en": "x", "fr": "x", "es": "x", "pt": "x"})";
    for (std::size_t at = 0; (at = text.find("LABELS", at)) != std::string::npos; at += kLabels.size())
      text.replace(at, 6, kLabels);
    return must(Schema::load({{"plan.json", text}}));
  }();
  return schema;
}

struct Attention : testing::Test {
  TestClock clock;
  TestRandom random;
  std::unique_ptr<MiniHub> hub;
  std::unique_ptr<Office> a, b;

  void SetUp() override {
    ASSERT_TRUE(crypto::start());
    hub = std::make_unique<MiniHub>(clock, random, plans());
    hub->add_organisation("africa", "section");
    hub->add_organisation("ma", "association", "africa");
    a = std::make_unique<Office>(*hub, clock, random, "ma", "administrator");
    b = std::make_unique<Office>(*hub, clock, random, "ma", "administrator");
  }
  void sync_all() {
    clock.time += 60'000;
    for (Office* office : {a.get(), b.get(), a.get()}) EXPECT_EQ(office->sync(), true);
  }
  static std::string of(Office& office) {
    std::string out;
    for (const AttentionItem& item : must(office.replica().attention()))
      out += item.id + " " + item.kind + ": " + item.words + "\n";
    return out;
  }
};

TEST_F(Attention, MissingFieldsAreNamedAndEmptyListsAreNone) {
  a->sql(
      "INSERT INTO plan(id) VALUES('p1'); INSERT INTO plan(id, title) VALUES('p2', 'T');"
      "INSERT INTO plan_tag(record, value) VALUES('p2', 'x')");
  EXPECT_EQ(of(*a), "p1 missing: title is missing\n");
  EXPECT_EQ(must(a->replica().status()).attention, 1U);
}

TEST_F(Attention, TwoGoodEditsMayBreakARuleTogether) {
  a->sql(
      "INSERT INTO plan(id, title, starts_at, ends_at) "
      "VALUES('p1', 'T', '2026-01-01T10:00:00Z', '2026-01-01T12:00:00Z');"
      "INSERT INTO plan_tag(record, value) VALUES('p1', 'x')");
  sync_all();
  EXPECT_EQ(of(*a), "");
  a->sql("UPDATE plan SET starts_at = '2026-01-01T11:30:00Z'");
  b->sql("UPDATE plan SET ends_at = '2026-01-01T11:00:00Z'");
  sync_all();
  for (Office* office : {a.get(), b.get()})
    EXPECT_EQ(of(*office), "p1 rule: x: starts_at is after ends_at\n");
}

TEST_F(Attention, AmountsAreComparedInOneCurrencyOnly) {
  a->sql(
      "INSERT INTO plan(id, title, least_cost, least_cost_currency, most_cost, most_cost_currency) "
      "VALUES('p1', 'T', 900, 'XOF', 5, 'EUR'), ('p2', 'T', 900, 'XOF', 5, 'XOF');"
      "INSERT INTO plan_tag(record, value) VALUES('p1', 'x'), ('p2', 'x')");
  EXPECT_EQ(of(*a), "p2 rule: x: least_cost is after most_cost\n");
}

TEST_F(Attention, WhatAnEditBroughtBackIsListedUntilSomebodyDeletesItAgain) {
  a->sql(
      "INSERT INTO plan(id, title) VALUES('p1', 'T');INSERT INTO plan_tag(record, value) VALUES('p1', 'x')");
  sync_all();
  a->sql("DELETE FROM plan");
  b->sql("UPDATE plan SET title = 'U'");
  sync_all();
  for (Office* office : {a.get(), b.get()}) {
    EXPECT_EQ(of(*office),
              "p1 revived: somebody deleted it while somebody else edited it; the edit brought it back\n");
  }
  a->sql("DELETE FROM plan");
  sync_all();
  for (Office* office : {a.get(), b.get()}) EXPECT_EQ(of(*office), "");
}

TEST_F(Attention, ADeleteThatIsTakenBackLeavesNothingToLookAt) {
  a->sql(
      "INSERT INTO plan(id, title) VALUES('p1', 'T');INSERT INTO plan_tag(record, value) VALUES('p1', 'x')");
  sync_all();
  b->sql("UPDATE plan SET title = 'U'");
  EXPECT_EQ(b->sync(), true);
  a->sql("DELETE FROM plan");
  must(a->replica().seal());
  const Hash deletion = must(a->replica().find_pending(""));
  EXPECT_EQ(a->sync(), true);  // the delete had not seen the edit
  EXPECT_EQ(must(a->replica().attention()).size(), 1U);
  EXPECT_EQ(a->replica().discard(deletion).error().code, Errc::not_found) << "the hub has it";
  a->sql("DELETE FROM plan");
  must(a->replica().seal());
  EXPECT_EQ(of(*a), "");
  must(a->replica().discard(must(a->replica().find_pending(""))));
  EXPECT_EQ(must(a->replica().attention()).size(), 1U) << "as it was confirmed";
}

}  // namespace
}  // namespace wasl::test
