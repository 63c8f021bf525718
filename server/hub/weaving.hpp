#pragma once
// How judged pieces of a chain stand in a log: accepted change sets with their entries, headers in the place
// of the others, signatures where they cover something. Pure.
#include <vector>

#include "shared/wire/segment.hpp"

namespace wasl {

/// Items that may not be parted, because one signature covers them.
struct WovenRun {
  std::vector<SegmentItem> items;
  std::size_t bytes = 0;  ///< about, before compression
};

/// @param before headers of the chain that the log does not have yet, in order.
/// @param items a judged unit: a SetItem with an entry was accepted, one without leaves its header only.
/// Headers behind the last run with something accepted stay out: they wait for what follows.
std::vector<WovenRun> weave(std::vector<StandInItem> before, std::vector<SegmentItem> items);

}  // namespace wasl
