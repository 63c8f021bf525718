#include "tests/crash/failing_statements.hpp"

#include <sqlite3.h>

namespace {

std::uint64_t counted = 0, fails_at = UINT64_MAX, failed = 0;
bool fails_for_ever = false;

bool fails() {
  const std::uint64_t now = counted++;
  if (now != fails_at && !(fails_for_ever && now > fails_at)) return false;
  ++failed;
  return true;
}

}  // namespace

// Names that the linker gives.
extern "C" {
int __real_sqlite3_step(sqlite3_stmt* statement);
int __real_sqlite3_prepare_v3(sqlite3* db, const char* sql, int bytes, unsigned flags,
                              sqlite3_stmt** statement, const char** tail);
int __wrap_sqlite3_step(sqlite3_stmt* statement) {
  return fails() ? SQLITE_IOERR_READ : __real_sqlite3_step(statement);
}
int __wrap_sqlite3_prepare_v3(sqlite3* db, const char* sql, int bytes, unsigned flags,
                              sqlite3_stmt** statement, const char** tail) {
  if (!fails()) return __real_sqlite3_prepare_v3(db, sql, bytes, flags, statement, tail);
  *statement = nullptr;
  return SQLITE_IOERR_READ;
}
}

namespace wasl::test {

void fail_statements(std::uint64_t after, bool for_ever) {
  failed = 0;
  fails_for_ever = for_ever;
  fails_at = counted + after;
}

std::uint64_t mend_statements() {
  fails_at = UINT64_MAX;
  fails_for_ever = false;
  return failed;
}

}  // namespace wasl::test
