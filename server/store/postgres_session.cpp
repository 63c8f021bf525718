#include "server/store/postgres_session.hpp"

#include <future>
#include <thread>

#include "server/store/postgres_tables.hpp"

namespace wasl {
namespace {

constexpr std::chrono::milliseconds kLookEvery{100};  // for a fence that another holds
constexpr std::chrono::seconds kRenewEvery{1};
constexpr const char* kOneMoment = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
constexpr int kTries = 3;  // to look up what a lost commit became

tl::unexpected<Error> no_fence() {
  return fail(Errc::corrupt, "the hub's fence is missing", "restore the database from a backup");
}

}  // namespace

Result<std::unique_ptr<PostgresSession>> PostgresSession::open_to_write(const std::string& where,
                                                                        std::chrono::milliseconds patience) {
  std::unique_ptr<PostgresSession> session(new PostgresSession(where, true));
  WASL_TRY(session->connect());
  WASL_TRY(migrate_tables(*session->connection_));
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const Status taken = session->take_fence();
    if (taken) return session;
    if (taken.error().code != Errc::locked || std::chrono::steady_clock::now() >= until)
      return tl::unexpected(taken.error());
    std::this_thread::sleep_for(kLookEvery);
  }
}

Result<std::unique_ptr<PostgresSession>> PostgresSession::open_to_share(const std::string& where) {
  std::unique_ptr<PostgresSession> session(new PostgresSession(where, true));
  WASL_TRY(session->connect());
  WASL_TRY(migrate_tables(*session->connection_));
  return session;
}

Result<std::unique_ptr<PostgresSession>> PostgresSession::open_to_read(const std::string& where) {
  std::unique_ptr<PostgresSession> session(new PostgresSession(where, false));
  WASL_TRY(session->connect());
  WASL_TRY(check_tables(*session->connection_));
  return session;
}

PostgresSession::~PostgresSession() {
  roll_back();
  if (leads() && !connection_->is_lost()) static_cast<void>(resign());
}

Status PostgresSession::connect() {
  if (connection_ && !connection_->is_lost()) return {};
  if (inside_) return fail(Errc::no_link, "the connection to PostgreSQL was lost inside a transaction");
  WASL_LET(connection_, PostgresConnection::open(where_));
  return {};
}

// ── The fence ──

Result<bool> PostgresSession::try_lead() {
  WASL_ASSERT(!inside_);
  WASL_TRY(connect());
  const Status taken = take_fence();
  if (!taken && taken.error().code != Errc::locked) return tl::unexpected(taken.error());
  return taken.has_value();
}

Status PostgresSession::resign() {
  if (!leads()) return {};
  WASL_LET(const PgRows mine,
           query("UPDATE hub_fence SET renewed = '-infinity' WHERE one = 1 AND fence = $1", fence_));
  static_cast<void>(mine);  // another's by now: all the better
  fence_ = 0;
  return {};
}

Status PostgresSession::take_fence() {
  WASL_TRY(connection_->begin());
  const auto taken = take_fence_inside();
  if (!taken) {
    connection_->roll_back();
    return tl::unexpected(taken.error());
  }
  WASL_TRY(connection_->commit());
  fence_ = *taken;
  return {};
}

Result<std::int64_t> PostgresSession::take_fence_inside() {
  WASL_LET(const PgRows row,
           connection_->query("SELECT fence, (renewed < clock_timestamp() - $1 * interval '1 second')"
                              "::int::bigint FROM hub_fence WHERE one = 1 FOR UPDATE",
                              PgValues::of(kFenceSeconds)));
  if (row.empty()) return no_fence();
  if (row.int64(0, 1) == 0)
    return fail(Errc::locked, "another wasl-hub serves this database",
                "stop it, or wait: when it is silent for " + std::to_string(kFenceSeconds) +
                    " seconds another may take over");
  return raise_fence(row.int64(0, 0));
}

/// Inside a transaction that has locked the row. What the number before committed last stays known.
Result<std::int64_t> PostgresSession::raise_fence(std::int64_t from) {
  WASL_TRY(connection_->run("INSERT INTO hub_past_fence SELECT fence, txn FROM hub_fence WHERE one = 1",
                            PgValues()));
  WASL_TRY(connection_->run("DELETE FROM hub_past_fence WHERE fence < $1", PgValues::of(from - 1000)));
  WASL_TRY(
      connection_->run("UPDATE hub_fence SET fence = $1, renewed = clock_timestamp(), txn = NULL, since = "
                       "CASE WHEN holder = $2 "
                       "THEN since ELSE clock_timestamp() END, holder = $2 WHERE one = 1",
                       PgValues::of(from + 1, process_)));
  return from + 1;
}

tl::unexpected<Error> PostgresSession::deposed() {
  deposed_ = true;
  return fail(Errc::conflict, "another wasl-hub has taken over this database",
              "nothing of this commit stands; the hub opens its store again");
}

Status PostgresSession::prove_fence(const Name& transaction) {
  WASL_LET(
      const PgRows mine,
      connection_->query("UPDATE hub_fence SET renewed = clock_timestamp(), commits = commits + 1, txn = $1 "
                         "WHERE one = 1 AND fence = $2",
                         PgValues::of(transaction, fence_)));
  return mine.changed() == 1 ? Status() : deposed();
}

