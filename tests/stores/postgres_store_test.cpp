// What only PostgreSQL can do to a hub: another takes over, connections break. Needs the server that
// WASL_POSTGRES names, and in WASL_POSTGRES_CUTTING a way to it that breaks where a test says so.
#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>

#include "server/store/postgres_hub_store.hpp"
#include "tests/support/must.hpp"
#include "tests/support/test_store.hpp"

namespace wasl::test {
namespace {

// The words that the cutting way looks for: it breaks at the next COMMIT.
constexpr std::string_view kCutBefore = "cut before the commit arrives";
constexpr std::string_view kCutAfter = "cut after the commit is done";

struct PostgresStore : testing::TestWithParam<std::string> {
  void SetUp() override {
    std::string name = "wasl-pg-" + std::to_string(getpid()) + "-" + std::to_string(++count_);
    place.emplace(name, StoreKind::postgres);
    first = must(PostgresHubStore::open(place->address()));
  }
  /// As if the holder had been silent for longer than it may.
  void silence() {
    const auto connection = must(PostgresConnection::open(place->address()));
    must(connection->run("UPDATE hub_fence SET renewed = clock_timestamp() - interval '1 minute'"));
  }
  static Status put(HubStore& store, std::string_view key) {
    return store.transact([&] { return store.set_meta(key, view("1")); });
  }
  bool stands(std::string_view key) {
    return must(must(PostgresHubStore::open_to_read(place->address()))->meta(key)).has_value();
  }
  std::unique_ptr<HubStore> cutting() {
    first.reset();
    return must(PostgresHubStore::open(place->address_through(GetParam())));
  }

  std::optional<TestStore> place;
  std::unique_ptr<HubStore> first;

 private:
  static inline int count_ = 0;
};

/// Where connections break, if there is a server at all.
std::vector<std::string> cutting_ways() {
  const char* const way = std::getenv("WASL_POSTGRES_CUTTING");
  return way == nullptr ? std::vector<std::string>() : std::vector<std::string>{way};
}
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(PostgresStore);
INSTANTIATE_TEST_SUITE_P(Cutting, PostgresStore, testing::ValuesIn(cutting_ways()),
                         [](const auto&) { return std::string("Way"); });

TEST_P(PostgresStore, OneHubWritesAtATime) {
  const auto second = PostgresHubStore::open(place->address());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::locked);
  must(put(*first, "a"));
  first.reset();  // gives the fence back
  must(put(*must(PostgresHubStore::open(place->address())), "b"));
}

TEST_P(PostgresStore, ASilentHolderIsDeposedAndItsLateCommitFails) {
  std::unique_ptr<HubStore> second;
  const Status late = first->transact([&]() -> Status {
    must(first->set_meta("late", view("1")));
    silence();
    second = must(PostgresHubStore::open(place->address()));
    must(put(*second, "in time"));
    return {};
  });
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::conflict);
  EXPECT_TRUE(first->must_reopen());
  EXPECT_FALSE(put(*first, "later"));
  EXPECT_FALSE(stands("late"));
  EXPECT_FALSE(stands("later"));
  EXPECT_TRUE(stands("in time"));
}

TEST_P(PostgresStore, AHolderThatWasSilentGoesOnWhereNobodyTookOver) {
  silence();
  must(put(*first, "a"));
  silence();
  must(first->renew());
  EXPECT_EQ(PostgresHubStore::open(place->address()).error().code, Errc::locked);
  silence();
  const auto second = must(PostgresHubStore::open(place->address()));
  EXPECT_EQ(first->renew().error().code, Errc::conflict);
}

TEST_P(PostgresStore, AConnectionThatBreaksInATransactionTakesItAllBackAndTheNextGoesOn) {
  const Status broken = first->transact([&]() -> Status {
    must(first->set_meta("a", view("1")));
    EXPECT_TRUE(must(first->meta("a")).has_value());  // the server has the transaction by now
    const auto other = must(PostgresConnection::open(place->address()));
    WASL_LET(const auto none, other->query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                                           "state LIKE 'idle in%'"));
    return {};
  });
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, Errc::no_link);
  EXPECT_FALSE(stands("a"));
  must(put(*first, "b"));
  EXPECT_TRUE(stands("b"));
}

