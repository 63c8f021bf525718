#include "shared/sqlite/database.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <charconv>
#include <map>
#include <system_error>
#include <vector>

#include "shared/sqlite/disk.hpp"

namespace wasl {
namespace {

// A guard against texts built at run time; the programs have some dozens, plus a few for each register.
constexpr std::size_t kIdleStatements = 512;

constexpr std::string_view kDiskFull = "free space on the disk and run it again";
constexpr std::string_view kDamaged = "keep the file aside and rebuild it";
constexpr std::string_view kReadOnly = "check who may write the file and its folder";

struct Verdict {
  Errc code;
  std::string_view hint;
};

Verdict judge_constraint(int extended) {
  switch (extended) {
    case SQLITE_CONSTRAINT_TRIGGER:
    case SQLITE_CONSTRAINT_CHECK:
    case SQLITE_CONSTRAINT_NOTNULL:
    case SQLITE_CONSTRAINT_DATATYPE:
      return {Errc::invalid_value, {}};
    default:
      return {Errc::conflict, {}};
  }
}

/// The programs' own tables never refuse what the programs write: rows of two times stand in them.
bool breaks_own_table(int primary, std::string_view words) {
  return primary == SQLITE_CONSTRAINT &&
         (words.find(" constraint failed: _wasl_") != std::string_view::npos ||
          words.find(" constraint failed: hub_") != std::string_view::npos);
}

/// The code in what quick_check says of a page that it could not read: the disk failed, the page may be
/// whole.
int unread_page(std::string_view words) {
  constexpr std::string_view kCode = "unable to get the page. error code=";
  const auto at = words.rfind(kCode);
  int code = SQLITE_OK;
  if (at != std::string_view::npos)
    std::from_chars(words.data() + at + kCode.size(), words.data() + words.size(), code);
  return code;
}

Verdict judge(int extended, int system_error) {
  const bool no_space = system_error == ENOSPC || system_error == EDQUOT;
  switch (extended & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_SCHEMA:
      return {Errc::locked, "another program is writing: try again in a moment"};
    case SQLITE_FULL:
      return {Errc::storage_failed, kDiskFull};
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return {Errc::storage_failed, kReadOnly};
    case SQLITE_CANTOPEN:
      return {Errc::storage_failed, no_space ? kDiskFull : kReadOnly};
    case SQLITE_IOERR:
      return {Errc::storage_failed, no_space ? kDiskFull : "check the disk, then run it again"};
    case SQLITE_NOMEM:
      return {Errc::storage_failed, "memory ran out: close other programs"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {Errc::corrupt, kDamaged};
    case SQLITE_CONSTRAINT:
      return judge_constraint(extended);
    case SQLITE_TOOBIG:
      return {Errc::limit_exceeded, {}};
    case SQLITE_AUTH:
      return {Errc::unauthorised, {}};
    case SQLITE_INTERRUPT:
      return {Errc::later, {}};
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
      return {Errc::invalid_value, {}};  // SQL or a value that SQLite does not take
    default:
      return {Errc::storage_failed, {}};
  }
}

bool blames_input(Errc code) {
  return code == Errc::invalid_value || code == Errc::conflict || code == Errc::unauthorised;
}

}  // namespace

class SqliteConnection {
 public:
  SqliteConnection(sqlite3* handle, std::string name) : handle_(handle), name_(std::move(name)) {}
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;
  ~SqliteConnection() {
    WASL_ASSERT(lent_ == 0);  // a Statement outlives its Database
    for (const auto& [sql, statements] : idle_)
      for (sqlite3_stmt* statement : statements) sqlite3_finalize(statement);
    sqlite3_close(handle_);
  }

  [[nodiscard]] sqlite3* handle() const { return handle_; }
  [[nodiscard]] std::uint64_t undone() const { return undone_; }

  /// Between BEGIN and its end. SQLite ends a transaction by itself after some errors of the disk: what the
  /// caller still writes would then stand alone and durable, so nothing runs until the Transaction is gone.
  void set_inside(bool inside) { inside_ = inside; }
  [[nodiscard]] Status still_inside() const {
    if (!inside_ || sqlite3_get_autocommit(handle_) == 0) return {};
    return fail(Errc::storage_failed, name_ + ": the disk failed in the middle of a transaction",
                "nothing of it was kept: check the disk, then run it again");
  }

  void roll_back() {
    inside_ = false;
    // A full disk or an I/O error may have rolled back already; then there is nothing left to undo.
    const bool by_itself = sqlite3_get_autocommit(handle_) != 0;
    if (by_itself || sqlite3_txn_state(handle_, "main") == SQLITE_TXN_WRITE) ++undone_;
    if (!by_itself) sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  }

