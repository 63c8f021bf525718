#pragma once
// Memory that runs out: every `new` of the program that links this, and every allocation of SQLite, counts.
#include <cstdint>

namespace wasl::test {

/// Call first in main, before SQLite is used.
void watch_sqlite_memory();
/// Allocations so far: what `fail_memory` counts from.
std::uint64_t allocations();
/// The allocation after `after` more ones fails; with `for_ever` all that follow, too.
void fail_memory(std::uint64_t after, bool for_ever);
/// @return how many have failed.
std::uint64_t mend_memory();

}  // namespace wasl::test
