// What programs write becomes change sets: where a value has no form that travels, where a reference leads,
// what is too large, what follows an import, and what an office without a grant may do.
#include <gtest/gtest.h>

#include "shared/base/limits.hpp"
#include "tests/support/mini_network.hpp"

namespace wasl::test {
namespace {

struct Sealing : testing::Test {
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
  /// As a program whose triggers are off.
  void unseen(const std::string& statement) { must(a->replica().database().exec(statement)); }
  void expect_verified() {
    for (Office* office : {a.get(), b.get()}) {
      const VerifyReport report = must(office->replica().verify());
      EXPECT_TRUE(report.ok) << report.problems.front();
    }
  }
};

TEST_F(Sealing, AValueWithoutAFormThatTravelsGoesBackToWhatWasShown) {
  a->sql("INSERT INTO project(id, space, title, planned_start) VALUES('p1', 'network', 'W', '2026-01-01')");
  sync_all();
  unseen("UPDATE project SET planned_start = 'soon', budget = 5");  // a budget without its currency
  a->sql("UPDATE project SET reference = 'R1'");
  sync_all();
  for (Office* office : {a.get(), b.get()})
    EXPECT_EQ(office->rows("SELECT planned_start, budget, reference FROM project"), "2026-01-01|NULL|R1");
  expect_verified();
}

TEST_F(Sealing, AnElementWithoutAFormThatTravelsStaysInThisFile) {
  a->sql(
      "INSERT INTO theme(id, space) VALUES('t1', 'network');"
      "INSERT INTO project(id, space, title) VALUES('p1', 'network', 'W')");
  sync_all();
  unseen("INSERT INTO project_theme(record, value, space) VALUES('p1', 'no id at all#', 'network')");
  a->sql("INSERT INTO project_theme(record, value) VALUES('p1', 't1')");
  sync_all();
  EXPECT_EQ(b->rows("SELECT value FROM project_theme"), "t1");
  expect_verified();
}

TEST_F(Sealing, AReferenceLeadsToTheNearestRecordThatIsHeld) {
  const auto lead = [&](const std::string& id) {
    a->sql("INSERT INTO project(id, space, title, organisation) VALUES('" + id + "', 'network', 'W', '" + id +
           "')");
    must(a->replica().seal());
    for (const HistoryLine& line : must(a->replica().history("project", id))) {
      if (line.what.starts_with("organisation")) return line.what;
    }
    return std::string();
  };
  a->sql(
      "INSERT INTO organisation(id, space) VALUES('here', 'network'), ('open', 'public'), "
      "('ours', 'association/ma')");
  must(a->replica().seal());
  unseen(
      "INSERT INTO organisation(id, space) VALUES('here', 'public'), ('two', 'association/ma'), "
      "('two', 'section/africa')");
  EXPECT_EQ(lead("here"), "organisation = network#here")
      << "the space of the record that names it comes first";
  EXPECT_EQ(lead("open"), "organisation = public#open");
  EXPECT_EQ(lead("ours"), "organisation = association/ma#ours") << "the only one that is held";
  EXPECT_EQ(lead("two"), "organisation = network#two") << "of two others neither is meant";
  EXPECT_EQ(lead("nobody"), "organisation = network#nobody") << "it may come later";
}

TEST_F(Sealing, AReferenceThatIsWrittenAgainKeepsItsSpace) {
  a->sql(
      "INSERT INTO project(id, space, title, organisation) VALUES('p1', 'network', 'W', 'section/africa#o1');"
      "INSERT INTO project_theme(record, value) VALUES('p1', 'section/africa#t1')");
  sync_all();
  EXPECT_EQ(a->rows("SELECT organisation FROM project"), "o1") << "SQL shows the id";
  const std::size_t before = must(a->replica().history("project", "p1")).size();
  a->sql(
      "REPLACE INTO project(id, space, title, organisation) VALUES('p1', 'network', 'W', 'o1');"
      "DELETE FROM project_theme; INSERT INTO project_theme(record, value) VALUES('p1', 't1')");
  must(a->replica().seal());
  EXPECT_EQ(must(a->replica().history("project", "p1")).size(), before) << "nothing was changed";
  sync_all();
  expect_verified();
}

TEST_F(Sealing, ARecordThatIsTooLargeIsRefusedInWordsAndKept) {
  std::string texts;
  for (int i = 0; i < 20; ++i) {
    texts += (i > 0 ? ", 'x" : "'x") + std::string(1, static_cast<char>('a' + i)) +
             "', printf('%.*c', 16000, 'x')";
  }
  a->sql("INSERT INTO project(id, space, title, summary) VALUES('p1', 'network', 'W', json_object(" + texts +
         "))");
  const auto refused = a->replica().seal();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::limit_exceeded);
  EXPECT_EQ(refused.error().hint, "move long texts into attachments");
  EXPECT_EQ(a->rows("SELECT count(*) FROM project"), "1") << "it stays as it was typed";
  a->sql("UPDATE project SET summary = 'short'");
  sync_all();
  EXPECT_EQ(b->rows("SELECT summary FROM project"), "short");
}

TEST_F(Sealing, AGroupIsSplitByRecordAndArrivesWhole) {
  std::string all;
  for (int i = 0; i < 6; ++i) {
    all += "INSERT INTO project(id, space, title, summary) VALUES('p" + std::to_string(i) +
           "', 'network', 'W', printf('%.*c', 12000, 'x'));";
  }
  a->sql(all);
  EXPECT_EQ(must(a->replica().seal()), 3U);
  sync_all();
  EXPECT_EQ(b->rows("SELECT count(*) FROM project"), "6");
  expect_verified();
}

TEST_F(Sealing, WorkOnWhatAnImportMadeFollowsItOnItsChain) {
  const auto chains = [&](const std::string& where) {
    return a->rows("SELECT count(DISTINCT chain) FROM _wasl_pending WHERE " + where);
  };
  a->sql("INSERT INTO area(id, space, name) VALUES('old', 'network', 'Old')");
  sync_all();
  a->sql(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<1001) "
      "INSERT INTO area(id, space, name) SELECT 'area-'||i, 'network', 'Area '||i FROM n");
  must(a->replica().seal());
  a->sql("UPDATE area SET name = 'One' WHERE id = 'area-1'");
  must(a->replica().seal());
  EXPECT_EQ(chains("1"), "1") << "it cannot be accepted before what it changes";
  a->sql("UPDATE area SET name = 'Older' WHERE id = 'old'");
  must(a->replica().seal());
  EXPECT_EQ(chains("1"), "2") << "other work does not wait for the import";
  sync_all();
  EXPECT_EQ(b->rows("SELECT name FROM area WHERE id IN ('old', 'area-1') ORDER BY id"), "One\nOlder");
  expect_verified();
}

