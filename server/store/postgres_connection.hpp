#pragma once
// A thin owner of libpq: one connection, statements prepared once, values in binary form. Inside a
// transaction statements without an answer are only sent, and what they say is read with the next answer or
// the commit: one wait for many rows. No SQL of ours lives here but what begins and ends a transaction.
// Nothing is left in the server's session but prepared statements, and behind a pooler, which gives every
// transaction to whatever server session is free, not even those.
// Thread: one at a time.
#include <concepts>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"

struct pg_conn;
struct pg_result;

namespace wasl {

/// The rows of an answer; all whole numbers are bigint. Views hold as long as it lives.
class PgRows {
 public:
  explicit PgRows(pg_result* result) : result_(result) {}

  [[nodiscard]] int count() const;
  [[nodiscard]] bool empty() const { return count() == 0; }
  [[nodiscard]] bool is_null(int row, int column) const;
  /// 0 where it is no bigint.
  [[nodiscard]] std::int64_t int64(int row, int column) const;
  [[nodiscard]] std::string_view text(int row, int column) const;
  [[nodiscard]] ByteView blob(int row, int column) const;
  /// Rows that an INSERT, UPDATE or DELETE touched.
  [[nodiscard]] std::uint64_t changed() const;

 private:
  friend class PostgresConnection;
  explicit operator bool() const { return result_ != nullptr; }
  [[nodiscard]] bool failed() const;
  [[nodiscard]] Error error() const;
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

/// Values of $1, $2, … in order.
class PgValues {
 public:
  template <class... Values>
  static PgValues of(const Values&... values) {
    PgValues out;
    (out.add(values), ...);
    return out;
  }
  void add(std::integral auto number) { add_integer(static_cast<std::int64_t>(number)); }
  void add(std::string_view text);
  void add(ByteView blob);
  void add(const PgValues& more);
  template <class Tag, std::size_t N>
  void add(const Fixed<Tag, N>& name) {
    add(name.view());
  }
  template <class T>
  void add(const std::optional<T>& value) {
    add(value.value_or(T{}));
    if (!value) values_.back().reset();
  }

 private:
  friend class PostgresConnection;
  void add_integer(std::int64_t number);
  std::vector<unsigned> types_;
  std::vector<std::optional<std::string>> values_;
};

class PostgresConnection {
 public:
  /// @param where a URL or libpq's words. Errors: no_link.
  static Result<std::unique_ptr<PostgresConnection>> open(const std::string& where);
  ~PostgresConnection();
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  /// Errors of all calls: no_link (the connection is gone, and with it an open transaction), storage_failed
  /// (with PostgreSQL's words; an open transaction can only be taken back).
  Result<PgRows> query(std::string_view sql, const PgValues& values = {});
  /// Inside a transaction an error comes with a later call.
  Status run(std::string_view sql, const PgValues& values = {});
  /// Several statements, outside a transaction: together or none.
  Status script(const std::string& sql);

  /// @param how "BEGIN" with what it is to be like.
  Status begin(const char* how = "BEGIN");
  /// no_link: it may stand.
  Status commit();
  void roll_back();
  [[nodiscard]] bool is_lost() const { return lost_; }

 private:
  explicit PostgresConnection(pg_conn* connection) : connection_(connection) {}
  Status send(std::string_view sql, const PgValues& values);
  Status send_plain(const char* sql);
  /// Waits for everything that was sent. @return the last answer.
  Result<PgRows> receive();
  tl::unexpected<Error> lost();

  pg_conn* connection_;
  std::map<std::string, std::string, std::less<>> prepared_;  ///< SQL: its name
  std::uint64_t last_name_ = 0;
  std::deque<std::string> sent_;  ///< each waits for its answer; not empty: it prepares this SQL
  bool inside_ = false;
  bool lost_ = false;
  /// Something that is not the server answers: what it calls the server's process is another one.
  bool is_pooled_ = true;
};

}  // namespace wasl
