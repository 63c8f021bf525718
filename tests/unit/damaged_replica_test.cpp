// Rows and heads that a failing disk changed: the office accuses nobody for them, makes them again from
// signed history or asks for them again, and says so.
#include <gtest/gtest.h>

#include "tests/support/lied_to.hpp"

namespace wasl::test {
namespace {

constexpr std::string_view kDamage =
    "UPDATE _wasl_entry SET hash = zeroblob(32) WHERE position = 1 AND space = "
    "(SELECT no FROM _wasl_space WHERE name = 'section/africa')";

TEST(DamagedReplica, AccusesNobodyForRootsOfItsOwn) {
  Scene scene;
  scene.must_sync(*scene.senegal);
  scene.senegal->sql("INSERT INTO project(id, space, title) VALUES('p2', 'section/africa', 'Well')");
  scene.must_sync(*scene.senegal);  // names 3 entries as seen
  scene.world.push(scene.pen->run({scene.pen->write({Pen::create("project", "x2")})}));
  scene.mali->sql(std::string(kDamage));
  expect_equal(scene.mali->sync());
  const auto notices = must(scene.mali->replica().status()).notices;
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_NE(notices[0].find("was damaged; it was made again"), std::string::npos) << notices[0];
  EXPECT_TRUE(must(scene.mali->replica().verify()).ok);
}

TEST(DamagedReplica, AccusesNobodyForAnOrderOfItsOwn) {
  for (const char* damage :
       {"UPDATE _wasl_entry SET authority = authority + 2 WHERE space = "
        "(SELECT no FROM _wasl_space WHERE name = 'section/africa')",
        "UPDATE _wasl_space SET authority = authority + 4096 WHERE name = 'section/africa'"}) {
    Scene scene;
    scene.must_sync(*scene.mali);
    scene.must_sync(*scene.senegal);
    scene.senegal->sql("INSERT INTO project(id, space, title) VALUES('p2', 'section/africa', 'Well')");
    scene.must_sync(*scene.senegal);
    scene.mali->sql(damage);
    expect_equal(scene.mali->sync());
  }
}

TEST(DamagedReplica, NamesNothingAsSeen) {
  Scene scene;
  scene.mali->sync(3);  // entries without their proof
  scene.mali->sql(std::string(kDamage));
  scene.mali->sql("INSERT INTO project(id, space, title) VALUES('m1', 'section/africa', 'Road')");
  expect_equal(scene.mali->sync());
}

TEST(DamagedReplica, AsksForAHeadThatItKeptWrong) {
  Scene scene;
  scene.must_sync(*scene.mali);
  const std::string of_africa = " WHERE name = 'section/africa'";
  const auto flip = [&](const std::string& last) {
    scene.mali->sql("UPDATE _wasl_space SET leaf = substr(leaf, 1, 60) || x'" + last +
                    "' || substr(leaf, 62)" + of_africa);
  };
  const std::string kept = scene.mali->rows("SELECT hex(leaf) FROM _wasl_space" + of_africa);
  flip(kept.substr(120, 2) == "00" ? "01" : "00");
  const auto told = scene.mali->sync();
  ASSERT_FALSE(told.error) << told.error->message;
  EXPECT_FALSE(told.summary.equal.has_value());
  expect_equal(scene.mali->sync());
  EXPECT_EQ(scene.mali->rows("SELECT hex(leaf) FROM _wasl_space" + of_africa), kept);
  const auto notices = must(scene.mali->replica().status()).notices;
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_NE(notices[0].find("the kept head of section/africa was damaged"), std::string::npos) << notices[0];
}

TEST(DamagedReplica, CallsNoPromiseBrokenWhoseEntryItCannotFind) {
  Scene scene;
  scene.must_sync(*scene.senegal);
  scene.senegal->sql("INSERT INTO project(id, space, title) VALUES('p9', 'section/africa', 'Well')");
  Replica& office = scene.senegal->replica();
  must(office.seal());
  must(office.database().exec("CREATE TEMP TABLE kept AS SELECT * FROM _wasl_pending"));
  scene.must_sync(*scene.senegal);
  // As if the proof had not come yet, and a flipped bit had taken the entry out of its index.
  must(office.database().exec("INSERT INTO _wasl_pending SELECT * FROM kept"));
  must(office.database().exec("UPDATE _wasl_entry SET source = NULL WHERE source IS NOT NULL"));
  const auto session = scene.senegal->sync();
  ASSERT_TRUE(session.error);
  EXPECT_EQ(session.error->code, Errc::corrupt);
  EXPECT_NE(session.error->message.find("is not found where the log has it"), std::string::npos)
      << session.error->message;
}

TEST(DamagedReplica, SealsAgainWhatNamesWhatNobodyProved) {
  Scene scene;
  scene.must_sync(*scene.mali);
  scene.mali->sql("INSERT INTO project(id, space, title) VALUES('m1', 'section/africa', 'Road')");
  must(scene.mali->replica().seal());
  // As if it had been sealed on another log: the rows of this one are changed instead.
  const std::string whole = scene.mali->rows(
      "SELECT hex(hash) FROM _wasl_entry WHERE position = 1 AND space = "
      "(SELECT no FROM _wasl_space WHERE name = 'section/africa')");
  scene.world.push(scene.pen->run({scene.pen->write({Pen::create("project", "x2")})}));
  Liar hub(scene.world);
  hub.verdict_lie = [&](const Segment& push) {
    const Header& header = *header_of(push.items.at(0));
    scene.mali->sql(std::string(kDamage));
    return std::vector<VerdictItem>{
        {header.source.chain, header.sequence, 1, Verdict::refuse(Reason::seen), 0}};
  };
  scene.mali->sync_with(hub);
  const auto notices = must(scene.mali->replica().status()).notices;
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_NE(notices[0].find("sealed on a damaged replica"), std::string::npos) << notices[0];
  EXPECT_EQ(must(scene.mali->replica().status()).unsent, 1U);
  scene.mali->sql("UPDATE _wasl_entry SET hash = x'" + whole + "' WHERE hash = zeroblob(32)");
  expect_equal(scene.mali->sync());
  EXPECT_EQ(must(scene.mali->replica().status()).unsent, 0U);
}

/// The one notice that there is.
std::string notice_of(HubOffice& office) {
  const auto notices = must(office.replica().status()).notices;
  EXPECT_EQ(notices.size(), 1U);
  return notices.empty() ? std::string() : notices.back();
}
std::string first_problem(HubOffice& office) {
  const VerifyReport report = must(office.replica().verify());
  EXPECT_EQ(report.ok, report.problems.empty());
  return report.problems.empty() ? std::string() : report.problems.front();
}

TEST(DamagedReplica, AsksForAHeadThatNobodyCanRead) {
  for (const std::string space : {"section/africa", "authority"}) {
    Scene scene;
    scene.must_sync(*scene.mali);
    scene.mali->sql("UPDATE _wasl_space SET leaf = x'07' WHERE name = '" + space + "'");
    EXPECT_EQ(first_problem(*scene.mali), space + ": the signed head is damaged");
    scene.world.push(scene.pen->run({scene.pen->write({Pen::create("project", "x2")})}));
    const auto told = scene.mali->sync();
    ASSERT_FALSE(told.error) << told.error->message;
    expect_equal(scene.mali->sync());
    EXPECT_NE(notice_of(*scene.mali).find("the kept head of " + space + " was damaged"), std::string::npos);
    EXPECT_EQ(first_problem(*scene.mali), "");
  }
}

TEST(DamagedReplica, VerifyNamesEntriesThatGiveAnotherRootThanTheHubSigned) {
  Scene scene;
  scene.must_sync(*scene.mali);
  const std::string kept =
      scene.mali->rows("SELECT lower(hex(leaf)) FROM _wasl_space WHERE name = 'section/africa'");
  auto leaf = must(ledger::HeadsLeaf::decode(*from_hex(kept)));
  leaf.root.bytes[3] ^= 1;
  scene.mali->sql("UPDATE _wasl_space SET leaf = x'" + to_hex(leaf.encode()) +
                  "' WHERE name = 'section/africa'");
  EXPECT_EQ(first_problem(*scene.mali),
            "section/africa: the entries do not give the root that the hub signed");
}

TEST(DamagedReplica, VerifyEndsInWordsWhereEvenTheRootCannotBeRead) {
  Scene scene;
  scene.mali->sql(
      "UPDATE _wasl_space SET frontier = (SELECT frontier FROM _wasl_space WHERE name = 'authority') "
      "WHERE name = 'section/africa'");
  const auto report = scene.mali->replica().verify();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::corrupt) << report.error().message;
}

TEST(DamagedReplica, VerifyNamesWhatStandsBehindTheEndOfALog) {
  Scene scene;
  EXPECT_EQ(first_problem(*scene.mali), "");
  scene.mali->sql(
      "INSERT INTO _wasl_entry(space, position, kind, hash, authority, time, block) "
      "SELECT no, size + 1, 1, zeroblob(32), 1, 1, 99 FROM _wasl_space WHERE name = 'section/africa'");
  const VerifyReport report = must(scene.mali->replica().verify());
  EXPECT_TRUE(std::any_of(report.problems.begin(), report.problems.end(), [](const std::string& words) {
    return words == "section/africa: rows stand behind the end of its log";
  }));
}

TEST(DamagedReplica, WorkThatWaitsAndIsDamagedIsNamedAndNotSent) {
  Scene scene;
  scene.mali->sql("INSERT INTO project(id, space, title) VALUES('m1', 'section/africa', 'Road')");
  must(scene.mali->replica().seal());
  scene.mali->sql("UPDATE _wasl_pending SET body = substr(body, 1, 3)");
  EXPECT_NE(first_problem(*scene.mali).find("a change set that waits to be sent is damaged"),
            std::string::npos);
  const auto told = scene.mali->sync();
  ASSERT_TRUE(told.error);
  EXPECT_EQ(told.error->code, Errc::corrupt) << told.error->message;
  // It says what helps: the file is opened anew, and what waits comes from outbox.log.
  must(scene.mali->replica().status());
  must(scene.mali->replica().history(std::nullopt, std::nullopt));
  scene.mali->sql("DELETE FROM _wasl_pending");
  scene.mali->reopen();
  scene.mali->sync();
  expect_equal(scene.mali->sync());
  scene.must_sync(*scene.senegal);
  EXPECT_EQ(scene.senegal->rows("SELECT title FROM project WHERE id = 'm1'"), "Road");
}

TEST(DamagedReplica, ALogWithAGapIsSaidToBeOne) {
  Scene scene;
  scene.must_sync(*scene.mali);
  scene.mali->sql(
      "DELETE FROM _wasl_block WHERE space = (SELECT no FROM _wasl_space WHERE name = 'section/africa')");
  EXPECT_NE(first_problem(*scene.mali).find("section/africa"), std::string::npos);
  scene.mali->sql("UPDATE _wasl_space SET applied = applied - 1 WHERE name = 'section/africa'");
  try {
    scene.mali->reopen();
    FAIL() << "it opened";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("the log of section/africa has a gap"), std::string::npos)
        << error.what();
  }
}

TEST(DamagedReplica, WithoutTheLogOfAuthorityNothingIsDecided) {
  Scene scene;
  scene.mali->sql(
      "DELETE FROM _wasl_block WHERE space = (SELECT no FROM _wasl_space WHERE name = 'authority')");
  try {
    scene.mali->reopen();
    FAIL() << "it opened";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("the log of authority has a gap"), std::string::npos)
        << error.what();
  }
}

TEST(DamagedReplica, AStateThatIsDamagedIsComputedAgainAtTheProof) {
  Scene scene;
  scene.must_sync(*scene.mali);
  scene.mali->sql(
      "DELETE FROM _wasl_bucket WHERE space = (SELECT no FROM _wasl_space WHERE name = 'section/africa')");
  scene.mali->reopen();
  scene.world.push(scene.pen->run({scene.pen->write({Pen::create("project", "x2")})}));
  expect_equal(scene.mali->sync());
  EXPECT_NE(notice_of(*scene.mali).find("records were computed again from history"), std::string::npos);
  EXPECT_EQ(first_problem(*scene.mali), "");
}

}  // namespace
}  // namespace wasl::test
