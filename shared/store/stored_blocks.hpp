#pragma once
// Segments as blocks of a log: packed, one row each. Signed history itself.
#include <vector>

#include "shared/store/row_store.hpp"

namespace wasl {

/// Without the openings. @return the block's number.
Result<std::int64_t> add_block(RowStore& rows, SpaceNumber space, const Segment& segment);
/// Whole blocks from the one that holds `from`, until `most_bytes` of packed items are reached. Errors:
/// corrupt.
Result<std::vector<Segment>> read_blocks(RowStore& rows, const SpaceInfo& info, Position from,
                                         std::size_t most_bytes, const NetworkId& network);

}  // namespace wasl
