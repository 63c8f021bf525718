#include "server/store/postgres_connection.hpp"

#include <endian.h>
#include <libpq-fe.h>

#include <cstring>

namespace wasl {
namespace {

constexpr unsigned kBytea = 17;
constexpr unsigned kBigint = 20;
constexpr unsigned kText = 25;
constexpr int kBinary = 1;
constexpr std::size_t kSentMost = 512;  // answers that wait in both ends' buffers

std::string words_of(const char* text) {
  std::string words = text == nullptr ? "" : text;
  while (!words.empty() && words.back() == '\n') words.pop_back();
  return words;
}

}  // namespace

// ── Values and rows ──

void PgValues::add(std::string_view text) {
  types_.push_back(kText);
  values_.emplace_back(text);
}

void PgValues::add(ByteView blob) {
  types_.push_back(kBytea);
  values_.emplace_back(std::string(blob.begin(), blob.end()));
}

void PgValues::add(const PgValues& more) {
  types_.insert(types_.end(), more.types_.begin(), more.types_.end());
  values_.insert(values_.end(), more.values_.begin(), more.values_.end());
}

void PgValues::add_integer(std::int64_t number) {
  const std::uint64_t big = htobe64(static_cast<std::uint64_t>(number));
  std::string bytes(sizeof big, '\0');
  std::memcpy(bytes.data(), &big, sizeof big);
  types_.push_back(kBigint);
  values_.emplace_back(std::move(bytes));
}

void PgRows::Clear::operator()(pg_result* result) const { PQclear(result); }
int PgRows::count() const { return PQntuples(result_.get()); }
bool PgRows::is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }

std::string_view PgRows::text(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column),
          static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

ByteView PgRows::blob(int row, int column) const { return view(text(row, column)); }

std::int64_t PgRows::int64(int row, int column) const {
  const auto bytes = text(row, column);
  std::uint64_t big = 0;
  if (bytes.size() != sizeof big) return 0;
  std::memcpy(&big, bytes.data(), sizeof big);
  return static_cast<std::int64_t>(be64toh(big));
}

bool PgRows::failed() const {
  const auto status = PQresultStatus(result_.get());
  return status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK;
}

Error PgRows::error() const {
  return {Errc::storage_failed, "PostgreSQL: " + words_of(PQresultErrorMessage(result_.get())),
          "the server's log says more"};
}

std::uint64_t PgRows::changed() const { return std::strtoull(PQcmdTuples(result_.get()), nullptr, 10); }

// ── The connection ──

Result<std::unique_ptr<PostgresConnection>> PostgresConnection::open(const std::string& where) {
  // What `where` says comes later and wins. A server or a line that is gone is noticed in seconds.
  const char* const names[] = {"connect_timeout", "tcp_user_timeout", "application_name", "dbname", nullptr};
  const char* const values[] = {"5", "5000", "wasl-hub", where.c_str(), nullptr};
  pg_conn* const connection = PQconnectdbParams(names, values, 1);
  std::unique_ptr<PostgresConnection> out(new PostgresConnection(connection));
  if (PQstatus(connection) != CONNECTION_OK || PQenterPipelineMode(connection) != 1) {
    return fail(Errc::no_link, "no connection to PostgreSQL: " + words_of(PQerrorMessage(connection)),
                "check the address, and that the server runs and lets this user in");
  }
  PQsetNoticeProcessor(
      connection, [](void*, const char*) {}, nullptr);
  WASL_LET(const PgRows backend, out->query("SELECT pg_backend_pid()::bigint"));
  out->is_pooled_ = backend.empty() || backend.int64(0, 0) != PQbackendPID(connection);
  return out;
}

PostgresConnection::~PostgresConnection() { PQfinish(connection_); }

tl::unexpected<Error> PostgresConnection::lost() {
  lost_ = true;
  inside_ = false;
  sent_.clear();
  return fail(Errc::no_link, "the connection to PostgreSQL is gone: " + words_of(PQerrorMessage(connection_)),
              "nothing that was reported saved is lost; the hub connects again");
}

