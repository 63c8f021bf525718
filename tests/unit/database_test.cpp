// What the layer over SQLite promises: bindings, the statement cache, transactions, errors in our words.
#include "shared/sqlite/database.hpp"
#include "shared/sqlite/disk.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace wasl {
namespace {

class DatabaseTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "wasl-database-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::filesystem::path file() const { return folder_ / "test.db"; }
  [[nodiscard]] Database open(OpenOptions options = {}) const {
    options.path = file();
    if (!options.read_only) options.create = true;
    auto database = Database::open(options);
    if (!database) throw std::runtime_error(database.error().message);
    return std::move(*database);
  }

  static std::int64_t number(Database& db, std::string_view sql) {
    auto st = db.prepare(sql).value();
    EXPECT_TRUE(st.step().value()) << sql;
    return st.int64(0);
  }

 private:
  std::filesystem::path folder_;
};

template <class R>
Errc code_of(const R& result) {
  EXPECT_FALSE(result.has_value());
  return result.error().code;
}

TEST_F(DatabaseTest, OpensWithTheSettingsThatDurabilityAndForeignHandsAskFor) {
  Database db = open();
  auto mode = db.prepare("PRAGMA journal_mode").value();
  ASSERT_TRUE(mode.step().value());
  EXPECT_EQ(mode.text(0), "wal");
  EXPECT_EQ(number(db, "PRAGMA synchronous"), 2);
  EXPECT_EQ(number(db, "PRAGMA foreign_keys"), 0);
  EXPECT_EQ(number(db, "PRAGMA trusted_schema"), 0);
  EXPECT_EQ(number(db, "PRAGMA cell_size_check"), 1);
  EXPECT_EQ(number(db, "PRAGMA mmap_size"), 0);
}

TEST_F(DatabaseTest, BindsAndReadsEveryType) {
  Database db = open();
  auto st = db.prepare("SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8").value();
  const Bytes bytes{0, 1, 255};
  st.bind_all(INT64_MIN, "te\u0644xt", bytes, nullptr, 2.5, std::string_view(), ByteView(),
              std::optional<int>(7));
  ASSERT_TRUE(st.step().value());
  EXPECT_EQ(st.int64(0), INT64_MIN);
  EXPECT_EQ(st.text(1), "te\u0644xt");
  EXPECT_EQ(to_bytes(st.blob(2)), bytes);
  EXPECT_TRUE(st.is_null(3));
  EXPECT_DOUBLE_EQ(st.real(4), 2.5);
  EXPECT_EQ(st.type(5), ColumnType::text) << "empty text is not NULL";
  EXPECT_EQ(st.type(6), ColumnType::blob) << "an empty blob is not NULL";
  EXPECT_EQ(st.int64(7), 7);
  EXPECT_FALSE(st.step().value());
}

TEST_F(DatabaseTest, BindsFixedNamesAndAbsentValues) {
  Database db = open();
  auto st = db.prepare("SELECT length(?1), ?2").value();
  st.bind_all(GroupId{}, std::optional<std::string>());
  ASSERT_TRUE(st.step().value());
  EXPECT_EQ(st.int64(0), 16);
  EXPECT_TRUE(st.is_null(1));
}

TEST_F(DatabaseTest, ACachedStatementComesBackWithoutItsBindings) {
  Database db = open();
  constexpr std::string_view sql = "SELECT ?1";
  {
    auto st = db.prepare(sql).value();
    st.bind(1, 42);
    ASSERT_TRUE(st.step().value());
  }
  auto again = db.prepare(sql).value();
  ASSERT_TRUE(again.step().value());
  EXPECT_TRUE(again.is_null(0));
}

TEST_F(DatabaseTest, TheSameTextCanRunInsideItsOwnLoop) {
  Database db = open();
  constexpr std::string_view sql = "SELECT value FROM json_each('[1,2,3]')";
  int pairs = 0;
  auto outer = db.prepare(sql).value();
  while (outer.step().value()) {
    auto inner = db.prepare(sql).value();
    while (inner.step().value()) ++pairs;
  }
  EXPECT_EQ(pairs, 9);
}

TEST_F(DatabaseTest, AStatementRunsAgainWithNewBindings) {
  Database db = open();
  ASSERT_TRUE(db.exec("CREATE TABLE t(a)"));
  auto st = db.prepare("INSERT INTO t VALUES(?)").value();
  for (int i = 0; i < 3; ++i) {
    st.bind_all(i);
    ASSERT_TRUE(st.run());
    EXPECT_EQ(db.changes(), 1);
  }
  EXPECT_EQ(db.last_insert_id(), 3);
  EXPECT_EQ(number(db, "SELECT sum(a) FROM t"), 3);
}

TEST_F(DatabaseTest, RefusesBadSqlAndTwoStatementsInOne) {
  Database db = open();
  EXPECT_EQ(code_of(db.prepare("SELECT gone FROM sqlite_schema")), Errc::corrupt);
  EXPECT_EQ(code_of(db.prepare("SELECT 1; SELECT 2")), Errc::invalid_value);
  EXPECT_EQ(code_of(db.prepare("  ")), Errc::invalid_value);
  EXPECT_TRUE(db.prepare("SELECT 1;\n"));
}