  [[nodiscard]] bool must_reopen() const { return must_reopen_; }
  void set_busy_timeout(int millis) {
    busy_timeout_ = millis;
    sqlite3_busy_timeout(handle_, millis);
  }
  [[nodiscard]] int busy_timeout() const { return busy_timeout_; }

  [[nodiscard]] tl::unexpected<Error> failed(int code) { return failed(code, sqlite3_errmsg(handle_)); }
  [[nodiscard]] tl::unexpected<Error> failed(int code, std::string_view said) {
    const int primary = code & 0xff;
    if (breaks_own_table(primary, said)) return damaged(said);
    must_reopen_ = must_reopen_ || primary == SQLITE_IOERR || primary == SQLITE_CORRUPT;
    const int system_error = sqlite3_system_errno(handle_);
    const Verdict verdict = judge(code, system_error);
    // A trigger's message is written for the person who typed the value: it passes untouched.
    if (blames_input(verdict.code)) return fail(verdict.code, std::string(said));
    std::string words = name_ + ": " + std::string(said);
    if (system_error != 0 && (primary == SQLITE_CANTOPEN || primary == SQLITE_IOERR))
      words += " (" + std::generic_category().message(system_error) + ")";
    return fail(verdict.code, std::move(words), std::string(verdict.hint));
  }

  [[nodiscard]] tl::unexpected<Error> damaged(std::string_view words) {
    must_reopen_ = true;
    words.remove_prefix(words.rfind('\n') + 1);  // the first line says which database, and there is one
    return fail(Errc::corrupt, name_ + ": " + std::string(words), std::string(kDamaged));
  }

  Status exec(std::string_view sql) {
    WASL_TRY(still_inside());
    const int code = sqlite3_exec(handle_, std::string(sql).c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return failed(code);
    return {};
  }

  /// The same text may be lent twice at once (a query inside its own loop): each use gets its own.
  Result<Statement> lend(std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    if (const auto found = idle_.find(sql); found != idle_.end() && !found->second.empty()) {
      statement = found->second.back();
      found->second.pop_back();
      --idle_count_;
    } else {
      WASL_LET(statement, compile(sql));
    }
    ++lent_;
    return Statement(*this, statement);
  }

  void take_back(sqlite3_stmt* statement) noexcept {
    --lent_;
    sqlite3_reset(statement);  // its code repeats what step() has reported
    sqlite3_clear_bindings(statement);
    if (idle_count_ >= kIdleStatements) {
      sqlite3_finalize(statement);
      return;
    }
    const std::string_view sql = sqlite3_sql(statement);
    auto found = idle_.find(sql);
    if (found == idle_.end()) found = idle_.emplace(std::string(sql), std::vector<sqlite3_stmt*>()).first;
    found->second.push_back(statement);
    ++idle_count_;
  }

 private:
  Result<sqlite3_stmt*> compile(std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    const char* tail = nullptr;
    const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, &tail);
    // SQL is the program's own: it fits the tables that the program made, or something changed them.
    if (code == SQLITE_ERROR)
      return fail(Errc::corrupt, name_ + ": " + sqlite3_errmsg(handle_), std::string(kDamaged));
    if (code != SQLITE_OK) return failed(code);
    if (statement == nullptr) return fail(Errc::invalid_value, "there is no SQL statement in the text");
    const std::string_view rest(tail, static_cast<std::size_t>(sql.data() + sql.size() - tail));
    if (rest.find_first_not_of(" \t\r\n;") != std::string_view::npos) {
      sqlite3_finalize(statement);
      return fail(Errc::invalid_value, "one SQL statement at a time");
    }
    return statement;
  }

