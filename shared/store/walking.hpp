#pragma once
// Through a space's stored log, block by block.
#include <functional>

#include "shared/store/log_store.hpp"
#include "shared/wire/segment.hpp"

namespace wasl {

/// Visits every item of the positions `first` to `last` that says what becomes of records: those by which a
/// change set takes effect, and lists of what is collected. Ends with the first error of a visit. Errors:
/// corrupt (a gap). Memory: a block.
Status walk(LogStore& store, const SpaceInfo& info, Position first, Position last, const NetworkId& network,
            const std::function<Status(Position, const SegmentItem&)>& visit);

}  // namespace wasl