TEST_F(Sealing, ARowThatIsNotWhereItWasWrittenIsDamage) {
  a->sql("INSERT INTO project(id, space, title) VALUES('p1', 'network', 'W')");
  unseen("DELETE FROM project");
  const auto refused = a->replica().seal();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::corrupt);
  EXPECT_EQ(refused.error().message,
            "replica.db is damaged: the row p1 of network is not where it was written");
}

TEST_F(Sealing, NotesThatSayNothingAreDropped) {
  unseen(
      "INSERT INTO _wasl_capture(register, space, id, kind, mask, at) VALUES(99, 'network', 'x', 1, 0, 0)");
  EXPECT_EQ(must(a->replica().seal()), 0U);
  EXPECT_EQ(a->rows("SELECT count(*) FROM _wasl_capture"), "0");
}

TEST_F(Sealing, AFailedWriteLeavesNothingAndWhatStoodBeforeIsSealedLater) {
  a->sql("INSERT INTO project(id, space, title) VALUES('p1', 'network', 'W')");
  const Status refused =
      a->replica().write([](Database& db) { return db.exec("UPDATE project SET status = 'no such thing'"); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid_value);
  EXPECT_NE(refused.error().message.find("status"), std::string::npos) << refused.error().message;
  sync_all();
  EXPECT_EQ(b->rows("SELECT title, status FROM project"), "W|NULL");
}

TEST_F(Sealing, AConflictUnderReviewIsNotEndedByWritingOneSideAgain) {
  a->sql("INSERT INTO project(id, space, title, status) VALUES('p1', 'network', 'W', 'pipeline')");
  sync_all();
  a->sql("UPDATE project SET status = 'closed'");
  b->sql("UPDATE project SET status = 'suspended'");
  sync_all();
  ASSERT_EQ(must(a->replica().conflicts()).size(), 1U);
  const std::string shown = a->rows("SELECT status FROM project");
  a->sql("UPDATE project SET status = '" + std::string(shown == "closed" ? "suspended" : "closed") + "'");
  sync_all();
  EXPECT_EQ(must(b->replica().conflicts()).size(), 1U) << "both sides stay until somebody resolves it";
  expect_verified();
}

TEST_F(Sealing, APersonalValueThatIsPutBackIsSeenForWhatItIs) {
  a->sql("INSERT INTO person(id, space, name, email) VALUES('q1', 'network', 'Awa', 'old@example.org')");
  sync_all();
  b->sql("UPDATE person SET email = 'new@example.org'");
  sync_all();
  a->sql("UPDATE person SET email = 'old@example.org', honorific = 'Ms'");  // a form that was read before
  sync_all();
  const auto conflicts = must(b->replica().conflicts());
  ASSERT_EQ(conflicts.size(), 1U);
  EXPECT_EQ(conflicts[0].field, "email");
  b->sql("UPDATE person SET honorific = 'Dr'");
  sync_all();
  clock.time += 25LL * 3600 * 1000;
  a->sql("UPDATE person SET honorific = 'Ms'");  // a day later it is meant
  sync_all();
  EXPECT_EQ(must(b->replica().conflicts()).size(), 1U);
  EXPECT_EQ(b->rows("SELECT honorific FROM person"), "Ms");
}

TEST(SealingAlone, AnOfficeThatIsNotEnrolledHasNoGrantToWriteBy) {
  ASSERT_TRUE(crypto::start());
  TestClock clock;
  TestRandom random;
  MiniHub hub(clock, random);
  hub.add_organisation("ma", "association");
  std::string pattern = (std::filesystem::temp_directory_path() / "wasl-alone-XXXXXX").string();
  const std::filesystem::path folder = mkdtemp(pattern.data());
  const Replica::Ports ports{clock, random, hub.schema()};
  EXPECT_EQ(Replica::open(folder, ports).error().code, Errc::not_found);
  must(Identity::open(folder, true));
  EXPECT_EQ(Replica::open(folder, ports).error().message, folder.string() + " never joined a network");
  {
    const auto replica = must(Replica::create(folder, hub.anchor("ma"), ports));
    EXPECT_EQ(must(replica->seal()), 0U);
    const crypto::KeyPair stranger = crypto::KeyPair::generate(random);
    const auto enrolment = replica->make_enrolment(stranger);
    ASSERT_FALSE(enrolment);
    EXPECT_EQ(enrolment.error().code, Errc::unauthorised) << "an invitation that nobody knows";
    EXPECT_EQ(must(replica->status()).spaces.size(), 1U) << "authority, which everybody reads";
  }
  NetworkAnchor other = hub.anchor("ma");
  other.network.bytes[0] ^= 1;
  const auto joined = Replica::create(folder, other, ports);
  ASSERT_FALSE(joined);
  EXPECT_EQ(joined.error().code, Errc::conflict) << "a folder belongs to one network";
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace wasl::test
