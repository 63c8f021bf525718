#pragma once
// SQL that fails: every statement prepared and every step taken by the program that links this counts. The
// program is linked with --wrap=sqlite3_prepare_v3 and --wrap=sqlite3_step.
#include <cstdint>

namespace wasl::test {

/// The call after `after` more ones fails as on a bad disk; with `for_ever` all that follow, too.
void fail_statements(std::uint64_t after, bool for_ever);
/// @return how many have failed.
std::uint64_t mend_statements();

}  // namespace wasl::test
