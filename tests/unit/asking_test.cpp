// What an office asks of its replica, and what it may take back: names of what waits, discards, history in
// words, status.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/mini_network.hpp"

namespace wasl::test {
namespace {

struct Asking : testing::Test {
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
    b = std::make_unique<Office>(*hub, clock, random, "ma", "administrator");
  }
  void sync_all() {
    clock.time += 60'000;
    for (Office* office : {a.get(), b.get(), a.get()}) EXPECT_EQ(office->sync(), true);
  }
  void write(const std::string& statement) {
    clock.time += 1'000;
    a->sql(statement);
    must(a->replica().seal());
  }
  std::vector<std::string> waiting() {
    std::vector<std::string> names;
    std::istringstream lines(a->rows("SELECT lower(hex(hash)) FROM _wasl_pending ORDER BY no"));
    for (std::string line; std::getline(lines, line);) names.push_back(line);
    return names;
  }
  std::string told(const std::string& prefix) {
    const auto found = a->replica().find_pending(prefix);
    return found ? to_hex(found->view()) : std::string(to_word(found.error().code));
  }
  /// What the history says of a record, oldest first.
  std::string history(const std::string& id) {
    std::string out;
    for (const HistoryLine& line : must(a->replica().history(std::nullopt, id))) {
      out += line.register_name + " " + line.what + (line.position == 0 ? " …" : "") + "\n";
    }
    return out;
  }
};

TEST_F(Asking, AChangeSetThatWaitsIsFoundByTheBeginningOfItsName) {
  write("INSERT INTO project(id, title) VALUES('p1', 'Water')");
  const std::string name = waiting().at(0);
  for (const std::size_t length : {64U, 8U, 7U, 1U, 0U})
    EXPECT_EQ(told(name.substr(0, length)), name) << length;
  EXPECT_EQ(told(name.substr(0, 8) + (name[8] == '0' ? "1" : "0")), "not_found");
  EXPECT_EQ(told("100%"), "not_found") << "no name, and no pattern";
  EXPECT_EQ(told("_"), "not_found");
  write("INSERT INTO project(id, title) VALUES('p2', 'Road')");
  EXPECT_EQ(told(""), "conflict") << "it may mean either";
  EXPECT_EQ(told(waiting().at(1)), waiting().at(1));
}

TEST_F(Asking, WhatIsNotThereOrWasAcceptedIsNotDiscarded) {
  write("INSERT INTO project(id, title) VALUES('p1', 'Water')");
  Replica& replica = a->replica();
  EXPECT_EQ(replica.discard(Hash{}).error().code, Errc::not_found);
  const Hash name = must(replica.find_pending(""));
  a->sql("UPDATE _wasl_pending SET state = 3");  // the hub said so, and its entry is on the way
  EXPECT_EQ(replica.discard(name).error().code, Errc::conflict);
  EXPECT_EQ(must(replica.status()).unacknowledged, 1U);
  a->sql("UPDATE _wasl_pending SET state = 0");
  must(replica.discard(name));
  EXPECT_EQ(replica.discard(name).error().code, Errc::not_found) << "it was discarded before";
  EXPECT_EQ(told(""), "not_found");
  EXPECT_EQ(a->rows("SELECT count(*) FROM project"), "0");
  sync_all();
  EXPECT_EQ(b->rows("SELECT count(*) FROM project"), "0");
}

TEST_F(Asking, DiscardingOneOfSeveralLeavesTheOthers) {
  write("INSERT INTO project(id, space, title) VALUES('p1', 'network', 'Water')");
  write("UPDATE project SET title = 'Well' WHERE id = 'p1'");
  write("DELETE FROM project WHERE id = 'p1'");
  EXPECT_EQ(a->rows("SELECT count(*) FROM project"), "0");
  must(a->replica().discard(*Hash::from(*from_hex(waiting().at(2)))));
  EXPECT_EQ(a->rows("SELECT title FROM project"), "Well");
  must(a->replica().discard(*Hash::from(*from_hex(waiting().at(1)))));
  EXPECT_EQ(a->rows("SELECT title FROM project"), "Water");
  sync_all();
  EXPECT_EQ(b->rows("SELECT title FROM project"), "Water");
  EXPECT_TRUE(must(b->replica().verify()).ok);
}

TEST_F(Asking, HistorySaysInWordsWhatWasDone) {
  write("INSERT INTO theme(id, space) VALUES('t1', 'network')");
  write("INSERT INTO project(id, space, title, reference) VALUES('p1', 'network', 'Water', 'R1')");
  write("INSERT INTO project_theme(record, value) VALUES('p1', 't1')");
  sync_all();
  write("UPDATE project SET reference = 'A' WHERE id = 'p1'");
  b->sql("UPDATE project SET reference = 'B' WHERE id = 'p1'");
  sync_all();
  must(a->replica().resolve({"project", "p1", "reference", "", {}, {}, std::string("C"), "agreed by phone"}));
  write("DELETE FROM project_theme");
  write("UPDATE project SET reference = NULL WHERE id = 'p1'");
  write("DELETE FROM project WHERE id = 'p1'");
  const std::string all = history("p1");
  for (const char* words : {"project created\n", "project title.und = Water\n", "project reference = R1\n",
                            "project theme + ", "project reference = A\n", "project reference = B\n",
                            "project reference resolved to C (agreed by phone) …\n", "project theme - ",
                            "project reference = nothing …\n", "project deleted …\n"}) {
    EXPECT_NE(all.find(words), std::string::npos) << words << "in\n" << all;
  }
}

TEST_F(Asking, HistoryShowsNoPersonalValue) {
  write("INSERT INTO person(id, space, name) VALUES('q1', 'network', 'Amina')");
  EXPECT_EQ(history("q1"), "person created …\nperson name = (personal) …\n");
}

TEST_F(Asking, HistoryOfOneRegisterIsThatAlone) {
  write(
      "INSERT INTO project(id, title) VALUES('p1', 'Water'); INSERT INTO need(id, title) VALUES('n1', 'N')");
  const auto lines = must(a->replica().history("need", std::nullopt));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].id, "n1");
  EXPECT_EQ(a->replica().history("dream", std::nullopt).error().code, Errc::not_found);
  const auto acts = must(a->replica().history(std::nullopt, std::nullopt));
  EXPECT_TRUE(std::any_of(acts.begin(), acts.end(), [](const HistoryLine& line) {
    return line.register_name == "authority" && line.what == "act of authority";
  }));
}