TEST_F(DatabaseTest, LeavingTheScopeRollsBack) {
  Database db = open();
  ASSERT_TRUE(db.exec("CREATE TABLE t(a)"));
  {
    auto tx = Transaction::begin(db).value();
    ASSERT_TRUE(db.exec("INSERT INTO t VALUES(1)"));
  }
  EXPECT_EQ(number(db, "SELECT count(*) FROM t"), 0);
  {
    auto tx = Transaction::begin(db).value();
    ASSERT_TRUE(db.exec("INSERT INTO t VALUES(1)"));
    ASSERT_TRUE(tx.commit());
  }
  EXPECT_EQ(number(db, "SELECT count(*) FROM t"), 1);
}

TEST_F(DatabaseTest, RollsBackAlsoWhileAQueryIsBeingRead) {
  Database db = open();
  ASSERT_TRUE(db.exec("CREATE TABLE t(a); INSERT INTO t VALUES(1),(2)"));
  auto reading = db.prepare("SELECT a FROM t").value();
  {
    auto tx = Transaction::begin(db).value();
    ASSERT_TRUE(reading.step().value());
    ASSERT_TRUE(db.exec("DELETE FROM t"));
  }
  reading.reset();
  EXPECT_EQ(number(db, "SELECT count(*) FROM t"), 2);
}

TEST_F(DatabaseTest, ASavepointUndoesOnlyItsPart) {
  Database db = open();
  ASSERT_TRUE(db.exec("CREATE TABLE t(a)"));
  auto tx = Transaction::begin(db).value();
  ASSERT_TRUE(db.exec("INSERT INTO t VALUES(1)"));
  {
    auto outer = Savepoint::begin(db).value();
    ASSERT_TRUE(db.exec("INSERT INTO t VALUES(2)"));
    {
      auto inner = Savepoint::begin(db).value();
      ASSERT_TRUE(db.exec("INSERT INTO t VALUES(4)"));
    }
    ASSERT_TRUE(outer.commit());
  }
  ASSERT_TRUE(tx.commit());
  EXPECT_EQ(number(db, "SELECT sum(a) FROM t"), 3);
}

TEST_F(DatabaseTest, ASecondWriterIsLockedOutAndAReaderIsNot) {
  Database first = open();
  ASSERT_TRUE(first.exec("CREATE TABLE t(a)"));
  Database second = open({.busy_timeout = std::chrono::milliseconds(20)});
  auto tx = Transaction::begin(first).value();
  ASSERT_TRUE(first.exec("INSERT INTO t VALUES(1)"));
  EXPECT_EQ(code_of(Transaction::begin(second)), Errc::locked);
  EXPECT_EQ(number(second, "SELECT count(*) FROM t"), 0);
  ASSERT_TRUE(tx.commit());
  EXPECT_EQ(number(second, "SELECT count(*) FROM t"), 1);
}

TEST_F(DatabaseTest, AnUpgradeOfAnOldSnapshotIsLockedAndNotWrong) {
  Database first = open();
  ASSERT_TRUE(first.exec("CREATE TABLE t(a)"));
  Database second = open();
  auto tx = Transaction::begin(second, Transaction::Kind::deferred).value();
  EXPECT_EQ(number(second, "SELECT count(*) FROM t"), 0);
  ASSERT_TRUE(first.exec("INSERT INTO t VALUES(1)"));
  EXPECT_EQ(code_of(second.exec("INSERT INTO t VALUES(2)")), Errc::locked);
}

TEST_F(DatabaseTest, CountsWhatWasTakenBackAndNothingElse) {
  Database database = open();
  ASSERT_TRUE(database.exec("CREATE TABLE t(a)"));
  ASSERT_TRUE(Transaction::begin(database).value().commit());
  { const auto reading = Transaction::begin(database, Transaction::Kind::deferred).value(); }
  EXPECT_EQ(database.undone(), 0U);
  { const auto writing = Transaction::begin(database).value(); }
  EXPECT_EQ(database.undone(), 1U);
  {
    const auto full = Transaction::begin(database).value();
    ASSERT_TRUE(database.exec("PRAGMA max_page_count=2"));
    EXPECT_EQ(code_of(database.exec("INSERT INTO t VALUES(zeroblob(100000))")), Errc::storage_failed);
  }
  EXPECT_EQ(database.undone(), 2U);
}

TEST_F(DatabaseTest, AFileBesideItTakesAnySizeOnARealDisk) {
  const std::string path = (std::filesystem::temp_directory_path() / "wasl-disk-file").string();
  std::filesystem::remove(path);
  Bytes bytes(1'000'003);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<Byte>(i * 7);
  DiskFile file = DiskFile::open(path, DiskFile::Mode::create).value();
  ASSERT_TRUE(file.write(0, bytes));
  ASSERT_TRUE(file.sync());
  EXPECT_EQ(file.read().value(), bytes);
  std::filesystem::remove(path);
}

