#pragma once
// What makes transactions of the hubs fail in the database: connections that are terminated, locks taken in
// the other order, rows that are held for longer than a statement may take.
#include <cstdint>
#include <string>

#include "tests/bench/commits/board.hpp"

namespace wasl::bench {

/// Until the board says stop. @return the process' code: 0.
int make_trouble(const std::string& address, std::uint64_t seed, Board& board);

}  // namespace wasl::bench