TEST_F(Asking, AClockThatIsWrongIsSaidToTheOffice) {
  sync_all();
  EXPECT_TRUE(must(a->replica().status()).notices.empty());
  must(a->replica().make_hello(false, {}));
  Welcome welcome;
  welcome.hub_time = clock.time - 3'600'000;
  must(a->replica().on_welcome(welcome));
  const auto notices = must(a->replica().status()).notices;
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_NE(notices[0].find("differs from the hub's by 3600 seconds"), std::string::npos) << notices[0];
}

TEST_F(Asking, ARecordOfSeveralSpacesIsNamedWithItsSpace) {
  a->sql("INSERT INTO project(id, space, title) VALUES('p1', 'network', 'Water')");
  must(a->replica().seal());
  // The triggers refuse a second one; another program without them, or another office, may make it.
  must(a->replica().database().exec(
      "INSERT INTO project(id, space, title) VALUES('p1', 'association/ma', 'Road')"));
  const Register& project = *built_in_schema().find("project");
  EXPECT_EQ(a->replica().space_of(project, "p1", std::nullopt).error().code, Errc::conflict);
  EXPECT_EQ(must(a->replica().space_of(project, "p1", "association/ma")), "association/ma");
  EXPECT_EQ(a->replica().space_of(project, "p1", "public").error().code, Errc::not_found);
}

TEST_F(Asking, AConflictOfPersonalValuesIsShownAndResolvedInPlainWords) {
  write("INSERT INTO person(id, space, name) VALUES('q1', 'network', 'Amina')");
  sync_all();
  a->sql("UPDATE person SET name = 'Aminata' WHERE id = 'q1'");
  b->sql("UPDATE person SET name = NULL WHERE id = 'q1'");
  sync_all();
  const auto conflicts = must(a->replica().conflicts());
  ASSERT_EQ(conflicts.size(), 1U);
  std::map<std::string, bool> values;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < conflicts[0].values.size(); ++i) {
    values[conflicts[0].values[i].value] = conflicts[0].values[i].deleted;
    if (conflicts[0].values[i].value == "Aminata") kept = i;
  }
  EXPECT_EQ(values, (std::map<std::string, bool>{{"", true}, {"Aminata", false}}));
  must(a->replica().resolve({"person", "q1", "name", "", {}, kept, {}, ""}));
  sync_all();
  for (Office* office : {a.get(), b.get()}) EXPECT_EQ(office->rows("SELECT name FROM person"), "Aminata");
  EXPECT_TRUE(must(b->replica().conflicts()).empty());
  EXPECT_TRUE(must(b->replica().verify()).ok);
}

}  // namespace
}  // namespace wasl::test