Status PostgresSession::renew() {
  if (fence_ == 0) return {};
  WASL_LET(const PgRows mine, query("UPDATE hub_fence SET renewed = clock_timestamp() "
                                    "WHERE one = 1 AND fence = $1",
                                    fence_));
  return mine.changed() == 1 ? Status() : deposed();
}

// ── Transactions ──

Status PostgresSession::begin() {
  WASL_ASSERT(!inside_);
  if (!writes_) return fail(Errc::storage_failed, "this database was opened to read only");
  if (deposed_) return deposed();
  if (fence_ == 0) return fail(Errc::locked, "another wasl-hub leads: this one only passes on");
  WASL_TRY(connect());
  WASL_TRY(connection_->begin());
  inside_ = true;
  return {};
}

Status PostgresSession::freely(const std::function<Status()>& work) {
  if (inside_) return work();
  WASL_TRY(connect());
  WASL_TRY(connection_->begin());
  Status done = work();
  if (done) done = connection_->commit();
  if (!done) connection_->roll_back();
  return done;
}

Status PostgresSession::snapshot(const std::function<Status()>& work) {
  WASL_ASSERT(!inside_);
  WASL_TRY(connect());
  WASL_TRY(connection_->begin(kOneMoment));
  Status done = work();
  if (done) done = connection_->commit();
  if (!done) connection_->roll_back();
  return done;
}

Status PostgresSession::begin_reading() {
  WASL_ASSERT(!inside_);
  WASL_TRY(connect());
  WASL_TRY(connection_->begin(kOneMoment));
  inside_ = true;
  return {};
}

Status PostgresSession::read(const std::string& sql) {
  WASL_ASSERT(inside_);
  return connection_->run(sql, PgValues());
}

Status PostgresSession::fenced(const std::function<Status()>& change) {
  if (inside_) {
    WASL_TRY(connect());
    return change();
  }
  WASL_TRY(begin());
  Status done = change();
  if (done) done = commit();
  if (!done) roll_back();
  return done;
}

Status PostgresSession::write_anew(std::string_view table) {
  WASL_ASSERT(!inside_);
  auto done = std::async(std::launch::async, [this, table = std::string(table)]() -> Status {
    WASL_LET(const auto other, PostgresConnection::open(where_));
    WASL_LET(const bool drops_by_itself, splits_tables_by_key(*other));
    return drops_by_itself ? Status() : other->script("VACUUM FULL " + table);
  });
  Status kept;  // where another has taken over, it goes on all the same
  while (done.wait_for(kRenewEvery) != std::future_status::ready)
    if (kept) kept = renew();
  return done.get();
}

Status PostgresSession::commit() {
  if (connection_->is_lost()) return connect();  // with the words that say so
  const auto transaction = random_.fixed<Name>();
  WASL_TRY(prove_fence(transaction));
  const Status done = connection_->commit();
  if (!done && !connection_->is_lost()) return done;
  inside_ = false;
  if (done) return {};
  WASL_LET(const bool stands, look_up(transaction));
  if (stands) return {};
  ++undone_;
  return done;
}

void PostgresSession::roll_back() {
  if (!inside_) return;
  inside_ = false;
  ++undone_;
  connection_->roll_back();
}

Result<bool> PostgresSession::look_up(const Name& transaction) {
  for (int i = 0; i < kTries; ++i) {
    if (!connect()) continue;
    if (!connection_->begin()) continue;
    std::int64_t fence = fence_;
    const auto stands = look_up_inside(transaction, fence);
    if (stands && connection_->commit()) {
      fence_ = fence;
      return *stands;
    }
    connection_->roll_back();
  }
  deposed_ = true;  // not known: who opens again reads what stands
  return fail(Errc::no_link,
              "the connection to PostgreSQL was lost at a commit, and it does not answer again",
              "the hub opens its store again and sees what stands");
}

/// Waits for a commit that the server is still about, and raises the fence, so that none comes later.
Result<bool> PostgresSession::look_up_inside(const Name& transaction, std::int64_t& fence) {
  WASL_LET(const PgRows now, connection_->query("SELECT fence, txn FROM hub_fence WHERE one = 1 FOR UPDATE"));
  if (now.empty()) return no_fence();
  if (now.int64(0, 0) == fence_) {
    WASL_LET(fence, raise_fence(fence_));
    return Name::from(now.blob(0, 1)) == transaction;
  }
  deposed_ = true;
  WASL_LET(const PgRows then,
           connection_->query("SELECT txn FROM hub_past_fence WHERE fence = $1", PgValues::of(fence_)));
  return !then.empty() && Name::from(then.blob(0, 0)) == transaction;
}

Result<RowStore::Version> PostgresSession::version() {
  if (writes_) return RowStore::Version{fence_, undone_};  // while it holds the fence nobody else commits
  WASL_LET(const PgRows row, query("SELECT commits FROM hub_fence WHERE one = 1"));
  if (row.empty()) return no_fence();
  return RowStore::Version{row.int64(0, 0), 0};
}

}  // namespace wasl
