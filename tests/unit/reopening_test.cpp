// After an I/O error: stop, open again, check, go on. Nothing is lost, and what is damaged is kept aside.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "client/engine/daemon.hpp"
#include "server/app/desk.hpp"
#include "server/app/serve.hpp"
#include "server/session/session_server.hpp"
#include "shared/log/log.hpp"
#include "tests/crash/world.hpp"

namespace wasl::test {
namespace {

constexpr Machine kHub = Machine::hub, kOffice = Machine::office, kSecond = Machine::second;

std::string insert(const std::string& id) {
  return "INSERT INTO project(id, space, title) VALUES('" + id + "', 'section/africa', 'T')";
}

struct Reopening : testing::Test {
  std::unique_ptr<CrashWorld> world;

  void SetUp() override {
    ASSERT_TRUE(crypto::start());
    log::silence();
    world = std::make_unique<CrashWorld>();
  }
  SimDisk& disk(Machine machine) { return world->disk(machine); }
  std::optional<bool> sync(Replica& replica) { return world->sync(replica).summary.equal; }
  std::string projects(Machine machine) {
    return world->rows(machine, "SELECT group_concat(id) FROM (SELECT id FROM project ORDER BY id)");
  }
  std::string notices() {
    std::string all;
    for (const std::string& notice : must(world->office().status()).notices) all += notice + "\n";
    return all;
  }
  /// What the hub is to commit next: a new project of the office.
  void push(const std::string& id) {
    world->sql(kOffice, insert(id));
    must(world->office().seal());
    must(world->office().make_hello(false, {}));
    const Segment segment = *must(world->office().next_push(1 << 16));
    const Bytes frame = encode_segment(FrameKind::push, segment);
    world->hub().push(1, must(decode_segment(frame, world->hub().network())));
  }
  Outcome commit() { return world->hub().commit().rulings.at(0).verdicts.at(0).verdict.outcome; }
  /// Puts rubbish into the first page of a table, as a bad medium does.
  void damage(const std::string& table) {
    const std::string root =
        world->rows(kOffice, "SELECT rootpage FROM sqlite_schema WHERE name='" + table + "'");
    world->rows(kOffice, "PRAGMA wal_checkpoint(TRUNCATE)");
    world->close(kOffice);
    SimDisk::Image image = disk(kOffice).image();
    Bytes& file = image.at("replica.db");
    const std::size_t at = (std::stoul(root) - 1) * 4096;
    std::fill_n(file.begin() + static_cast<std::ptrdiff_t>(at), 4096, Byte{0xAA});
    disk(kOffice).restore(image);
  }
};

TEST_F(Reopening, AnIoErrorIsRememberedAndAFullDiskIsNot) {
  Database& db = world->office().database();
  disk(kOffice).set_room(0);
  EXPECT_FALSE(world->office().write([&](Database& d) { return d.exec(insert("p1")); }));
  EXPECT_FALSE(db.must_reopen());
  disk(kOffice).set_room(std::nullopt);
  disk(kOffice).fail({DiskCall::sync, 1, false, SQLITE_IOERR_FSYNC});  // the first is that of outbox.log
  EXPECT_FALSE(world->office().write([&](Database& d) { return d.exec(insert("p1")); }));
  EXPECT_TRUE(db.must_reopen());
}

TEST_F(Reopening, ASyncOfOutboxLogThatFailedAsksForItToo) {
  disk(kOffice).fail({DiskCall::sync, 0, false, SQLITE_IOERR_FSYNC});
  EXPECT_FALSE(world->office().write([&](Database& d) { return d.exec(insert("p1")); }));
  EXPECT_FALSE(world->office().database().must_reopen());
  EXPECT_TRUE(world->office().must_reopen());
}

TEST_F(Reopening, ASoundReplicaGoesOnWhereItWas) {
  world->sql(kOffice, insert("p1"));
  disk(kOffice).fail({DiskCall::sync, 0, true, SQLITE_IOERR_FSYNC});
  EXPECT_FALSE(world->office().seal());
  world->close(kOffice);
  disk(kOffice).mend();
  const auto replica = must(Replica::reopen("/office", world->ports()));
  EXPECT_FALSE(replica->must_reopen());
  EXPECT_EQ(sync(*replica), true);
  EXPECT_EQ(sync(world->second()), true);
  EXPECT_EQ(projects(kSecond), "p0,p1\n");
  EXPECT_TRUE(must(replica->status()).notices.empty());
}

TEST_F(Reopening, ADamagedReplicaIsKeptAsideAndNothingOfItIsLost) {
  world->sql(kOffice, insert("sent"));
  EXPECT_EQ(sync(world->office()), true);
  world->sql(kOffice, insert("sealed"));
  must(world->office().seal());
  world->sql(kOffice, insert("typed") +
                          "; UPDATE project SET website = 'w' WHERE id = 'p0'; "
                          "DELETE FROM project WHERE id = 'sent'");
  world->sql(kOffice, "INSERT INTO project_sdg(record, value) VALUES('p0', '6.1')");
  world->sql(kSecond, "UPDATE project SET reference = 'theirs' WHERE id = 'p0'");
  EXPECT_EQ(sync(world->second()), true);
  damage("_wasl_block");
  EXPECT_FALSE(Replica::open("/office", world->ports()).has_value());
  {
    const auto replica = must(Replica::reopen("/office", world->ports()));
    EXPECT_EQ(sync(*replica), true);
    EXPECT_EQ(sync(*replica), true);
  }
  world->open(kOffice);
  EXPECT_EQ(sync(world->second()), true);
  for (const Machine machine : {kOffice, kSecond}) {
    EXPECT_EQ(projects(machine), "p0,sealed,typed\n");
    EXPECT_EQ(world->rows(machine, "SELECT reference, website FROM project WHERE id = 'p0'"), "theirs|w\n");
    EXPECT_EQ(world->rows(machine, "SELECT value FROM project_sdg"), "6.1\n");
  }
  EXPECT_TRUE(must(world->office().conflicts()).empty());
  EXPECT_TRUE(must(world->office().verify()).ok);
  EXPECT_NE(notices().find("is kept as replica.db.damaged-"), std::string::npos) << notices();
  EXPECT_NE(notices().find("3 records that nobody had sent yet were taken over"), std::string::npos)
      << notices();
  std::size_t aside = 0;
  for (const std::string& name : disk(kOffice).files())
    aside += name.starts_with("replica.db.damaged-") ? 1 : 0;
  EXPECT_GE(aside, 1U);
}

TEST_F(Reopening, ADamagedReplicaIsNotMovedAwayUnderAnotherProgram) {
  EXPECT_EQ(sync(world->office()), true);
  damage("_wasl_block");
  sqlite3* spreadsheet = nullptr;
  ASSERT_EQ(sqlite3_open("/office/replica.db", &spreadsheet), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(spreadsheet, insert("p1").c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
  const auto refused = Replica::reopen("/office", world->ports());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::locked);
  EXPECT_EQ(refused.error().message, "replica.db is open in another program");
  ASSERT_EQ(sqlite3_exec(spreadsheet, insert("p2").c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(spreadsheet);
  const auto replica = must(Replica::reopen("/office", world->ports()));
  EXPECT_EQ(sync(*replica), true);
  EXPECT_EQ(sync(*replica), true);
  EXPECT_EQ(sync(world->second()), true);
  EXPECT_EQ(projects(kSecond), "p0,p1,p2\n");
}

TEST_F(Reopening, AProgramThatHasNotReadYetGoesOnInTheNewReplica) {
  EXPECT_EQ(sync(world->office()), true);
  damage("_wasl_block");
  sqlite3* spreadsheet = nullptr;
  ASSERT_EQ(sqlite3_open("/office/replica.db", &spreadsheet), SQLITE_OK);
  const auto replica = must(Replica::reopen("/office", world->ports()));
  EXPECT_EQ(sync(*replica), true);
  ASSERT_EQ(sqlite3_exec(spreadsheet, insert("p1").c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(spreadsheet);
  EXPECT_EQ(sync(*replica), true);
  EXPECT_EQ(sync(world->second()), true);
  EXPECT_EQ(projects(kSecond), "p0,p1\n");
}

TEST_F(Reopening, ACommitInDoubtStandsInOutboxLogToo) {
  EXPECT_EQ(sync(world->office()), true);
  world->rows(kOffice, "PRAGMA wal_checkpoint(TRUNCATE)");
  world->sql(kOffice, insert("p1"));
  disk(kOffice).fail({DiskCall::sync, 1, false, SQLITE_IOERR_FSYNC});  // outbox.log first, then replica.db
  EXPECT_FALSE(world->office().seal());
  EXPECT_TRUE(world->office().database().must_reopen());
  disk(kOffice).mend();
  SimDisk::Image image = disk(kOffice).image();
  world->close(kOffice);
  image.erase("replica.db-wal");  // with the commit, whether it stood or not, and what the program typed
  disk(kOffice).restore(image);
  const auto replica = must(Replica::reopen("/office", world->ports()));
  EXPECT_EQ(sync(*replica), true);
  EXPECT_EQ(sync(*replica), true);
  EXPECT_EQ(sync(world->second()), true);
  EXPECT_EQ(projects(kSecond), "p0,p1\n");
}

TEST_F(Reopening, TheNotesOfADamagedFileOutliveASecondOne) {
  EXPECT_EQ(sync(world->office()), true);
  world->sql(kOffice, insert("p1"));
  damage("_wasl_block");
  must(Replica::reopen("/office", world->ports()));
  damage("_wasl_block");  // before it was equal with the hub again
  const auto replica = must(Replica::reopen("/office", world->ports()));
  // First it learns that the hub must send its own work too.
  EXPECT_EQ(sync(*replica), std::nullopt);
  EXPECT_EQ(sync(*replica), true);
  EXPECT_EQ(sync(*replica), true);
  EXPECT_EQ(sync(world->second()), true);
  EXPECT_EQ(projects(kSecond), "p0,p1\n");
}

TEST_F(Reopening, TablesThatAreNotTheProgramsOwnAreDamage) {
  world->sql(kOffice, insert("p1"));
  world->close(kOffice);
  world->sql(kOffice, "ALTER TABLE _wasl_pending RENAME COLUMN state TO stete");
  EXPECT_EQ(Replica::open("/office", world->ports()).error().code, Errc::corrupt);
  const auto replica = must(Replica::reopen("/office", world->ports()));
  EXPECT_EQ(sync(*replica), true);
  EXPECT_EQ(sync(*replica), true);
  EXPECT_EQ(sync(world->second()), true);
  EXPECT_EQ(projects(kSecond), "p0,p1\n");
}

TEST_F(Reopening, OwnTablesThatRefuseWhatTheProgramWritesAreDamage) {
  EXPECT_EQ(sync(world->office()), true);
  world->sql(kOffice, "INSERT INTO _wasl_node SELECT no, 6, 0, zeroblob(32) FROM _wasl_space");
  for (int i = 0; i < 70; ++i) {
    world->sql(kSecond, insert("p" + std::to_string(10 + i)));
    EXPECT_EQ(sync(world->second()), true);
  }
  world->open(kOffice);
  const auto session = world->sync(world->office());
  ASSERT_TRUE(session.error.has_value());
  EXPECT_EQ(session.error->code, Errc::corrupt) << session.error->message;
  world->close(kOffice);
  const auto replica = must(Replica::reopen("/office", world->ports()));
  EXPECT_EQ(sync(*replica), true);
}

TEST_F(Reopening, WorkOnARecordWhoseBookkeepingIsDamagedIsNotLost) {
  EXPECT_EQ(sync(world->office()), true);
  world->close(kOffice);
  world->sql(kOffice,
             "CREATE TEMP TABLE kept AS SELECT sql FROM sqlite_schema WHERE type = 'trigger';"
             "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE type = 'trigger';"
             "PRAGMA writable_schema = RESET; UPDATE project SET _clock = x'ff' WHERE id = 'p0'");
  {
    const auto replica = must(Replica::open("/office", world->ports()));  // it puts the triggers back
  }
  world->sql(kOffice, "UPDATE project SET website = 'w' WHERE id = 'p0'");
  {
    const auto replica = must(Replica::open("/office", world->ports()));
    EXPECT_EQ(replica->seal().error().code, Errc::corrupt);
  }
  {
    const auto replica = must(Replica::reopen("/office", world->ports()));
    EXPECT_EQ(sync(*replica), true);
    EXPECT_EQ(sync(*replica), true);
  }
  EXPECT_EQ(sync(world->second()), true);
  EXPECT_EQ(world->rows(kSecond, "SELECT website FROM project WHERE id = 'p0'"), "w\n");
}

TEST_F(Reopening, OneReadThatFailsWhileCheckingIsNoDamage) {
  world->sql(kOffice, insert("p1"));
  world->close(kOffice);
  for (std::uint64_t after = 0; after < 60; ++after) {
    disk(kOffice).fail({DiskCall::read, after, false, SQLITE_IOERR_READ});
    const auto opened = Replica::reopen("/office", world->ports());
    EXPECT_TRUE(opened || opened.error().code != Errc::corrupt) << after << ": " << opened.error().message;
    disk(kOffice).mend();
    for (const std::string& name : disk(kOffice).files())
      ASSERT_FALSE(name.starts_with("replica.db.damaged-")) << after;
  }
}

TEST_F(Reopening, NotesThatCannotBeReadAreSaidToBeLost) {
  world->sql(kOffice, insert("sealed"));
  must(world->office().seal());
  world->sql(kOffice, insert("typed"));
  damage("_wasl_capture");
  const auto replica = must(Replica::reopen("/office", world->ports()));
  EXPECT_EQ(sync(*replica), true);
  EXPECT_EQ(sync(*replica), true);
  std::string all;
  for (const std::string& notice : must(replica->status()).notices) all += notice + "\n";
  EXPECT_NE(all.find("could not be read"), std::string::npos) << all;
  EXPECT_EQ(sync(world->second()), true);
  EXPECT_EQ(projects(kSecond), "p0,sealed\n");
}

TEST_F(Reopening, AHubWhoseDiskFailedSignsNothingUntilItHasReadItAgain) {
  push("p1");
  const std::uint64_t heads = world->hub().heads().size;
  disk(kHub).fail({DiskCall::sync, 0, false, SQLITE_IOERR_FSYNC});
  EXPECT_EQ(commit(), Outcome::later);
  EXPECT_TRUE(world->store().must_reopen());
  push("p2");
  EXPECT_EQ(commit(), Outcome::later) << "the disk works again, but nobody has looked";
  EXPECT_EQ(world->hub().heads().size, heads);
  world->close(kHub);
  world->open(kHub);
  EXPECT_EQ(sync(world->office()), true);
  EXPECT_EQ(sync(world->second()), true);
  EXPECT_EQ(projects(kSecond), "p0,p1,p2\n");
}

TEST_F(Reopening, ACommitThatAFullDiskRefusedLeavesTheHeadsAsTheyWere) {
  push("p1");
  const std::uint64_t heads = world->hub().heads().size;
  disk(kHub).set_room(0);
  EXPECT_EQ(commit(), Outcome::later);
  EXPECT_FALSE(world->store().must_reopen());
  EXPECT_EQ(world->hub().heads().size, heads);
  disk(kHub).set_room(std::nullopt);
  EXPECT_EQ(sync(world->office()), true);
  EXPECT_EQ(sync(world->second()), true);
}

TEST_F(Reopening, ADaemonGoesOnAfterItsDiskHasFailed) {
  Loop loop;
  SessionServer server(loop, world->hub());
  must(server.listen({.address = "127.0.0.1:0"}));
  world->close(kOffice);
  std::size_t opened = 0;
  const auto reopen = [&] {
    ++opened;
    disk(kOffice).mend();
    return Replica::reopen("/office", world->ports());
  };
  crypto::SystemRandom random;
  Daemon daemon(loop, must(Replica::open("/office", world->ports())), reopen, random,
                {"ws://127.0.0.1:" + std::to_string(server.port())}, {});
  Timer timer(loop);
  Position before = 0;
  int ticks = 0;
  std::function<void()> look = [&] {
    world->clock.time += 1000;
    if (++ticks == 5) {
      before = must(world->hub().size("section/africa"));
      world->sql(kOffice, insert("p1"));
      disk(kOffice).fail({DiskCall::sync, 0, true, SQLITE_IOERR_FSYNC});
    }
    const bool arrived = before > 0 && must(world->hub().size("section/africa")) > before;
    if (arrived || ticks > 150) std::raise(SIGTERM);
    if (!arrived && ticks <= 150) timer.start(std::chrono::milliseconds(100), look);
  };
  timer.start(std::chrono::milliseconds(100), look);
  must(daemon.run());
  EXPECT_EQ(opened, 1U);
  EXPECT_GT(must(world->hub().size("section/africa")), before);
}

std::atomic<bool> disk_fails = false;

ssize_t failing_pwrite(int file, const void* bytes, size_t count, off_t at) {
  if (!disk_fails) return ::pwrite(file, bytes, count, at);
  errno = EIO;
  return -1;
}

/// While it lives, SQLite writes through the function above.
struct FailingDisk {
  FailingDisk() { set(reinterpret_cast<sqlite3_syscall_ptr>(failing_pwrite)); }
  ~FailingDisk() { set(nullptr); }
  static void set(sqlite3_syscall_ptr call) {
    sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
    for (const char* name : {"pwrite", "pwrite64"}) vfs->xSetSystemCall(vfs, name, call);
  }
};

TEST(ServingHub, OpensItsFolderAgainOnTheSamePort) {
  ASSERT_TRUE(crypto::start());
  log::silence();
  std::string pattern = (std::filesystem::temp_directory_path() / "wasl-serve-XXXXXX").string();
  const HubFolder folder{mkdtemp(pattern.data())};
  must(init_hub(folder, {"Test", ""}));
  std::vector<std::string> said;
  std::atomic<bool> listens = false;
  const FailingDisk failing;
  Status served;
  std::thread hub([&] {
    served = serve(folder, {.listen = "127.0.0.1:0"}, [&](const std::string& url, std::uint16_t) {
      said.push_back(url);
      listens = true;
    });
  });
  const auto ask_hub = [&](nlohmann::json request) {
    for (int tries = 0;; ++tries) {
      nlohmann::json answer = ask(folder, request);
      if (!answer.contains("error") || tries == 80) return answer;
      disk_fails = false;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  };
  while (!listens) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  disk_fails = true;
  const nlohmann::json add = {
      {"command", "organisation add"}, {"id", "africa"}, {"kind", "section"}, {"name", "Africa"}};
  EXPECT_EQ(ask(folder, add).value("/error/code"_json_pointer, ""), "storage_failed");
  EXPECT_FALSE(ask_hub(add).contains("error"));
  const nlohmann::json status = ask_hub({{"command", "status"}});
  EXPECT_TRUE(status.value("serving", false));
  EXPECT_EQ(status.value("address", ""), said.at(0));
  EXPECT_EQ(said.size(), 1U) << "said once: the port stays";
  std::raise(SIGTERM);
  hub.join();
  EXPECT_TRUE(served.has_value());
  std::filesystem::remove_all(folder.path);
}

}  // namespace
}  // namespace wasl::test
