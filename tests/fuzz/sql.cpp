// A foreign program writes what it likes to an office's tables, the office seals it, syncs, and still knows
// what it holds: the hub has the same state, and nothing is left to be sealed.
#include <sqlite3.h>

#include "tests/fuzz/office_world.hpp"

namespace wasl::fuzz {
namespace {

using test::must;

constexpr std::size_t kStatementsMost = 24;

/// A statement may well be refused. @return true if it wrote into Wasl's own tables.
bool run_foreign(const std::filesystem::path& file, Feed& feed) {
  bool own_tables = false;
  sqlite3* db = nullptr;
  WASL_ASSERT(sqlite3_open(file.c_str(), &db) == SQLITE_OK);
  for (std::size_t i = 0; i < kStatementsMost && !feed.empty(); ++i) {
    const std::string sql = odd_sql(feed);
    own_tables |= sql.find("_wasl_") != std::string::npos;
    static_cast<void>(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr));
  }
  sqlite3_close(db);
  return own_tables;
}

/// @return false if the office calls its file damaged: notes that Wasl did not write may say what cannot be.
bool seal(Replica& replica, bool own_tables) {
  const auto sealed = replica.seal();
  if (sealed) return true;
  if (!own_tables || sealed.error().code != Errc::corrupt) throw std::runtime_error(sealed.error().message);
  return false;
}

WASL_FUZZ(sql) {
  Feed feed(input);
  OfficeWorld made;
  Replica& replica = made.office.replica();
  bool own_tables = false;
  for (int round = 0; round < 2; ++round) {
    own_tables |= run_foreign(made.office.folder() / "replica.db", feed);
    if (!seal(replica, own_tables)) return;
    WASL_ASSERT(must(replica.seal()) == 0);
    if (feed.flag()) {
      const auto session = made.office.sync();
      if (session.error) throw std::runtime_error(session.error->message);
      WASL_ASSERT(session.summary.equal == true);
    }
    must(replica.status());
    must(replica.conflicts());
  }
  made.office.reopen();
  WASL_ASSERT(must(made.office.replica().seal()) == 0);
}

}  // namespace
}  // namespace wasl::fuzz
