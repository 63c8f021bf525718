#pragma once
// A thin owner of SQLite: connections, cached statements, transactions. No SQL of ours lives here but
// pragmas; exceptions do not come out, failures are Errc with SQLite's words.
#include <chrono>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace wasl {

struct OpenOptions {
  std::filesystem::path path{};  ///< or ":memory:"
  bool create = false;
  bool read_only = false;
  std::chrono::milliseconds busy_timeout{
      5000};  ///< longer than any write transaction we or a tool should hold
};

enum class ColumnType { integer = 1, real = 2, text = 3, blob = 4, null = 5 };  // SQLite's own numbers

class SqliteConnection;  // what a Database owns and its statements borrow

/// One use of a prepared statement, borrowed from its Database's cache: leaving the scope resets it,
/// forgets its bindings and hands it back. Parameters count from 1, columns from 0, as in SQLite.
/// A binding that fails is reported by the next step() or run().
/// Thread: that of its Database, which must outlive it.
class Statement {
 public:
  Statement(SqliteConnection& connection, sqlite3_stmt* statement)
      : connection_(&connection), statement_(statement) {}
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement() { give_back(); }

  void bind(int index, std::nullptr_t);
  void bind(int index, std::string_view text);  ///< copied
  void bind(int index, ByteView blob);          ///< copied; an empty one is an empty blob, not NULL
  void bind(int index, std::floating_point auto real) { bind_real(index, real); }
  void bind(int index, std::integral auto number) {
    WASL_ASSERT(std::cmp_less_equal(+number, INT64_MAX));
    bind_integer(index, static_cast<std::int64_t>(number));
  }
  template <class Tag, std::size_t N>
  void bind(int index, const Fixed<Tag, N>& name) {
    bind(index, name.view());
  }
  template <class T>
  void bind(int index, const std::optional<T>& value) {
    value ? bind(index, *value) : bind(index, nullptr);
  }
  /// Binds parameters 1, 2, … in order.
  template <class... Values>
  void bind_all(const Values&... values) {
    int index = 0;
    (bind(++index, values), ...);
  }

  /// @return true: a row is there; false: done, and the statement is ready to be bound and run again.
  Result<bool> step();
  /// Steps to the end and throws rows away.
  Status run();
  /// Stops reading early so that the statement can run again; bindings stay.
  void reset();

  // Columns of the row that step() announced. Views hold until the next step(), reset() or end of scope.
  [[nodiscard]] std::int64_t int64(int column) const;
  [[nodiscard]] double real(int column) const;
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] ByteView blob(int column) const;
  [[nodiscard]] bool is_null(int column) const { return type(column) == ColumnType::null; }
  /// Ask before a getter converts the value: afterwards SQLite leaves the answer open.
  [[nodiscard]] ColumnType type(int column) const;
  [[nodiscard]] int column_count() const;
  [[nodiscard]] std::string_view column_name(int column) const;

 private:
  void bind_integer(int index, std::int64_t number);
  void bind_real(int index, double real);
  void bound(int code);
  void give_back() noexcept;

  SqliteConnection* connection_;
  sqlite3_stmt* statement_;
  int bind_code_ = 0;  // first failure of a bind since the last step
};

/// One connection. Thread: one at a time; it may wander, but no two calls overlap.
class Database {
 public:
  /// @return not_found when the file is missing and `create` is off; corrupt when it is no database.
  static Result<Database> open(const OpenOptions& options);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  /// One statement, compiled once for each text and cached. @return invalid_value for bad SQL.
  Result<Statement> prepare(std::string_view sql);
  /// A script of statements without parameters or rows.
  Status exec(std::string_view sql);

  [[nodiscard]] std::int64_t last_insert_id() const;
  /// Rows that the last INSERT, UPDATE or DELETE touched, without those of its triggers.
  [[nodiscard]] std::int64_t changes() const;
  /// Another number than before means that another connection has committed. Own commits do not count.
  Result<std::int64_t> data_version();
  /// How many transactions that could write were taken back. Another number than before means that what was
  /// read or written meanwhile may never have been.
  [[nodiscard]] std::uint64_t undone() const;

  /// An I/O error or a damaged page was met: what is remembered and what is on the disk may differ. Close it,
  /// open it again, check. A full disk and a lock are no such thing.
  [[nodiscard]] bool must_reopen() const;
  /// Reads every page. @return corrupt with SQLite's words; about a second a gigabyte.
  Status check();
  /// Also compares indexes with their tables: a row may be found under an id that it does not bear. Inside a
  /// transaction, too.
  Status check_with_indexes();
  /// Writes what the log holds into the file and empties the log. Call at the first opening after a process
  /// that died: a commit whose sync failed may stand in the system's cache alone; recovery takes it for
  /// committed, and everything written behind it would be lost with it at the next power cut. Does nothing
  /// while others have the file open: then there was no recovery.
  Status settle();

  /// Makes the whole file anew and empties the log: nothing that was deleted or overwritten is left in it.
  /// Outside a transaction. Takes the time and the room of a copy. Errors: locked (somebody reads or writes:
  /// call again), storage_failed.
  Status rewrite();

  /// Applying writes what others have signed, so no trigger of the file may run or object and no
  /// statement may reach the schema or shadow tables: triggers off, DEFENSIVE on. Switching recompiles
  /// every cached statement: once a batch, not once a row.
  Status set_applying(bool applying);

  /// For what is rare (backup, hooks, functions).
  [[nodiscard]] sqlite3* handle() const;

 private:
  Status check_pages(std::string_view pragma);
  friend class Transaction;
  friend class Savepoint;
  explicit Database(std::unique_ptr<SqliteConnection> connection);
  std::unique_ptr<SqliteConnection> connection_;
};

/// Between begin() and commit(). Leaving the scope without a commit that succeeded rolls back.
class Transaction {
 public:
  /// Immediate takes the write lock at once: a deferred one that reads and then writes gets "busy"
  /// without any waiting when somebody else wrote in between. Deferred is for reading one snapshot.
  enum class Kind { immediate, deferred };
  static Result<Transaction> begin(Database& database, Kind kind = Kind::immediate);
  Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  /// After `locked` the transaction is still open and commit() may be called again.
  Status commit();

 private:
  explicit Transaction(SqliteConnection& connection) : connection_(&connection) {}
  SqliteConnection* connection_;  // null: committed or moved from
};

/// A part of a transaction that can be undone alone. Savepoints nest strictly.
class Savepoint {
 public:
  static Result<Savepoint> begin(Database& database);
  Savepoint(Savepoint&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  Savepoint& operator=(Savepoint&&) = delete;
  ~Savepoint();

  /// Keeps the part. It is durable when the transaction around it is; without one this commits.
  Status commit();

 private:
  explicit Savepoint(SqliteConnection& connection) : connection_(&connection) {}
  SqliteConnection* connection_;
};

}  // namespace wasl
