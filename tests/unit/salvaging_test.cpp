// What programs had written into a replica.db that was then found damaged, and nobody had sealed: it is taken
// over as far as it can be read, over what the hub has sent since, and the office is told how far that was.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "shared/sqlite/disk.hpp"
#include "tests/crash/world.hpp"

namespace wasl::test {
namespace {

constexpr Machine kOffice = Machine::office, kSecond = Machine::second;

struct Salvaging : testing::Test {
  std::unique_ptr<CrashWorld> world;

  void SetUp() override {
    ASSERT_TRUE(crypto::start());
    world = std::make_unique<CrashWorld>();
  }
  /// Both offices know what these statements of the second one make.
  void given(const std::string& statements) {
    world->sql(kSecond, statements);
    EXPECT_EQ(world->sync(world->second()).summary.equal, true);
    EXPECT_EQ(world->sync(world->office()).summary.equal, true);
  }
  /// As a foreign program that no trigger watches.
  void untriggered(const std::string& statements) {
    world->sql(kOffice,
               "CREATE TEMP TABLE kept AS SELECT sql FROM sqlite_schema WHERE type = 'trigger';"
               "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE type = 'trigger';"
               "PRAGMA writable_schema = RESET;" +
                   statements);
  }
  /// The file is found damaged and set aside; pages and notes in it can be read.
  void damage(const std::string& also = "") {
    world->close(kOffice);
    world->sql(kOffice, "ALTER TABLE _wasl_pending RENAME COLUMN state TO stete");
    if (!also.empty()) untriggered(also);
    must(Replica::reopen("/office", world->ports()));
    world->open(kOffice);
  }
  /// @return what the office is told about what was taken over.
  std::string salvage() {
    EXPECT_EQ(world->sync(world->office()).summary.equal, true);
    EXPECT_EQ(world->sync(world->office()).summary.equal, true);
    EXPECT_EQ(world->sync(world->second()).summary.equal, true);
    EXPECT_TRUE(must(world->office().verify()).ok);
    EXPECT_TRUE(must(world->office().identity().damaged_copies()).empty());
    for (const std::string& notice : must(world->office().status()).notices) {
      if (notice.find("taken over") != std::string::npos)
        return notice.substr(0, notice.find(" from replica")) +
               (notice.find(';') == std::string::npos ? "" : notice.substr(notice.find(';')));
    }
    return "nothing";
  }
  std::string everywhere(const std::string& query) {
    EXPECT_EQ(world->rows(kOffice, query), world->rows(kSecond, query));
    return world->rows(kSecond, query);
  }
};

TEST_F(Salvaging, TakesOverEveryKindOfWriting) {
  given(
      "INSERT INTO project(id, space, title) VALUES('gone', 'section/africa', 'G'), ('swap', "
      "'section/africa', 'S');"
      "INSERT INTO project_sdg(record, space, value) VALUES('p0', 'section/africa', '6'), ('p0', "
      "'section/africa', '7')");
  world->sql(kOffice,
             "INSERT INTO project(id, space, title) VALUES('new', 'section/africa', 'N');"
             "UPDATE project SET website = 'w' WHERE id = 'p0';"
             "DELETE FROM project WHERE id = 'gone';"
             "REPLACE INTO project(id, space, title, reference) VALUES('swap', 'section/africa', 'S', 'R9');"
             "DELETE FROM project_sdg WHERE value = '6';"
             "INSERT INTO project_sdg(record, space, value) VALUES('p0', 'section/africa', '13')");
  damage();
  EXPECT_EQ(salvage(), "4 records that nobody had sent yet were taken over");
  EXPECT_EQ(everywhere("SELECT id, website, reference FROM project ORDER BY id"),
            "new|NULL|NULL\np0|w|R0\nswap|NULL|R9\n");
  EXPECT_EQ(everywhere("SELECT value FROM project_sdg ORDER BY value"), "13\n7\n");
}

TEST_F(Salvaging, WhatTheRegisterHasGotSinceTheFileWasMadeIsNotAskedOfIt) {
  given("INSERT INTO project_sdg(record, space, value) VALUES('p0', 'section/africa', '6')");
  world->sql(kOffice,
             "UPDATE project SET website = 'w' WHERE id = 'p0';"
             "REPLACE INTO project(id, space, title, reference) VALUES('p0', 'section/africa', 'S', 'R9')");
  damage("ALTER TABLE project DROP COLUMN note; DROP TABLE project_sdg");
  EXPECT_EQ(salvage(), "1 records that nobody had sent yet were taken over");
  EXPECT_EQ(everywhere("SELECT id, website, reference FROM project"), "p0|NULL|R9\n");
  EXPECT_EQ(everywhere("SELECT value FROM project_sdg"), "6\n")
      << "of what is not in the file nothing was said";
}

TEST_F(Salvaging, ARecordThatWasMadeAndDeletedAgainIsNothing) {
  world->sql(kOffice, "INSERT INTO project(id, space, title) VALUES('brief', 'section/africa', 'B')");
  world->sql(kOffice, "DELETE FROM project WHERE id = 'brief'");
  damage();
  EXPECT_EQ(salvage(), "1 records that nobody had sent yet were taken over");
  EXPECT_EQ(everywhere("SELECT id FROM project"), "p0\n");
}

TEST_F(Salvaging, OfAListAloneOnlyTheListIsWritten) {
  world->sql(kOffice, "INSERT INTO project_sdg(record, space, value) VALUES('p0', 'section/africa', '13')");
  damage();
  world->sql(kSecond, "UPDATE project SET reference = 'theirs' WHERE id = 'p0'");
  EXPECT_EQ(world->sync(world->second()).summary.equal, true);
  EXPECT_EQ(salvage(), "1 records that nobody had sent yet were taken over");
  EXPECT_EQ(everywhere("SELECT reference FROM project"), "theirs\n");
  EXPECT_EQ(everywhere("SELECT value FROM project_sdg"), "13\n");
  EXPECT_TRUE(must(world->office().conflicts()).empty());
}

TEST_F(Salvaging, WhatTheDiskMadeOfAValueIsNotTakenAndTheRestIs) {
  world->sql(kOffice,
             "INSERT INTO project(id, space, title, status) VALUES('bad', 'section/africa', 'B', 'pipeline');"
             "INSERT INTO project(id, space, title) VALUES('good', 'section/africa', 'G')");
  damage("UPDATE project SET status = 'qipeline' WHERE id = 'bad'");
  EXPECT_EQ(salvage(),
            "1 records that nobody had sent yet were taken over; others that stood there could not be read");
  EXPECT_EQ(everywhere("SELECT id FROM project ORDER BY id"), "good\np0\n");
}

TEST_F(Salvaging, NotesOfARegisterThatNobodyKnowsAreLeftOut) {
  world->sql(kOffice,
             "INSERT INTO project(id, space, title) VALUES('new', 'section/africa', 'N');"
             "INSERT INTO _wasl_capture(register, space, id, kind, mask, at) "
             "VALUES(99, 'section/africa', 'x', 1, 0, 0)");
  damage();
  EXPECT_EQ(salvage(), "1 records that nobody had sent yet were taken over");
  EXPECT_EQ(everywhere("SELECT id FROM project ORDER BY id"), "new\np0\n");
}

TEST_F(Salvaging, ACopyThatIsNoDatabaseAnyMoreIsSaidToBeLost) {
  world->sql(kOffice, "INSERT INTO project(id, space, title) VALUES('new', 'section/africa', 'N')");
  world->rows(kOffice, "PRAGMA wal_checkpoint(TRUNCATE)");
  world->close(kOffice);
  SimDisk::Image image = world->disk(kOffice).image();
  std::fill(image.at("replica.db").begin(), image.at("replica.db").end(), Byte{0xAA});
  image.erase("replica.db-wal");
  world->disk(kOffice).restore(image);
  EXPECT_EQ(Replica::open("/office", world->ports()).error().code, Errc::corrupt);
  must(Replica::reopen("/office", world->ports()));
  world->open(kOffice);
  EXPECT_EQ(salvage(),
            "0 records that nobody had sent yet were taken over; others that stood there could not be read");
  EXPECT_EQ(everywhere("SELECT id FROM project"), "p0\n");
}

TEST_F(Salvaging, ACopyThatWasNeverMadeWholeIsForgottenWithItsLog) {
  EXPECT_EQ(world->sync(world->office()).summary.equal, true);
  must(world->office().identity().set_damaged_copies({"replica.db.damaged-1"}));
  {
    DiskFile log = must(DiskFile::open("/office/replica.db.damaged-1-wal", DiskFile::Mode::create));
    must(log.write(0, Bytes{1, 2, 3}));
  }
  EXPECT_EQ(salvage(), "nothing");
  for (const std::string& name : world->disk(kOffice).files())
    EXPECT_EQ(name.find("damaged"), std::string::npos);
}

TEST_F(Salvaging, ADiskThatDoesNotAnswerMeanwhileLosesNothingOfIt) {
  world->sql(kOffice, "INSERT INTO project(id, space, title) VALUES('new', 'section/africa', 'N')");
  damage();
  const auto saved = world->save();
  bool failed = true;
  for (std::uint64_t after = 0; failed; after += 1 + after / 8) {
    world->close_all();
    world->restore(saved, after + 1);
    for (const Machine machine : {Machine::hub, kOffice, kSecond}) world->open(machine);
    SimDisk& disk = world->disk(kOffice);
    const std::uint64_t before = disk.failed();
    disk.fail({DiskCall::read, after, false, SQLITE_IOERR_READ});
    try {
      world->sync(world->office());
    } catch (const std::exception&) {  // in words; the next session begins anew
    }
    disk.mend();
    failed = disk.failed() > before;
    if (world->office().must_reopen()) {
      world->close(kOffice);
      world->open(kOffice);
    }
    EXPECT_EQ(salvage(), "1 records that nobody had sent yet were taken over") << after;
    EXPECT_EQ(everywhere("SELECT id FROM project ORDER BY id"), "new\np0\n") << after;
    if (HasFailure()) FAIL() << after;
  }
}

TEST_F(Salvaging, AFullDiskMeanwhileLosesNothingOfIt) {
  world->sql(kOffice, "INSERT INTO project(id, space, title, note) VALUES('new', 'section/africa', 'N', '" +
                          std::string(9'000, 'x') + "')");
  damage();
  const auto saved = world->save();
  bool whole = false;
  for (std::uint64_t room = 1 << 19; !whole; room += 1 << 15) {
    world->close_all();
    world->restore(saved, room);
    for (const Machine machine : {Machine::hub, kOffice, kSecond}) world->open(machine);
    world->disk(kOffice).set_room(room);
    try {
      whole = world->sync(world->office()).summary.equal == true &&
              must(world->office().identity().damaged_copies()).empty();
    } catch (const std::exception&) {
      whole = false;
    }
    world->disk(kOffice).set_room(std::nullopt);
    EXPECT_EQ(salvage(), "1 records that nobody had sent yet were taken over") << room;
    EXPECT_EQ(everywhere("SELECT id FROM project ORDER BY id"), "new\np0\n") << room;
    if (HasFailure()) FAIL() << room;
  }
}

}  // namespace
}  // namespace wasl::test