TEST_F(DatabaseTest, DataVersionMovesWhenAnotherConnectionCommits) {
  Database first = open();
  Database second = open();
  const auto before = first.data_version().value();
  ASSERT_TRUE(first.exec("CREATE TABLE own(a)"));
  EXPECT_EQ(first.data_version().value(), before);
  ASSERT_TRUE(second.exec("CREATE TABLE other(a)"));
  EXPECT_NE(first.data_version().value(), before);
}

TEST_F(DatabaseTest, AReadOnlyConnectionSaysWhoMustAllowTheWrite) {
  ASSERT_TRUE(open().exec("CREATE TABLE t(a)"));
  Database db = open({.read_only = true});
  EXPECT_EQ(number(db, "SELECT count(*) FROM t"), 0);
  const Status written = db.exec("INSERT INTO t VALUES(1)");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Errc::storage_failed);
  EXPECT_NE(written.error().hint.find("who may write"), std::string::npos);
}

TEST_F(DatabaseTest, AFileWithoutWritePermissionIsRefusedAtOpen) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everything";
  ASSERT_TRUE(open().exec("CREATE TABLE t(a)"));
  std::filesystem::permissions(file(), std::filesystem::perms::owner_read);
  EXPECT_EQ(code_of(Database::open({.path = file()})), Errc::storage_failed);
}

TEST_F(DatabaseTest, AFullDiskSaysSoAndLosesNothingCommitted) {
  Database db = open();
  ASSERT_TRUE(db.exec("CREATE TABLE t(a); INSERT INTO t VALUES(1); PRAGMA max_page_count=8"));
  {
    auto tx = Transaction::begin(db).value();
    auto st = db.prepare("INSERT INTO t VALUES(zeroblob(4096))").value();
    Status status;
    for (int i = 0; i < 20 && status; ++i) status = st.run();
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Errc::storage_failed);
    EXPECT_NE(status.error().hint.find("free space"), std::string::npos);
  }
  EXPECT_EQ(number(db, "SELECT count(*) FROM t"), 1);
  EXPECT_TRUE(db.exec("UPDATE t SET a=2"));
}

TEST_F(DatabaseTest, TellsMissingFilesMissingFoldersAndForeignFilesApart) {
  EXPECT_EQ(code_of(Database::open({.path = file()})), Errc::not_found);
  EXPECT_EQ(code_of(Database::open({.path = file() / "no" / "folder.db", .create = true})),
            Errc::storage_failed);
  std::ofstream(file()) << std::string(5000, 'x');
  EXPECT_EQ(code_of(Database::open({.path = file()})), Errc::corrupt);
}

TEST_F(DatabaseTest, ConstraintsBecomeInvalidValueOrConflict) {
  Database db = open();
  ASSERT_TRUE(db.exec(
      "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT CHECK(b<>''), c INTEGER NOT NULL DEFAULT 0) STRICT;"
      "CREATE TRIGGER g BEFORE INSERT ON t WHEN NEW.b='bad' BEGIN SELECT RAISE(ABORT,'t.b: not this word'); "
      "END;"
      "INSERT INTO t(a,b) VALUES(1,'x')"));
  const Status refused = db.exec("INSERT INTO t(b) VALUES('bad')");
  EXPECT_EQ(code_of(refused), Errc::invalid_value);
  EXPECT_EQ(refused.error().message, "t.b: not this word");
  EXPECT_EQ(code_of(db.exec("INSERT INTO t(b) VALUES('')")), Errc::invalid_value);
  EXPECT_EQ(code_of(db.exec("INSERT INTO t(c) VALUES(NULL)")), Errc::invalid_value);
  EXPECT_EQ(code_of(db.exec("INSERT INTO t(c) VALUES('word')")), Errc::invalid_value);
  EXPECT_EQ(code_of(db.exec("INSERT INTO t(a) VALUES(1)")), Errc::conflict);
  auto large = db.prepare("SELECT zeroblob(2000000000)").value();
  EXPECT_EQ(code_of(large.step()), Errc::limit_exceeded);
}

TEST_F(DatabaseTest, ApplyingRunsNoTriggerAndLeavesTheSchemaAlone) {
  Database db = open();
  ASSERT_TRUE(
      db.exec("CREATE TABLE t(a); CREATE TABLE log(a);"
              "CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log VALUES(NEW.a); END"));
  const auto insert = [&] {
    auto st = db.prepare("INSERT INTO t VALUES(1)").value();
    EXPECT_TRUE(st.run());
  };
  insert();
  ASSERT_TRUE(db.set_applying(true));
  insert();
  EXPECT_EQ(number(db, "SELECT count(*) FROM log"), 1);
  EXPECT_FALSE(db.exec("PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql='x'"));
  ASSERT_TRUE(db.set_applying(false));
  insert();
  EXPECT_EQ(number(db, "SELECT count(*) FROM log"), 2);
}

}  // namespace
}  // namespace wasl
