#pragma once
// SQL that fails: one place of the program that asks SQLite for something, once or with all that follows.
// Which place a call is, its callers say: the program fails in each of its places, not in each of its calls.
#include <cstdint>
#include <vector>

namespace wasl::test {

using SqlPlace = std::uint64_t;

/// Called where an act begins: what calls from above is no part of a place.
void begin_places();
void watch_statements();
/// @return the places met since watch_statements(), each once, in their order.
std::vector<SqlPlace> watched_statements();

/// The next call at this place fails as on a disk that cannot be read, and then all others where `for_ever`.
void fail_statements(SqlPlace place, bool for_ever);
/// @return how many have failed.
std::uint64_t mend_statements();

}  // namespace wasl::test
