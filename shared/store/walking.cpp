#include "shared/store/walking.hpp"

#include <algorithm>

#include "shared/base/limits.hpp"

namespace wasl {

Status walk(LogStore& store, const SpaceInfo& info, Position first, Position last, const NetworkId& network,
            const std::function<Status(Position, const SegmentItem&)>& visit) {
  for (Position next = first; next <= last;) {
    WASL_LET(const auto segments, store.read(info.name, next, limits::kSegmentTargetBytes, network));
    if (segments.empty())
      return fail(Errc::corrupt, "the log of " + info.name + " has a gap", "run: wasl verify");
    for (const Segment& segment : segments) {
      Position position = segment.first;
      for (const SegmentItem& item : segment.items) {
        const ledger::Entry* entry = entry_of(item);
        if (entry == nullptr) continue;
        const bool tells = effect_of(item) != nullptr || entry->kind == ledger::EntryKind::collect;
        if (tells && position >= first && position <= last) WASL_TRY(visit(position, item));
        ++position;
      }
      next = std::max(next, position);
    }
  }
  return {};
}

}  // namespace wasl
