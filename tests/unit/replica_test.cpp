// The behaviours that an office relies on, between two offices and a hub in one process.
#include <gtest/gtest.h>

#include "tests/support/mini_network.hpp"

namespace wasl::test {
namespace {

constexpr Millis kMinute = 60'000;

struct Network : testing::Test {
  TestClock clock;
  TestRandom random;
  std::unique_ptr<MiniHub> hub;
  std::unique_ptr<Office> a, b;

  void SetUp() override {
    ASSERT_TRUE(crypto::start());
    hub = std::make_unique<MiniHub>(clock, random);
    hub->add_organisation("world", "world");
    hub->add_organisation("africa", "section", "world");
    hub->add_organisation("ma", "association", "africa");
    hub->add_organisation("sn", "association", "africa");
    a = std::make_unique<Office>(*hub, clock, random, "ma", "administrator");
    b = std::make_unique<Office>(*hub, clock, random, "sn", "administrator");
  }
  /// Both push and both hear of it.
  void sync_all() {
    clock.time += kMinute;
    EXPECT_EQ(a->sync(), true);
    EXPECT_EQ(b->sync(), true);
    EXPECT_EQ(a->sync(), true);
  }
  /// Writes, and seals at once: the stamp is the test's time.
  void write(Office& office, const std::string& statement) {
    office.sql(statement);
    must(office.replica().seal());
    clock.time += kMinute;
  }
  void make_project() {
    a->sql(
        "INSERT INTO project(id, space, title, reference, status) VALUES('p1', 'network', 'Water', 'R1', "
        "'pipeline')");
    sync_all();
  }
};

TEST_F(Network, OfficesJoinAndAgree) {
  EXPECT_EQ(a->sync(), true);
  EXPECT_EQ(b->sync(), true);
  EXPECT_EQ(a->rows("SELECT dflt_value FROM pragma_table_info('project') WHERE name='space'"),
            "'association/ma'");
}

TEST_F(Network, ARowWrittenBySqlReachesTheOtherOffice) {
  make_project();
  EXPECT_EQ(b->rows("SELECT id, space, title, reference, status FROM project"),
            "p1|network|Water|R1|pipeline");
}

TEST_F(Network, DifferentFieldsOfOneRecordBothSurvive) {
  make_project();
  a->sql("UPDATE project SET reference='A' WHERE id='p1'");
  b->sql("UPDATE project SET status='closed' WHERE id='p1'");
  sync_all();
  for (Office* office : {a.get(), b.get()}) {
    EXPECT_EQ(office->rows("SELECT reference, status FROM project"), "A|closed");
    EXPECT_TRUE(must(office->replica().conflicts()).empty());
  }
}

TEST_F(Network, TheSameFieldShowsOneWinnerAndKeepsBoth) {
  make_project();
  write(*a, "UPDATE project SET reference='A' WHERE id='p1'");
  write(*b, "UPDATE project SET reference='B' WHERE id='p1'");
  sync_all();
  for (Office* office : {a.get(), b.get()}) {
    EXPECT_EQ(office->rows("SELECT reference FROM project"), "B");
    const auto conflicts = must(office->replica().conflicts());
    ASSERT_EQ(conflicts.size(), 1U);
    EXPECT_EQ(conflicts[0].values.size(), 2U);
    EXPECT_EQ(conflicts[0].field, "reference");
  }
  must(b->replica().resolve({"project", "p1", "reference", "", {}, 0, {}, "agreed"}));
  b->sync();
  sync_all();
  for (Office* office : {a.get(), b.get()}) EXPECT_TRUE(must(office->replica().conflicts()).empty());
  EXPECT_EQ(a->rows("SELECT reference FROM project"), b->rows("SELECT reference FROM project"));
}

TEST_F(Network, EqualValuesAreNoConflict) {
  make_project();
  a->sql("UPDATE project SET reference='X' WHERE id='p1'");
  b->sql("UPDATE project SET reference='X' WHERE id='p1'");
  sync_all();
  EXPECT_TRUE(must(a->replica().conflicts()).empty());
  a->sql("UPDATE project SET reference='Y' WHERE id='p1'");
  sync_all();
  EXPECT_TRUE(must(b->replica().conflicts()).empty());
  EXPECT_EQ(b->rows("SELECT reference FROM project"), "Y");
}

TEST_F(Network, AnEditMeetsADeleteAndTheRecordIsBackWhole) {
  a->sql("INSERT INTO theme(id, space) VALUES('t1', 'network')");
  make_project();
  a->sql("INSERT INTO project_theme(record, value) VALUES('p1', 't1')");
  sync_all();
  EXPECT_EQ(b->rows("SELECT record, value FROM project_theme"), "p1|t1");
  a->sql("DELETE FROM project WHERE id='p1'");
  EXPECT_EQ(a->rows("SELECT count(*) FROM project_theme"), "0");
  b->sql("UPDATE project SET reference='kept' WHERE id='p1'");
  sync_all();
  for (Office* office : {a.get(), b.get()}) {
    EXPECT_EQ(office->rows("SELECT id, title, reference FROM project"), "p1|Water|kept");
    EXPECT_EQ(office->rows("SELECT record, value FROM project_theme"), "p1|t1");
  }
}

TEST_F(Network, ADeleteAloneDeletesEverywhere) {
  make_project();
  a->sql("DELETE FROM project WHERE id='p1'");
  sync_all();
  EXPECT_EQ(b->rows("SELECT count(*) FROM project"), "0");
}

TEST_F(Network, AnEditOverAConflictLeavesTheHeadItDidNotSee) {
  make_project();
  write(*a, "UPDATE project SET reference='A' WHERE id='p1'");
  write(*b, "UPDATE project SET reference='B' WHERE id='p1'");
  sync_all();
  a->sql("UPDATE project SET reference='C' WHERE id='p1'");
  sync_all();
  const auto conflicts = must(b->replica().conflicts());
  ASSERT_EQ(conflicts.size(), 1U);
  std::set<std::string> values;
  for (const auto& value : conflicts[0].values) values.insert(value.value);
  EXPECT_EQ(values, (std::set<std::string>{"A", "C"}));
}

TEST_F(Network, AStaleWholeRowDoesNotOverwriteSilently) {
  make_project();
  b->sql("UPDATE project SET reference='new' WHERE id='p1'");
  sync_all();
  // A program read the row before and writes all of it back with one real change.
  a->sql("UPDATE project SET title='Water and soil', reference='R1', status='pipeline' WHERE id='p1'");
  sync_all();
  const auto conflicts = must(b->replica().conflicts());
  ASSERT_EQ(conflicts.size(), 1U);
  EXPECT_EQ(conflicts[0].field, "reference");
  EXPECT_EQ(b->rows("SELECT title FROM project"), "Water and soil");
}

TEST_F(Network, LanguagesMergeOneByOne) {
  make_project();
  a->sql("UPDATE project SET title=json_object('und', 'Water', 'fr', 'Eau') WHERE id='p1'");
  b->sql("UPDATE project SET title=json_object('und', 'Water', 'ar', 'ماء') WHERE id='p1'");
  sync_all();
  EXPECT_EQ(a->rows("SELECT title FROM project"), R"({"ar":"ماء","fr":"Eau","und":"Water"})");
  EXPECT_EQ(b->rows("SELECT title FROM project"), a->rows("SELECT title FROM project"));
  a->sql("UPDATE project SET title='Eau propre' WHERE id='p1'");
  sync_all();
  EXPECT_EQ(b->rows("SELECT title->>'und', title->>'fr' FROM project"), "Eau propre|Eau");
  a->sql("UPDATE project SET title=NULL WHERE id='p1'");
  sync_all();
  EXPECT_EQ(b->rows("SELECT title IS NULL FROM project"), "1");
}

TEST_F(Network, ReplaceIsAnUpdateOfWhatDiffers) {
  make_project();
  a->sql("REPLACE INTO project(id, space, title, reference) VALUES('p1', 'network', 'Water', 'R2')");
  sync_all();
  EXPECT_EQ(b->rows("SELECT title, reference, status FROM project"), "Water|R2|NULL");
  EXPECT_EQ(must(b->replica().history("project", "p1")).size(), 6U);  // created, three fields, two changes
}

TEST_F(Network, OnlyTheEndOfAGroupCounts) {
  make_project();
  a->sql(
      "UPDATE project SET reference='tmp' WHERE id='p1'; UPDATE project SET reference='R1' WHERE id='p1';"
      "INSERT INTO project(id, space) VALUES('gone', 'network'); DELETE FROM project WHERE id='gone';");
  EXPECT_EQ(must(a->replica().seal()), 0U);
  EXPECT_EQ(a->sync(), true);
}

TEST_F(Network, PersonalValuesTravelBesideTheirCommitments) {
  a->sql("INSERT INTO person(id, space, name) VALUES('q1', 'network', 'Amina')");
  sync_all();
  EXPECT_EQ(b->rows("SELECT name FROM person"), "Amina");
  a->sql("UPDATE person SET name='Same' WHERE id='q1'");
  b->sql("UPDATE person SET name='Same' WHERE id='q1'");
  sync_all();
  EXPECT_EQ(must(a->replica().conflicts()).size(), 1U);
}

TEST_F(Network, PrivateSpacesStayWithTheirReaders) {
  a->sql("INSERT INTO project(id, title) VALUES('secret', 'XYZZYSECRET')");
  sync_all();
  EXPECT_EQ(a->rows("SELECT space FROM project"), "association/ma");
  EXPECT_EQ(b->rows("SELECT count(*) FROM project"), "0");
}

TEST_F(Network, RefusedWorkStaysInTheOverlayUntilDiscarded) {
  make_project();
  a->sql("INSERT INTO project(id, space, title) VALUES('pub', 'public', 'Nope')");
  a->sql("UPDATE project SET reference='mine' WHERE id='p1'");
  EXPECT_EQ(a->sync(), true);
  auto status = must(a->replica().status());
  EXPECT_EQ(status.refused, 1U);
  ASSERT_EQ(status.waiting.size(), 1U);
  EXPECT_EQ(a->rows("SELECT title FROM project WHERE id='pub'"), "Nope");
  must(a->replica().discard(status.waiting[0].name));
  EXPECT_EQ(a->rows("SELECT count(*) FROM project WHERE id='pub'"), "0");
  EXPECT_EQ(a->sync(), true);
}

TEST_F(Network, AnIdOfAnotherRegisterTouchesNeitherADeadRecordNorItsReturn) {
  make_project();
  Office c(*hub, clock, random, "ma", "administrator");
  c.sync();
  a->sql("DELETE FROM project WHERE id='p1'");
  sync_all();
  b->sql("INSERT INTO need(id, space, title) VALUES('p1', 'network', 'A need')");
  must(b->replica().seal());
  EXPECT_EQ(b->rows("SELECT title, status, description FROM need"), "A need|NULL|NULL");
  EXPECT_TRUE(must(b->replica().verify()).ok);
  c.sql("UPDATE project SET reference='late'");  // had not heard of the delete
  c.sync();
  EXPECT_EQ(b->sync(), true);
  EXPECT_EQ(b->rows("SELECT title, reference FROM project"), "Water|late");
  EXPECT_EQ(must(b->replica().status()).refused, 1U);
}

TEST_F(Network, AnIdOfAnotherRegisterLeavesConflictsListed) {
  make_project();
  a->sql("UPDATE project SET reference='A'");
  b->sql("UPDATE project SET reference='B'");
  sync_all();
  ASSERT_EQ(must(a->replica().conflicts()).size(), 1U);
  a->sql("INSERT INTO need(id, space, title) VALUES('p1', 'network', 'A need')");
  must(a->replica().seal());
  a->sql("UPDATE need SET title='Another'");
  EXPECT_EQ(must(a->replica().conflicts()).size(), 1U);
}

TEST_F(Network, DiscardOfUnsentWorkRestoresWhatWasConfirmed) {
  make_project();
  a->sql("UPDATE project SET reference='oops', title='Oops' WHERE id='p1'");
  must(a->replica().seal());
  const auto history = must(a->replica().history("project", "p1"));
  must(a->replica().discard(history.back().change_set));
  EXPECT_EQ(a->rows("SELECT title, reference FROM project"), "Water|R1");
  a->sql("UPDATE project SET reference='better' WHERE id='p1'");
  sync_all();
  EXPECT_EQ(b->rows("SELECT title, reference FROM project"), "Water|better");
  EXPECT_TRUE(must(b->replica().verify()).ok);
}

TEST_F(Network, VerifySeesADamagedRowAndRepairMendsIt) {
  make_project();
  EXPECT_TRUE(must(a->replica().verify()).ok);
  a->sql("DROP TRIGGER _wasl_project_update; UPDATE project SET reference='forged' WHERE id='p1'");
  EXPECT_FALSE(must(a->replica().verify()).ok);
  must(a->replica().rebuild("network"));
  EXPECT_EQ(a->rows("SELECT reference FROM project"), "R1");
  EXPECT_TRUE(must(a->replica().verify()).ok);
}

TEST_F(Network, ALostReplicaIsFetchedAgainAndUnsentWorkComesFromTheOutbox) {
  make_project();
  a->sql("UPDATE project SET reference='unsent' WHERE id='p1'");
  must(a->replica().seal());
  const auto folder = a->folder();
  for (const char* name : {"replica.db", "replica.db-wal", "replica.db-shm"})
    std::filesystem::remove(folder / name);
  a->reopen();
  sync_all();
  sync_all();
  EXPECT_EQ(b->rows("SELECT reference FROM project"), "unsent");
  EXPECT_EQ(a->rows("SELECT reference FROM project"), "unsent");
}

TEST_F(Network, AnOlderReplicaTakesUnsentWorkFromAnOutboxThatBeginsLater) {
  make_project();
  const auto folder = a->folder();
  a->close();
  std::filesystem::copy_file(folder / "replica.db", folder / "older.db");
  a->reopen();
  a->sql("UPDATE project SET reference='sent' WHERE id='p1'");
  sync_all();
  sync_all();  // everything has its entry: outbox.log is emptied
  a->sql("UPDATE project SET reference='unsent' WHERE id='p1'");
  must(a->replica().seal());
  a->close();
  std::filesystem::remove(folder / "replica.db-wal");
  std::filesystem::rename(folder / "older.db", folder / "replica.db");
  a->reopen();
  sync_all();
  sync_all();
  EXPECT_EQ(b->rows("SELECT reference FROM project"), "unsent");
  EXPECT_EQ(a->rows("SELECT reference FROM project"), "unsent");
}

TEST_F(Network, WhatWasDiscardedDoesNotComeBackWithALostReplica) {
  make_project();
  a->sql("UPDATE project SET reference='discarded' WHERE id='p1'");
  must(a->replica().seal());
  must(a->replica().discard(must(a->replica().find_pending(""))));
  a->close();
  for (const char* name : {"replica.db", "replica.db-wal", "replica.db-shm"})
    std::filesystem::remove(a->folder() / name);
  a->reopen();
  sync_all();
  sync_all();
  EXPECT_NE(a->rows("SELECT reference FROM project"), "discarded");
  EXPECT_EQ(a->rows("SELECT reference FROM project"), b->rows("SELECT reference FROM project"));
  EXPECT_EQ(must(a->replica().status()).unsent, 0U);
}

TEST_F(Network, AReplicaThatIsDamagedItselfAccusesNobody) {
  b->sql("INSERT INTO ledger_entry(id, space, note) VALUES('l1', 'network', 'once')");
  b->sync();
  sync_all();
  EXPECT_EQ(a->rows("SELECT note FROM ledger_entry"), "once");
  must(a->replica().database().exec("UPDATE _wasl_space SET applied = applied - 1 WHERE name = 'network'"));
  a->close();
  EXPECT_THROW(a->reopen(), std::runtime_error);
}

TEST_F(Network, AnImportGoesOnABulkChainAndArrivesWhole) {
  a->sql(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<1500) "
      "INSERT INTO area(id, space, name) SELECT 'area-'||i, 'network', 'Area '||i FROM n");
  sync_all();
  EXPECT_EQ(b->rows("SELECT count(*) FROM area"), "1500");
  EXPECT_TRUE(must(b->replica().verify()).ok);
}

}  // namespace
}  // namespace wasl::test
