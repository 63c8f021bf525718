// That the simulated disk bites: under plain SQLite a power cut takes what no sync covered, tears and
// reorders it, and what FULL has acknowledged stays.
#include "tests/support/sim_disk.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>

#include "shared/sqlite/database.hpp"
#include "shared/sqlite/disk.hpp"

namespace wasl::test {
namespace {

struct StillClock final : Clock {
  Millis now() override { return 1'700'000'000'000; }
};

/// One SQLite connection, as any program would open it.
class Plain {
 public:
  explicit Plain(const std::string& path, const std::string& settings = "") {
    code = sqlite3_open_v2(path.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
    if (code == SQLITE_OK) run(settings);
  }
  Plain(const Plain&) = delete;
  Plain& operator=(const Plain&) = delete;
  ~Plain() { sqlite3_close(db_); }

  bool run(const std::string& sql) {
    code = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
    return code == SQLITE_OK;
  }
  std::string ask(const std::string& sql) {
    std::string answer;
    code = sqlite3_exec(
        db_, sql.c_str(),
        [](void* to, int, char** values, char**) {
          *static_cast<std::string*>(to) += values[0] == nullptr ? "NULL" : values[0];
          return 0;
        },
        &answer, nullptr);
    return code == SQLITE_OK ? answer : "error " + std::to_string(code);
  }
  int code = SQLITE_OK;

 private:
  sqlite3* db_ = nullptr;
};

constexpr int kCommits = 12;
using Tear = SimDisk::Tear;

struct Disk : testing::Test {
  StillClock clock;
  SimDisks disks{1};
  SimDisk disk{"m", clock, 7};
  const std::string path = "/m/a.db";

  /// Commits numbered rows, three pages each. @return how many were acknowledged.
  int work(const std::string& settings) {
    Plain db(path, settings);
    if (!db.run("CREATE TABLE IF NOT EXISTS t(n INTEGER PRIMARY KEY, pad)")) return 0;
    for (int i = 1; i <= kCommits; ++i) {
      if (!db.run("INSERT INTO t VALUES(" + std::to_string(i) + ", randomblob(9000))")) return i - 1;
    }
    return kCommits;
  }

