// Where outbox.log and replica.db are of two times: what the one says beyond the other is believed only of
// this device and this network, is done once, and says nothing about what was given up.
#include <gtest/gtest.h>

#include "client/replica/outbox_log.hpp"
#include "tests/crash/world.hpp"

namespace wasl::test {
namespace {

struct OutboxRecovery : testing::Test {
  std::unique_ptr<CrashWorld> world;

  void SetUp() override {
    ASSERT_TRUE(crypto::start());
    world = std::make_unique<CrashWorld>();
    EXPECT_EQ(sync(), true);
  }
  Replica& office() { return world->office(); }
  std::optional<bool> sync() { return world->sync(office()).summary.equal; }
  void write(const std::string& statement) {
    world->clock.time += 1'000;
    world->sql(Machine::office, statement);
    must(office().seal());
  }
  void reopen() {
    world->close(Machine::office);
    world->open(Machine::office);
  }
  void change(const std::string& statement) { must(office().database().exec(statement)); }
  std::string pending(const std::string& what) {
    return world->rows(Machine::office, "SELECT " + what + " FROM _wasl_pending ORDER BY no");
  }
  Hash name(int which) {
    return *Hash::from(
        *from_hex(pending("lower(hex(hash))").substr(static_cast<std::size_t>(which) * 65, 64)));
  }
  void expect_everywhere(const std::string& query, const std::string& rows) {
    sync();
    EXPECT_EQ(sync(), true);
    EXPECT_EQ(world->sync(world->second()).summary.equal, true);
    for (const Machine machine : {Machine::office, Machine::second})
      EXPECT_EQ(world->rows(machine, query), rows);
    EXPECT_EQ(pending("count(*)"), "0\n");
    const VerifyReport report = must(office().verify());
    EXPECT_TRUE(report.ok) << report.problems.front();
    EXPECT_TRUE(OutboxLog("/office/outbox.log").is_empty());
  }
};
const std::string kRow = "SELECT reference, website FROM project WHERE id = 'p0'";

TEST_F(OutboxRecovery, AnotherDevicesOutboxIsNoWorkOfThisOne) {
  world->sql(Machine::second, "UPDATE project SET reference = 'theirs'");
  must(world->second().seal());
  const auto theirs = must(OutboxLog("/second/outbox.log").read());
  ASSERT_FALSE(theirs.empty());
  must(OutboxLog("/office/outbox.log").append(theirs));
  write("UPDATE project SET website = 'w'");
  reopen();
  EXPECT_EQ(pending("count(*)"), "1\n");
  EXPECT_EQ(world->sync(world->second()).summary.equal, true);
  expect_everywhere(kRow, "theirs|w\n");
}

TEST_F(OutboxRecovery, WhatANewerProgramWroteThereIsLeftAlone) {
  write("UPDATE project SET website = 'w'");
  must(OutboxLog("/office/outbox.log").append({{Bytes{9, 9, 9}, Bytes{1}, {}}}));
  change("DELETE FROM _wasl_pending");
  reopen();
  EXPECT_EQ(pending("count(*)"), "1\n");
  expect_everywhere(kRow, "R0|w\n");
}

TEST_F(OutboxRecovery, WhatWasGivenUpIsTakenOutOfAnOlderReplica) {
  write("UPDATE project SET reference = 'A'");
  write("UPDATE project SET website = 'w'");
  write("INSERT INTO project(id, space, title) VALUES('p1', 'section/africa', 'P')");
  world->rows(Machine::office, "PRAGMA wal_checkpoint(TRUNCATE)");
  world->close(Machine::office);
  const SimDisk::Image older = world->disk(Machine::office).image();
  for (const int state : {0, 2}) {
    world->disk(Machine::office).restore(older);
    world->open(Machine::office);
    must(office().discard(name(0)));
    must(office().discard(name(2)));
    EXPECT_EQ(world->rows(Machine::office, kRow), "R0|w\n");
    world->close(Machine::office);
    SimDisk::Image mixed = world->disk(Machine::office).image();
    mixed.erase("replica.db-wal");
    mixed["replica.db"] = older.at("replica.db");
    world->disk(Machine::office).restore(mixed);
    if (state == 2)
      world->sql(Machine::office, "UPDATE _wasl_pending SET state = 2");  // the hub had refused it
    world->open(Machine::office);
    EXPECT_EQ(world->rows(Machine::office, kRow), "R0|w\n") << state;
    EXPECT_EQ(world->rows(Machine::office, "SELECT count(*) FROM project"), "1\n");
    EXPECT_EQ(pending("state"), state == 0 ? "4\n0\n4\n" : "2\n") << "its header has a way to go, or went";
    world->close(Machine::office);
  }
}

TEST_F(OutboxRecovery, TheHeaderOfWhatWasDiscardedComesBackWhereTheHubLacksIt) {
  write("UPDATE project SET reference = 'A'");
  write("UPDATE project SET website = 'w'");
  must(office().discard(name(0)));
  change("DELETE FROM _wasl_pending; UPDATE _wasl_chain SET last = 0");  // pages from before both
  reopen();
  EXPECT_EQ(pending("state"), "4\n0\n");
  expect_everywhere(kRow, "R0|w\n");
}

TEST_F(OutboxRecovery, WhatWasDiscardedAndWentIsNotOfferedAgain) {
  write("UPDATE project SET reference = 'A'");
  write("UPDATE project SET website = 'w'");
  must(office().discard(name(0)));
  change("DELETE FROM _wasl_pending WHERE state = 4");  // as after the hub's answer
  reopen();
  EXPECT_EQ(pending("state"), "0\n");
}

TEST_F(OutboxRecovery, PersonalWorkComesBackWithItsValue) {
  world->sql(Machine::office, "INSERT INTO person(id, space, name) VALUES('m1', 'section/africa', 'Awa')");
  EXPECT_EQ(sync(), true);
  world->rows(Machine::office, "PRAGMA wal_checkpoint(TRUNCATE)");
  world->sql(Machine::office, "UPDATE person SET name = 'Amina', email = 'a@example.org'");
  world->close(Machine::office);
  const SimDisk::Image typed = world->disk(Machine::office).image();
  world->open(Machine::office);
  must(office().seal());
  world->close(Machine::office);
  // The commit is lost with the power, outbox.log is not; what was typed stands in the notes, too.
  SimDisk::Image mixed = typed;
  mixed["outbox.log"] = world->disk(Machine::office).image().at("outbox.log");
  world->disk(Machine::office).restore(mixed);
  world->open(Machine::office);
  EXPECT_EQ(pending("count(*)"), "1\n") << "said once";
  expect_everywhere("SELECT name, email FROM person", "Amina|a@example.org\n");
  EXPECT_TRUE(must(office().conflicts()).empty());
}

TEST_F(OutboxRecovery, OutboxLogStaysUntilAllOfItHasItsEntry) {
  write("UPDATE project SET reference = 'A'");
  change("DELETE FROM _wasl_pending");  // pages of another time, while this program runs
  EXPECT_EQ(sync(), true);
  EXPECT_FALSE(OutboxLog("/office/outbox.log").is_empty()) << "it is the only copy";
  reopen();
  expect_everywhere(kRow, "A|NULL\n");
}

TEST_F(OutboxRecovery, ARecordWhoseBookkeepingIsLostIsMadeAgainFromHistoryAndWhatWaits) {
  write("UPDATE project SET reference = 'A'");
  write("INSERT INTO project(id, space, title) VALUES('p1', 'section/africa', 'P')");
  change("UPDATE project SET _clock = x'07' WHERE id = 'p0'");
  EXPECT_FALSE(must(office().verify()).ok);
  EXPECT_EQ(must(office().rebuild("section/africa")), std::vector<std::string>{"project p0"});
  EXPECT_TRUE(must(office().verify()).ok);
  EXPECT_EQ(world->rows(Machine::office, kRow), "A|NULL\n") << "with the office's own work over it";
  expect_everywhere(kRow, "A|NULL\n");
}

TEST_F(OutboxRecovery, DamageThatIsFoundWhileCheckingDoesNotKeepAnOfficeFromItsWork) {
  write("UPDATE project SET reference = 'A'");
  change("UPDATE _wasl_pending SET hash = x'01'");
  world->close(Machine::office);
  {
    const auto replica = must(Replica::reopen("/office", world->ports()));  // set aside, and begun anew
    EXPECT_EQ(world->sync(*replica).summary.equal, true);
  }
  world->open(Machine::office);
  expect_everywhere(kRow, "A|NULL\n");
}

TEST_F(OutboxRecovery, AReplicaUnderARunningProgramThatIsReplacedIsReadAgain) {
  write("UPDATE project SET reference = 'A'");
  must(office().settle());
  // Another program puts the log of authority back to its beginning, as a restored copy would.
  world->sql(Machine::office, "UPDATE _wasl_space SET applied = 1 WHERE name = 'authority'");
  ASSERT_TRUE(office().authority().has_value());
  EXPECT_EQ(must(office().authority())->device(office().device()), nullptr)
      << "it believes what stands there";
  world->close(Machine::office);
  world->open(Machine::office);
  EXPECT_NE(must(office().authority())->device(office().device()), nullptr);
  expect_everywhere(kRow, "A|NULL\n");
}

}  // namespace
}  // namespace wasl::test
