#include "shared/store/stored_blocks.hpp"

#include "shared/base/limits.hpp"
#include "shared/wire/compression.hpp"

namespace wasl {

Result<std::int64_t> add_block(RowStore& rows, SpaceNumber space, const Segment& segment) {
  const Bytes raw = encode_items(segment);
  const Bytes packed = compress(raw, kBlockLevel);
  return rows.add_block(space, {segment.first, segment.first + entry_count(segment) - 1, raw.size(), packed});
}

Result<std::vector<Segment>> read_blocks(RowStore& rows, const SpaceInfo& info, Position from,
                                         std::size_t most_bytes, const NetworkId& network) {
  std::vector<Segment> segments;
  if (most_bytes == 0) return segments;
  std::size_t bytes = 0;
  WASL_TRY(rows.each_block(info.number, from, [&](const StoredBlock& block) -> Result<bool> {
    const auto raw = decompress(block.data, limits::kFrameRoomBytes);
    if (!raw) return damaged_row("history");
    bytes += raw->size();
    auto segment = decode_items(info.name, block.first, *raw, network);
    if (!segment) return damaged_row("history");
    segments.push_back(std::move(*segment));
    return bytes < most_bytes;
  }));
  return segments;
}

}  // namespace wasl