Status PostgresConnection::send(std::string_view sql, const PgValues& values) {
  if (lost_) return lost();
  std::vector<const char*> pointers;
  std::vector<int> lengths;
  for (const auto& value : values.values_) {
    pointers.push_back(value ? value->data() : nullptr);
    lengths.push_back(value ? static_cast<int>(value->size()) : 0);
  }
  const std::vector<int> formats(pointers.size(), kBinary);
  const int count = static_cast<int>(pointers.size());
  if (is_pooled_) {
    if (PQsendQueryParams(connection_, std::string(sql).c_str(), count, values.types_.data(), pointers.data(),
                          lengths.data(), formats.data(), kBinary) != 1)
      return lost();
    sent_.emplace_back();
    return {};
  }
  auto prepared = prepared_.find(sql);
  if (prepared == prepared_.end()) {
    prepared = prepared_.emplace(std::string(sql), "w" + std::to_string(++last_name_)).first;
    if (PQsendPrepare(connection_, prepared->second.c_str(), prepared->first.c_str(), count,
                      values.types_.data()) != 1)
      return lost();
    sent_.push_back(prepared->first);
  }
  if (PQsendQueryPrepared(connection_, prepared->second.c_str(), count, pointers.data(), lengths.data(),
                          formats.data(), kBinary) != 1)
    return lost();
  sent_.emplace_back();
  return {};
}

Status PostgresConnection::send_plain(const char* sql) {
  if (lost_) return lost();
  if (PQsendQueryParams(connection_, sql, 0, nullptr, nullptr, nullptr, nullptr, kBinary) != 1) return lost();
  sent_.emplace_back();
  return {};
}

Result<PgRows> PostgresConnection::receive() {
  // Outside a transaction the sync commits. Inside it the server knows that it waits for us, and for how long
  // it may; what came behind an error is skipped up to here.
  if (lost_ || PQpipelineSync(connection_) != 1) return lost();
  std::optional<Error> failed;
  PgRows answer(nullptr);
  for (; !sent_.empty(); sent_.pop_front()) {
    PgRows result(PQgetResult(connection_));
    if (PQstatus(connection_) == CONNECTION_BAD) return lost();
    if (result.failed()) {
      if (!failed) failed = result.error();
      if (!sent_.front().empty()) prepared_.erase(sent_.front());
    }
    answer = std::move(result);
    while (const PgRows rest = PgRows(PQgetResult(connection_))) {
    }
  }
  const PgRows sync(PQgetResult(connection_));
  if (PQstatus(connection_) == CONNECTION_BAD) return lost();
  if (failed) return tl::unexpected(std::move(*failed));
  return answer;
}

Result<PgRows> PostgresConnection::query(std::string_view sql, const PgValues& values) {
  WASL_TRY(send(sql, values));
  return receive();
}

Status PostgresConnection::run(std::string_view sql, const PgValues& values) {
  WASL_TRY(send(sql, values));
  if (inside_ && sent_.size() < kSentMost) return {};
  WASL_LET(const PgRows answer, receive());
  return {};
}

Status PostgresConnection::script(const std::string& sql) {
  WASL_ASSERT(!inside_ && sent_.empty());
  if (lost_ || PQexitPipelineMode(connection_) != 1) return lost();
  const PgRows result(PQexec(connection_, sql.c_str()));
  if (PQstatus(connection_) == CONNECTION_BAD || PQenterPipelineMode(connection_) != 1) return lost();
  if (result.failed()) return tl::unexpected(result.error());
  return {};
}

// ── Transactions ──

Status PostgresConnection::begin(const char* how) {
  WASL_ASSERT(!inside_);
  WASL_TRY(send_plain(how));
  inside_ = true;
  // The rows of a process that hangs in a transaction do not stand in the way of others for longer.
  return send_plain("SET LOCAL idle_in_transaction_session_timeout = '3s'");
}

Status PostgresConnection::commit() {
  WASL_LET(const PgRows before, receive());
  WASL_TRY(send_plain("COMMIT"));
  inside_ = false;
  WASL_LET(const PgRows done, receive());
  if (std::string_view(PQcmdStatus(done.result_.get())) != "COMMIT")
    return fail(Errc::storage_failed, "PostgreSQL took the transaction back");
  return {};
}

void PostgresConnection::roll_back() {
  if (lost_ || !inside_) return;
  inside_ = false;
  // What is lost here is rolled back by the server.
  if (!send_plain("ROLLBACK")) return;
  static_cast<void>(receive());
}

}  // namespace wasl
