#pragma once
// A reader as any program would be one: it asks for what stands behind the position that it saw last.
#include <string>
#include <string_view>

#include "tests/bench/commits/board.hpp"

namespace wasl::bench {

constexpr std::string_view kFollowedSpace = "network";

/// `position > the last one`, as fast as it is answered, until the board's final size. @return the process'
/// code: 0.
int run_reader(const std::string& address, Track& track, const Board& board);

}  // namespace wasl::bench