TEST_P(PostgresStore, ACommitWhoseAnswerIsLostStands) {
  const auto store = cutting();
  must(put(*store, kCutAfter));
  EXPECT_TRUE(stands(kCutAfter));
  must(put(*store, "next"));
  EXPECT_TRUE(stands("next"));
}

TEST_P(PostgresStore, ACommitThatNeverArrivedDoesNotStandAndIsToldSo) {
  const auto store = cutting();
  const Status lost = put(*store, kCutBefore);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, Errc::no_link);
  EXPECT_FALSE(stands(kCutBefore));
  EXPECT_FALSE(store->must_reopen());
  must(put(*store, "next"));
  EXPECT_TRUE(stands("next"));
}

TEST_P(PostgresStore, TablesOfANewerProgramAreLeftAlone) {
  first.reset();
  must(must(PostgresConnection::open(place->address()))->run("UPDATE hub_tables SET version = 99"));
  EXPECT_EQ(PostgresHubStore::open(place->address()).error().code, Errc::unsupported);
  EXPECT_EQ(PostgresHubStore::open_to_read(place->address()).error().code, Errc::unsupported);
}

TEST_P(PostgresStore, LogsArePartitionedBySpace) {
  const auto connection = must(PostgresConnection::open(place->address()));
  const auto rows = must(connection->query(
      "SELECT c.relname::text, pg_get_partkeydef(c.oid), count(i.inhrelid) FROM pg_class c LEFT JOIN "
      "pg_inherits i ON "
      "i.inhparent = c.oid WHERE c.relkind = 'p' AND c.relnamespace = current_schema()::regnamespace "
      "GROUP BY c.oid, c.relname ORDER BY 1"));
  ASSERT_EQ(rows.count(), 6);
  for (int i = 0; i < rows.count(); ++i) {
    EXPECT_EQ(rows.text(i, 1), "HASH (space)") << rows.text(i, 0);
    EXPECT_EQ(rows.int64(i, 2), 8) << rows.text(i, 0);
  }
}

/// PostgreSQL that says it were CockroachDB: what that one lacks is not asked for. That it has the rest is in
/// its documents alone.
TEST_P(PostgresStore, WhereTablesAreSplitByKeyNothingIsPartitioned) {
  const TestStore other("wasl-pg-split-" + std::to_string(getpid()), StoreKind::postgres);
  std::string address = other.address();
  const std::string schema = "search_path=\"wasl-pg-split-" + std::to_string(getpid()) + '"';
  address.replace(address.find(schema), schema.size(), schema + ",pg_catalog");
  const auto connection = must(PostgresConnection::open(address));
  must(connection->script(
      "CREATE FUNCTION version() RETURNS text LANGUAGE sql AS $$ SELECT 'CockroachDB CCL v24.1.0' $$"));
  const auto store = must(PostgresHubStore::open(address));
  must(put(*store, "a"));
  EXPECT_TRUE(must(store->meta("a")).has_value());
  must(store->rewrite());
  const auto rows = must(connection->query(
      "SELECT count(*) FROM pg_class WHERE relkind = 'p' AND relnamespace = current_schema()::regnamespace"));
  EXPECT_EQ(rows.int64(0, 0), 0);
}

TEST_P(PostgresStore, ADatabaseWithoutAHubIsNoneToRead) {
  const TestStore empty("wasl-pg-empty-" + std::to_string(getpid()), StoreKind::postgres);
  EXPECT_EQ(PostgresHubStore::open_to_read(empty.address()).error().code, Errc::not_found);
  EXPECT_EQ(PostgresHubStore::open("host=/nowhere").error().code, Errc::no_link);
}

}  // namespace
}  // namespace wasl::test
