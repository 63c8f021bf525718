#pragma once
// Pushes cut into signed runs: each proves itself, whoever carries it. Pure.
#include <optional>
#include <vector>

#include "shared/wire/segment.hpp"

namespace wasl {

/// A push, cut into its signed runs, each with the openings of its own values.
std::vector<Segment> runs_of(const Segment& push);

/// Where a run of one source stands in its chain.
struct RunPlace {
  Source source;
  Sequence first = 0;
  Sequence last = 0;
  Hash name;  ///< of the change set at `last`
};
/// Nothing for what is no run of one source that ends in its signature.
std::optional<RunPlace> place_of(const Segment& run);

/// Each opening opens a commitment of the run that it stands beside.
bool opens_truly(const Segment& run, const NetworkId& network);

/// The run with headers alone where the body is not to be shown. @param hides by sequence.
template <class Hides>
Segment without_bodies(Segment run, const Hides& hides) {
  for (SegmentItem& item : run.items) {
    const auto* const set = std::get_if<SetItem>(&item);
    if (set == nullptr || !hides(set->set.header.sequence)) continue;
    StandInItem header{set->set.header, set->set.header_bytes, set->set.name};
    item = std::move(header);
  }
  return run;
}

}  // namespace wasl
