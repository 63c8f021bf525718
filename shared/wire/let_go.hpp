#pragma once
// Change sets of which the header alone is kept (PROTOCOL.md 21.3): in a log as a hub stores it, never on the
// wire. Such an item is an EntryItem of `accept` or `adopt`. Behind the stand-in of its header it has no
// bytes; where the header stands elsewhere in the log, its bytes are that header.
#include <functional>

#include "shared/wire/segment.hpp"

namespace wasl {

/// An entry of a change set that brings no body.
bool is_let_go(const SegmentItem& item);
/// Whether any item is one.
bool any_let_go(const Segment& segment);
/// What is kept of the block. Openings are not looked at.
Segment without_bodies(Segment block);

/// Visits the entries of a block in order, with the header of those that were let go; null for others.
void each_entry(const Segment& block,
                const std::function<void(Position, const SegmentItem&, const Header* let_go)>& visit);

}  // namespace wasl