  struct Tally {
    int cuts = 0, lost = 0, corrupt = 0;
  };
  /// Ends the process before every step, cuts the power, and looks at what is left.
  Tally cut_everywhere(const std::string& settings, Tear tear) {
    Tally tally;
    const SimDisk::Image empty;
    disk.restore(empty);
    const std::uint64_t before = disk.steps();
    work(settings);
    const std::uint64_t steps = disk.steps() - before;
    for (std::uint64_t at = 0; at < steps; ++at) {
      disk.restore(empty);
      disk.kill_after(at);
      const int acknowledged = work(settings);
      disk.cut_power(tear);
      Plain db(path);
      const bool whole = db.ask("PRAGMA integrity_check") == "ok";
      ++tally.cuts;
      tally.corrupt += whole ? 0 : 1;
      if (whole && acknowledged > 0)
        tally.lost += std::max(0, acknowledged - std::atoi(db.ask("SELECT count(*) FROM t").c_str()));
    }
    return tally;
  }
};

const std::string kFull = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=8";
const std::string kNormal = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=8";
const std::string kOff = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA wal_autocheckpoint=8";
const std::string kJournal = "PRAGMA journal_mode=DELETE; PRAGMA synchronous=";

TEST_F(Disk, FullLosesNothingAtAnyCut) {
  for (const std::string& settings : {kFull, kJournal + "EXTRA"}) {
    for (const Tear tear : {Tear::lose, Tear::keep, Tear::reorder}) {
      const Tally tally = cut_everywhere(settings, tear);
      EXPECT_GT(tally.cuts, 60);
      EXPECT_EQ(tally.lost, 0) << settings;
      EXPECT_EQ(tally.corrupt, 0) << settings;
    }
  }
}

// The journal's removal is the commit, and FULL does not make it durable.
TEST_F(Disk, ARemovedJournalMayComeBack) {
  const Tally tally = cut_everywhere(kJournal + "FULL", Tear::lose);
  EXPECT_GT(tally.lost, 0);
  EXPECT_EQ(tally.corrupt, 0);
}

TEST_F(Disk, NormalLosesTheNewestButStaysWhole) {
  const Tally tally = cut_everywhere(kNormal, Tear::lose);
  EXPECT_GT(tally.lost, 0);
  EXPECT_EQ(tally.corrupt, 0);
}

TEST_F(Disk, WithoutSyncsReorderingCorrupts) {
  const Tally lost = cut_everywhere(kOff, Tear::lose);
  EXPECT_GT(lost.lost, 0);
  const Tally torn = cut_everywhere(kOff, Tear::reorder);
  EXPECT_GT(torn.corrupt, 0);
}

TEST_F(Disk, AnEndedProcessLeavesWhatItHadWrittenAndNothingLater) {
  disk.kill_after(30);
  const int acknowledged = work(kOff);
  EXPECT_TRUE(disk.killed());
  EXPECT_LT(acknowledged, kCommits);
  disk.revive();
  Plain db(path);
  EXPECT_EQ(db.ask("PRAGMA integrity_check"), "ok");
  EXPECT_EQ(db.ask("SELECT count(*) FROM t"), std::to_string(acknowledged));
}

TEST_F(Disk, ASyncThatFailedOnceProvesNothingLater) {
  const auto file = [&] { return DiskFile::open("/m/log", DiskFile::Mode::create).value(); };
  DiskFile log = file();
  ASSERT_TRUE(log.write(0, Bytes{1, 2, 3}));
  disk.fail({DiskCall::sync, 0, false, SQLITE_IOERR_FSYNC});
  EXPECT_FALSE(log.sync());
  EXPECT_TRUE(log.sync());  // the second one says yes and has written nothing
  EXPECT_EQ(log.read().value(), (Bytes{1, 2, 3}));
  { DiskFile gone = std::move(log); }
  disk.cut_power(Tear::keep);
  EXPECT_EQ(disk.size("log"), 0U);
}

TEST_F(Disk, AMediumThatLiesLosesWhatFullAcknowledged) {
  disk.lie_about_syncs();
  EXPECT_GT(cut_everywhere(kFull, Tear::lose).lost, 0);
}

TEST_F(Disk, ANameThatNoSyncHasSaidIsLost) {
  {
    DiskFile log = DiskFile::open("/m/log", DiskFile::Mode::create).value();
    ASSERT_TRUE(log.write(0, Bytes{1}));
  }
  disk.cut_power(Tear::lose);
  EXPECT_FALSE(file_exists("/m/log"));
}

TEST_F(Disk, CallsFailOnceOrForEver) {
  Plain db(path, kFull);
  ASSERT_TRUE(db.run("CREATE TABLE t(n)"));
  disk.fail({DiskCall::sync, 0, false, SQLITE_IOERR_FSYNC});
  EXPECT_FALSE(db.run("INSERT INTO t VALUES(1)"));
  EXPECT_EQ(db.code & 0xff, SQLITE_IOERR);
  EXPECT_TRUE(db.run("INSERT INTO t VALUES(1)"));
  disk.fail({DiskCall::write, 1, true, SQLITE_IOERR_WRITE});
  EXPECT_FALSE(db.run("INSERT INTO t VALUES(2)"));
  EXPECT_FALSE(db.run("INSERT INTO t VALUES(2)"));
  EXPECT_GE(disk.failed(), 3U);
  disk.mend();
  EXPECT_TRUE(db.run("INSERT INTO t VALUES(2)"));
  EXPECT_EQ(db.ask("SELECT group_concat(n) FROM t"), "1,2");
}

TEST_F(Disk, AFullDiskRefusesAndTakesAgain) {
  Plain db(path, kFull);
  ASSERT_TRUE(db.run("CREATE TABLE t(n)"));
  std::uint64_t used = 0;
  for (const std::string& name : disk.files()) used += disk.size(name);
  disk.set_room(used + 1000);
  EXPECT_FALSE(db.run("INSERT INTO t VALUES(randomblob(100000))"));
  EXPECT_EQ(db.code & 0xff, SQLITE_FULL);
  disk.set_room(std::nullopt);
  EXPECT_TRUE(db.run("INSERT INTO t VALUES(randomblob(100000))"));
}

TEST_F(Disk, TwoConnectionsLockEachOtherOutAndSeeEachOther) {
  Plain one(path, kFull);
  Plain two(path, kFull);
  ASSERT_TRUE(one.run("CREATE TABLE t(n)"));
  ASSERT_TRUE(one.run("BEGIN IMMEDIATE; INSERT INTO t VALUES(1)"));
  EXPECT_FALSE(two.run("INSERT INTO t VALUES(2)"));
  EXPECT_EQ(two.code & 0xff, SQLITE_BUSY);
  ASSERT_TRUE(one.run("COMMIT"));
  EXPECT_TRUE(two.run("INSERT INTO t VALUES(2)"));
  EXPECT_EQ(one.ask("SELECT count(*) FROM t"), "2");
}

TEST_F(Disk, AnImageIsACopyThatComesBack) {
  work(kFull);
  const SimDisk::Image image = disk.image();
  {
    Plain db(path);
    ASSERT_TRUE(db.run("DELETE FROM t"));
  }
  disk.restore(image);
  EXPECT_EQ(Plain(path).ask("SELECT count(*) FROM t"), std::to_string(kCommits));
  ASSERT_TRUE(disk.flip_bit("a.db"));
  EXPECT_NE(disk.image(), image);
}

TEST_F(Disk, TheSameSeedMakesTheSameDisaster) {
  const auto disaster = [&](std::uint64_t seed) {
    disk.restore({});
    disk.reseed(seed);
    disk.kill_after(30);
    {
      DiskFile log = DiskFile::open("/m/log", DiskFile::Mode::create).value();
      EXPECT_TRUE(log.sync());
      for (Byte i = 0; i < 40; ++i) (void)log.write(i * 700U, Bytes(3000, i));
    }
    disk.cut_power(Tear::reorder);
    return disk.image();
  };
  EXPECT_EQ(disaster(3), disaster(3));
  EXPECT_NE(disaster(3), disaster(4));
}

TEST_F(Disk, NothingIsWrittenAfterSqliteHasUndoneTheTransactionByItself) {
  OpenOptions options;
  options.path = path;
  options.create = true;
  Database db = Database::open(options).value();
  ASSERT_TRUE(db.exec("CREATE TABLE t(n INTEGER PRIMARY KEY, pad); PRAGMA cache_size=4"));
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(db.exec("INSERT INTO t(pad) VALUES(randomblob(3000))"));
  {
    const Transaction transaction = Transaction::begin(db).value();
    ASSERT_TRUE(db.exec("INSERT INTO t(n) VALUES(1000)"));
    disk.fail({DiskCall::read, 3, false, SQLITE_IOERR_READ});
    ASSERT_FALSE(db.exec("UPDATE t SET pad = randomblob(3000)"));
    ASSERT_NE(sqlite3_get_autocommit(db.handle()), 0) << "SQLite has undone it";
    EXPECT_FALSE(db.exec("INSERT INTO t(n) VALUES(2000)"));
    EXPECT_FALSE(db.prepare("INSERT INTO t(n) VALUES(3000)").value().run());
  }
  EXPECT_TRUE(db.exec("INSERT INTO t(n) VALUES(4000)"));
  Plain other(path);
  EXPECT_EQ(other.ask("SELECT group_concat(n) FROM t WHERE n > 500"), "4000");
}

}  // namespace
}  // namespace wasl::test
