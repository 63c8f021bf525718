// What the store keeps in memory follows what the database really holds.
#include "shared/store/log_store.hpp"

#include <gtest/gtest.h>

#include "shared/store/sqlite_rows.hpp"
#include "tests/support/mini_network.hpp"

namespace wasl {
namespace {

using test::must;

TEST(LogStoreTest, WhoPostponesTheDigestLearnsOfAFlushThatWasRolledBack) {
  OpenOptions options;
  options.path = ":memory:";
  Database db = must(Database::open(options));
  must(create_log_tables(db));
  LogStore store(sqlite_rows(db));
  must(store.refresh());
  const SpaceNumber number = must(store.space("network"))->number;
  const std::uint64_t before = store.forgotten();
  store.note_record(number, "a", Hash{});
  {
    auto transaction = must(Transaction::begin(db));
    must(db.exec("INSERT INTO _wasl_meta VALUES('k', x'01')"));
    must(store.flush_digest());
    EXPECT_EQ(store.noted(), 0U);
  }
  must(store.refresh());
  EXPECT_NE(store.forgotten(), before);
}

}  // namespace
}  // namespace wasl
