#include "tests/crash/failing_statements.hpp"

#include <execinfo.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>

namespace {

using wasl::test::SqlPlace;

constexpr int kCallers = 16;  // far enough to tell apart what leads to a function that many call
constexpr int kDeepest = 128;

bool watches = false;
std::set<SqlPlace> met;
std::vector<SqlPlace> order;
std::optional<SqlPlace> fails_at;
bool fails_for_ever = false;
std::uint64_t failed = 0;

int outside = 0;  // callers of the act itself

SqlPlace place_of_call() {
  std::array<void*, kDeepest> callers{};
  const int count = backtrace(callers.data(), kDeepest);
  const int end = std::min(count - outside, kCallers);
  SqlPlace place = 0;
  for (int i = 2; i < end; ++i) {  // behind this function and the one that asks
    place = (place ^ reinterpret_cast<std::uintptr_t>(callers.at(static_cast<std::size_t>(i)))) *
            0x9E3779B97F4A7C15ULL;
  }
  return place;
}

bool fails() {
  if (!watches && !fails_at) return false;
  const bool already = fails_for_ever && failed > 0;
  const SqlPlace place = already ? 0 : place_of_call();
  if (watches && met.insert(place).second) order.push_back(place);
  if (!already && place != fails_at) return false;
  if (!fails_for_ever) fails_at.reset();
  ++failed;
  return true;
}

}  // namespace

// Names that the linker gives.
extern "C" {
int __real_sqlite3_step(sqlite3_stmt* statement);
int __real_sqlite3_prepare_v3(sqlite3* db, const char* sql, int bytes, unsigned flags,
                              sqlite3_stmt** statement, const char** tail);
int __real_sqlite3_exec(sqlite3* db, const char* sql, int (*row)(void*, int, char**, char**), void* to,
                        char** words);
int __wrap_sqlite3_step(sqlite3_stmt* statement) {
  return fails() ? SQLITE_IOERR_READ : __real_sqlite3_step(statement);
}
int __wrap_sqlite3_prepare_v3(sqlite3* db, const char* sql, int bytes, unsigned flags,
                              sqlite3_stmt** statement, const char** tail) {
  if (!fails()) return __real_sqlite3_prepare_v3(db, sql, bytes, flags, statement, tail);
  *statement = nullptr;
  return SQLITE_IOERR_READ;
}
int __wrap_sqlite3_exec(sqlite3* db, const char* sql, int (*row)(void*, int, char**, char**), void* to,
                        char** words) {
  const bool undoes = std::string_view(sql).starts_with("ROLLBACK");  // SQLite's own never fails
  return !undoes && fails() ? SQLITE_IOERR_READ : __real_sqlite3_exec(db, sql, row, to, words);
}
}

namespace wasl::test {

void begin_places() {
  std::array<void*, kDeepest> callers{};
  outside = backtrace(callers.data(), kDeepest) - 1;
}

void watch_statements() {
  met.clear();
  order.clear();
  watches = true;
}

std::vector<SqlPlace> watched_statements() {
  watches = false;
  return order;
}

void fail_statements(SqlPlace place, bool for_ever) {
  failed = 0;
  fails_for_ever = for_ever;
  fails_at = place;
}

std::uint64_t mend_statements() {
  fails_at.reset();
  fails_for_ever = false;
  return failed;
}

}  // namespace wasl::test