  sqlite3* handle_;
  std::string name_;  // of the file, without its folder: fit for a message
  std::map<std::string, std::vector<sqlite3_stmt*>, std::less<>> idle_;
  std::size_t idle_count_ = 0;
  int lent_ = 0;
  std::uint64_t undone_ = 0;
  bool inside_ = false;
  int busy_timeout_ = 0;
  bool must_reopen_ = false;
};

// ── Statement

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_),
      statement_(std::exchange(other.statement_, nullptr)),
      bind_code_(other.bind_code_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  if (this != &other) {
    give_back();
    connection_ = other.connection_;
    statement_ = std::exchange(other.statement_, nullptr);
    bind_code_ = other.bind_code_;
  }
  return *this;
}

void Statement::give_back() noexcept {
  if (statement_ != nullptr) connection_->take_back(std::exchange(statement_, nullptr));
}

void Statement::bound(int code) {
  WASL_ASSERT(code != SQLITE_RANGE && code != SQLITE_MISUSE);  // no such parameter, or bound while running
  if (bind_code_ == SQLITE_OK) bind_code_ = code;
}

void Statement::bind(int index, std::nullptr_t) { bound(sqlite3_bind_null(statement_, index)); }

void Statement::bind(int index, std::string_view text) {
  const char* data = text.data() == nullptr ? "" : text.data();  // a null pointer would bind NULL
  bound(sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Statement::bind(int index, ByteView blob) {
  if (blob.empty())
    bound(sqlite3_bind_zeroblob(statement_, index, 0));
  else
    bound(sqlite3_bind_blob64(statement_, index, blob.data(), blob.size(), SQLITE_TRANSIENT));
}

void Statement::bind_integer(int index, std::int64_t number) {
  bound(sqlite3_bind_int64(statement_, index, number));
}

void Statement::bind_real(int index, double real) { bound(sqlite3_bind_double(statement_, index, real)); }

Result<bool> Statement::step() {
  if (const int code = std::exchange(bind_code_, SQLITE_OK); code != SQLITE_OK)
    return connection_->failed(code);
  WASL_TRY(connection_->still_inside());
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_);  // ends its read lock now and not at the end of the scope
    return false;
  }
  auto error = connection_->failed(code);  // before the reset changes the message
  sqlite3_reset(statement_);
  return error;
}

Status Statement::run() {
  for (;;) {
    WASL_LET(const bool row, step());
    if (!row) return {};
  }
}

void Statement::reset() { sqlite3_reset(statement_); }

std::int64_t Statement::int64(int column) const { return sqlite3_column_int64(statement_, column); }
double Statement::real(int column) const { return sqlite3_column_double(statement_, column); }

std::string_view Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

ByteView Statement::blob(int column) const {
  const auto* data = static_cast<const Byte*>(sqlite3_column_blob(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

ColumnType Statement::type(int column) const {
  return static_cast<ColumnType>(sqlite3_column_type(statement_, column));
}

int Statement::column_count() const { return sqlite3_column_count(statement_); }

std::string_view Statement::column_name(int column) const {
  const char* name = sqlite3_column_name(statement_, column);
  return name == nullptr ? std::string_view{} : name;
}

// ── Database

namespace {

// Each line states its reason because a foreign tool opens the same file with other settings.
constexpr std::string_view kPragmas =
    "PRAGMA synchronous=FULL;"         // what we acknowledge must survive a power cut; NORMAL in WAL does not
    "PRAGMA foreign_keys=OFF;"         // a record may arrive before the one it refers to
    "PRAGMA trusted_schema=OFF;"       // the file comes from other hands: its views and triggers call nothing
                                       // risky
    "PRAGMA cache_size=-8000;"         // 8 MB: the pages that a batch touches; 2 MB made a third of applying
                                       // re-reading
    "PRAGMA wal_autocheckpoint=4000;"  // 16 MB: a checkpoint costs two syncs of the whole file's changes
    "PRAGMA cell_size_check=ON;"       // find a damaged page when it is read, not when it has spread
    "PRAGMA mmap_size=0;";             // with a mapping a read error or a shortened file is a crash

Status configure(SqliteConnection& connection, bool read_only) {
  WASL_TRY(connection.exec(kPragmas));
  if (read_only) return {};
  // WAL: readers (spreadsheets, scripts) do not stop the writer. The answer is the mode really in use.
  WASL_LET(auto mode, connection.lend("PRAGMA journal_mode=WAL"));
  WASL_LET(const bool row, mode.step());
  if (!row || (mode.text(0) != "wal" && mode.text(0) != "memory"))
    return fail(Errc::storage_failed, "the database cannot be switched to a write-ahead log",
                "keep it on a local disk, not on a network share");
  return {};
}

}  // namespace

Database::Database(std::unique_ptr<SqliteConnection> connection) : connection_(std::move(connection)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Result<Database> Database::open(const OpenOptions& options) {
  const std::string name = options.path.filename().string();
  if (!options.create && options.path != ":memory:" && !file_exists(options.path))
    return fail(Errc::not_found, name + ": there is no such file");

  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  flags |= options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (options.create && !options.read_only) flags |= SQLITE_OPEN_CREATE;
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(options.path.c_str(), &handle, flags, nullptr);
  auto connection = std::make_unique<SqliteConnection>(handle, name);
  if (code != SQLITE_OK) return connection->failed(code);
  connection->set_busy_timeout(static_cast<int>(options.busy_timeout.count()));
  // SQLite falls back to reading when it may not write; better said now than at the first write.
  if (!options.read_only && sqlite3_db_readonly(handle, "main") == 1)
    return fail(Errc::storage_failed, name + ": the file is read-only", std::string(kReadOnly));
  WASL_TRY(configure(*connection, options.read_only));
  return Database(std::move(connection));
}

Result<Statement> Database::prepare(std::string_view sql) { return connection_->lend(sql); }
Status Database::exec(std::string_view sql) { return connection_->exec(sql); }
std::int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(handle()); }
std::int64_t Database::changes() const { return sqlite3_changes64(handle()); }

Result<std::int64_t> Database::data_version() {
  WASL_LET(auto statement, prepare("PRAGMA data_version"));
  WASL_LET(const bool row, statement.step());
  WASL_ASSERT(row);
  return statement.int64(0);
}

bool Database::must_reopen() const { return connection_->must_reopen(); }

Status Database::settle() {
  sqlite3_busy_timeout(handle(), 0);
  const int code = sqlite3_wal_checkpoint_v2(handle(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  sqlite3_busy_timeout(handle(), connection_->busy_timeout());
  if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED) return {};
  return connection_->failed(code);
}

Status Database::rewrite() {
  WASL_TRY(exec("VACUUM"));
  const int code = sqlite3_wal_checkpoint_v2(handle(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  return code == SQLITE_OK ? Status() : connection_->failed(code);
}

Status Database::check() {
  WASL_TRY(settle());
  return check_pages("PRAGMA quick_check(1)");
}

Status Database::check_with_indexes() { return check_pages("PRAGMA integrity_check(1)"); }

Status Database::check_pages(std::string_view pragma) {
  WASL_LET(auto check, prepare(pragma));
  WASL_LET(const bool row, check.step());
  if (row && check.text(0) == "ok") return {};
  const int unread = row ? unread_page(check.text(0)) : SQLITE_OK;
  if ((unread & 0xff) == SQLITE_IOERR || (unread & 0xff) == SQLITE_NOMEM)
    return connection_->failed(unread, sqlite3_errstr(unread));
  return connection_->damaged(row ? check.text(0) : std::string_view("nothing can be read"));
}

std::uint64_t Database::undone() const { return connection_->undone(); }

Status Database::set_applying(bool applying) {
  for (const auto& [option, on] :
       {std::pair{SQLITE_DBCONFIG_ENABLE_TRIGGER, !applying}, std::pair{SQLITE_DBCONFIG_DEFENSIVE, applying},
        // SQLite 3.40 calls its own JSON functions unsafe in triggers, and ours use them.
        std::pair{SQLITE_DBCONFIG_TRUSTED_SCHEMA, !applying}}) {
    const int code = sqlite3_db_config(handle(), option, on ? 1 : 0, nullptr);
    if (code != SQLITE_OK) return connection_->failed(code);
  }
  return {};
}

sqlite3* Database::handle() const { return connection_->handle(); }

// ── Transaction, Savepoint

Result<Transaction> Transaction::begin(Database& database, Kind kind) {
  WASL_TRY(database.exec(kind == Kind::immediate ? "BEGIN IMMEDIATE" : "BEGIN DEFERRED"));
  database.connection_->set_inside(true);
  return Transaction(*database.connection_);
}

Transaction::~Transaction() {
  if (connection_ != nullptr) connection_->roll_back();
}

Status Transaction::commit() {
  WASL_ASSERT(connection_ != nullptr);
  WASL_TRY(connection_->exec("COMMIT"));
  connection_->set_inside(false);
  connection_ = nullptr;
  return {};
}

// One name is enough: ROLLBACK TO and RELEASE take the youngest that bears it.
Result<Savepoint> Savepoint::begin(Database& database) {
  WASL_TRY(database.exec("SAVEPOINT wasl"));
  return Savepoint(*database.connection_);
}

Savepoint::~Savepoint() {
  if (connection_ == nullptr || sqlite3_get_autocommit(connection_->handle()) != 0) return;
  sqlite3_exec(connection_->handle(), "ROLLBACK TO wasl; RELEASE wasl", nullptr, nullptr, nullptr);
}

Status Savepoint::commit() {
  WASL_ASSERT(connection_ != nullptr);
  WASL_TRY(connection_->exec("RELEASE wasl"));
  connection_ = nullptr;
  return {};
}

}  // namespace wasl
