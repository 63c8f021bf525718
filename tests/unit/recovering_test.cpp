// What outbox.log knows and replica.db does not: a file whose pages are of two times, work sealed twice, a
// disk that was full while it came back. Each change set comes back once, in its place.
#include <gtest/gtest.h>

#include <algorithm>

#include "client/replica/outbox_log.hpp"
#include "tests/crash/world.hpp"

namespace wasl::test {
namespace {

constexpr Machine kHub = Machine::hub, kOffice = Machine::office, kSecond = Machine::second;
const std::string kReference = "SELECT reference, website FROM project WHERE id = 'p0'";

struct Recovering : testing::Test {
  std::unique_ptr<CrashWorld> world;

  void SetUp() override {
    ASSERT_TRUE(crypto::start());
    world = std::make_unique<CrashWorld>();
    EXPECT_EQ(sync(), true);
  }
  std::optional<bool> sync() { return world->sync(world->office()).summary.equal; }
  bool try_sync() {
    try {
      return sync() == true;
    } catch (const std::exception&) {
      return false;
    }
  }
  void write(const std::string& statement) {
    world->clock.time += 1'000;
    world->sql(kOffice, statement);
    must(world->office().seal());
  }
  void reopen() {
    world->close(kOffice);
    world->open(kOffice);
  }
  void lose_replica() {
    world->close(kOffice);
    for (const char* name : {"replica.db", "replica.db-wal"}) world->disk(kOffice).remove(name);
    world->open(kOffice);
  }
  /// As pages of an older time leave it.
  void forget(const std::string& where) {
    must(world->office().database().exec("DELETE FROM _wasl_pending WHERE " + where));
  }
  std::string waiting() { return world->rows(kOffice, "SELECT count(*) FROM _wasl_pending"); }
  /// What the hub says of everything that waits.
  std::vector<VerdictItem> verdict(Reason reason) {
    auto select = must(world->office().database().prepare(
        "SELECT chain, min(sequence), count(*) FROM _wasl_pending WHERE state = 0 GROUP BY chain"));
    std::vector<VerdictItem> items;
    while (must(select.step())) {
      items.push_back({*ChainId::from(select.blob(0)),
                       static_cast<Sequence>(select.int64(1)),
                       static_cast<std::uint64_t>(select.int64(2)),
                       {Outcome::refused, reason, ""},
                       0});
    }
    return items;
  }
  void expect_everything_arrives(const std::string& row) {
    EXPECT_EQ(sync(), true);
    EXPECT_EQ(sync(), true);
    EXPECT_EQ(world->sync(world->second()).summary.equal, true);
    for (const Machine machine : {kOffice, kSecond}) EXPECT_EQ(world->rows(machine, kReference), row + "\n");
    EXPECT_EQ(waiting(), "0\n");
    EXPECT_TRUE(must(world->office().conflicts()).empty());
    const VerifyReport report = must(world->office().verify());
    EXPECT_TRUE(report.ok) << (report.problems.empty() ? "" : report.problems.front());
    EXPECT_TRUE(OutboxLog("/office/outbox.log").is_empty());
  }
};

TEST_F(Recovering, WhatIsMissingInTheMiddleOfAChainComesBackInItsPlace) {
  write("UPDATE project SET reference = 'one' WHERE id = 'p0'");
  write("UPDATE project SET website = 'two' WHERE id = 'p0'");
  write("UPDATE project SET reference = 'three' WHERE id = 'p0'");
  forget("no < (SELECT max(no) FROM _wasl_pending)");
  reopen();
  EXPECT_EQ(waiting(), "3\n");
  EXPECT_EQ(world->rows(kOffice,
                        "SELECT group_concat(sequence) FROM (SELECT sequence - (SELECT min(sequence) "
                        "FROM _wasl_pending) sequence FROM _wasl_pending ORDER BY no)"),
            "0,1,2\n");
  expect_everything_arrives("three|two");
}

TEST_F(Recovering, WhatWasRefusedKeepsItsAnswerWhileOtherWorkComesBack) {
  write("UPDATE project SET reference = 'one' WHERE id = 'p0'");
  write("UPDATE project SET reference = 'two' WHERE id = 'p0'");
  must(world->office().database().exec(
      "UPDATE _wasl_pending SET state = 2, reason = 3, detail = 'words' WHERE no = (SELECT max(no) FROM "
      "_wasl_pending)"));
  forget("state = 0");
  reopen();
  EXPECT_EQ(world->rows(kOffice, "SELECT state, reason, detail FROM _wasl_pending ORDER BY no"),
            "0|0|\n2|3|words\n");
  EXPECT_EQ(world->rows(kOffice, kReference), "two|NULL\n");
}

TEST_F(Recovering, WhatWasSealedAgainComesBackOnce) {
  write("UPDATE project SET reference = 'one' WHERE id = 'p0'");
  write("UPDATE project SET website = 'two' WHERE id = 'p0'");
  must(world->office().on_verdicts(verdict(Reason::fork)));
  EXPECT_EQ(waiting(), "2\n");
  reopen();
  EXPECT_EQ(waiting(), "2\n");
  lose_replica();
  sync();
  expect_everything_arrives("one|two");
  EXPECT_EQ(world->rows(kSecond,
                        "SELECT count(*) FROM _wasl_entry e JOIN _wasl_space s ON s.no = e.space WHERE "
                        "s.name = 'section/africa'"),
            "3\n");
}

TEST_F(Recovering, ACrashWhileSealingAgainLeavesItSealedAgainOrNot) {
  write("UPDATE project SET reference = 'one' WHERE id = 'p0'");
  write("UPDATE project SET website = 'two' WHERE id = 'p0'");
  const auto saved = world->save();
  bool survived = false;
  for (std::uint64_t after = 0; !survived; ++after) {
    world->close_all();
    world->restore(saved, after + 1);
    world->open(kHub);
    world->open(kSecond);
    world->open(kOffice);
    world->disk(kOffice).kill_after(after);
    survived = world->office().on_verdicts(verdict(Reason::fork)).has_value();
    world->close(kOffice);
    world->disk(kOffice).revive();
    world->disk(kOffice).no_kill();
    world->open(kOffice);
    ASSERT_EQ(waiting(), "2\n") << after;
    expect_everything_arrives("one|two");
    if (HasFailure()) FAIL() << "killed after " << after << " writes";
  }
}

TEST_F(Recovering, WhatWasSealedAgainLeavesARowThatAProgramHasReplaced) {
  write("UPDATE project SET reference = 'one' WHERE id = 'p0'");
  world->rows(kOffice, "PRAGMA wal_checkpoint(TRUNCATE)");
  world->close(kOffice);
  const SimDisk::Image older = world->disk(kOffice).image();
  world->open(kOffice);
  must(world->office().on_verdicts(verdict(Reason::fork)));
  world->close(kOffice);
  SimDisk::Image image = world->disk(kOffice).image();
  image.erase("replica.db-wal");
  image["replica.db"] = older.at("replica.db");
  world->disk(kOffice).restore(image);
  // Before it is opened: the note of the replaced row holds the overlay of that time.
  world->sql(kOffice,
             "INSERT OR REPLACE INTO project(id, space, title, reference, website) "
             "VALUES('p0', 'section/africa', 'Water', 'one', 'w')");
  world->open(kOffice);
  sync();
  EXPECT_EQ(sync(), true);
  EXPECT_EQ(world->sync(world->second()).summary.equal, true);
  world->clock.time += 1'000;
  world->sql(kSecond, "UPDATE project SET reference = 'later' WHERE id = 'p0'");
  EXPECT_EQ(world->sync(world->second()).summary.equal, true);
  expect_everything_arrives("later|w");
}

TEST_F(Recovering, ADiskThatIsFullWhileItComesBackIsAskedAgain) {
  write("UPDATE project SET reference = 'one' WHERE id = 'p0'");
  write("UPDATE project SET website = 'two' WHERE id = 'p0'");
  world->close(kOffice);
  for (const char* name : {"replica.db", "replica.db-wal"}) world->disk(kOffice).remove(name);
  const auto saved = world->save();
  bool whole = false;
  for (std::uint64_t room = 1 << 17; !whole; room += 1 << 13) {
    world->close_all();
    world->restore(saved, room);
    world->open(kHub);
    world->open(kSecond);
    world->disk(kOffice).set_room(room);
    if (world->try_open_office()) {
      whole = try_sync();
      world->disk(kOffice).set_room(std::nullopt);
      EXPECT_EQ(sync(), true);
      expect_everything_arrives("one|two");
    }
    world->disk(kOffice).set_room(std::nullopt);
    if (HasFailure()) FAIL() << room << " bytes";
  }
}

struct Tampering : Recovering {
  /// Flips a bit of the first or the last of these bytes of a row, where no trigger sees it. @return what
  /// verify says
  VerifyReport flip(const std::string& bytes, bool last = true) {
    world->rows(kOffice, "PRAGMA wal_checkpoint(TRUNCATE)");
    world->close(kOffice);
    SimDisk::Image image = world->disk(kOffice).image();
    Bytes& file = image.at("replica.db");
    const auto found = std::search(file.begin(), file.end(), bytes.begin(), bytes.end());
    EXPECT_NE(found, file.end());
    if (found != file.end()) *(last ? found + static_cast<std::ptrdiff_t>(bytes.size()) - 1 : found) ^= 1;
    world->disk(kOffice).restore(image);
    world->open(kOffice);
    return must(world->office().verify());
  }
};

TEST_F(Tampering, VerifyFindsARowUnderAnIdThatItDoesNotBear) {
  EXPECT_FALSE(flip("p0section/africaR0", false).ok);  // the index has no reference
}

TEST_F(Tampering, VerifyFindsWorkThatWaitsAndShowsAnotherValueThanWasSealed) {
  world->sql(kOffice, "INSERT INTO project(id, space, reference) VALUES('mine', 'section/africa', 'R7')");
  must(world->office().seal());
  const VerifyReport report = flip("minesection/africaR7");
  ASSERT_FALSE(report.problems.empty());
  EXPECT_NE(report.problems[0].find("mine"), std::string::npos) << report.problems[0];
}

TEST_F(Tampering, VerifyFindsAnotherValueInARowThatEverybodyHas) {
  world->sql(kOffice, "UPDATE project SET reference = 'R7' WHERE id = 'p0'");
  EXPECT_EQ(sync(), true);
  EXPECT_FALSE(flip("p0section/africaR7").ok);
}

}  // namespace
}  // namespace wasl::test
