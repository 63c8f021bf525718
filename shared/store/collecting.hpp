#pragma once
// Which dead records leave a space's state for good (PROTOCOL.md 21.5): the rule that the hub collects by,
// and by which every reader checks it. Thread: that of the rows; inside the caller's transaction.
#include "shared/model/record_state.hpp"
#include "shared/store/log_rows.hpp"
#include "shared/store/space_info.hpp"

namespace wasl {

/// Whether the record may go: it is dead, and whatever made it so stands at or before `floor`. What stands
/// where this log does not begin yet is vouched for. @param state what the log gives before the entry.
Result<bool> may_be_collected(LogRows& log, const SpaceInfo& info, const RecordState& state, Position floor);

/// What is known of a space's collections without reading its log.
struct Collected {
  Position floor = 0;         ///< of the newest
  std::uint64_t records = 0;  ///< of all
};
/// The small value under which it is kept. Pure.
std::string collected_key(std::string_view space);
Bytes encode(const Collected& collected);
/// @param stored nothing, or empty: nothing was ever collected. Errors: corrupt.
Result<Collected> decode_collected(const std::optional<Bytes>& stored);

}  // namespace wasl
