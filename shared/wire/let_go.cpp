#include "shared/wire/let_go.hpp"

#include <algorithm>

namespace wasl {

bool is_let_go(const SegmentItem& item) {
  const auto* entry = std::get_if<EntryItem>(&item);
  return entry != nullptr && entry->entry.kind <= ledger::EntryKind::adopt;
}

bool any_let_go(const Segment& segment) {
  return std::any_of(segment.items.begin(), segment.items.end(), is_let_go);
}

Segment without_bodies(Segment block) {
  std::vector<SegmentItem> kept;
  for (SegmentItem& item : block.items) {
    if (auto* set = std::get_if<SetItem>(&item); set != nullptr && set->entry) {
      kept.emplace_back(
          StandInItem{std::move(set->set.header), std::move(set->set.header_bytes), set->set.name});
      kept.emplace_back(EntryItem{*set->entry, {}});
    } else if (auto* late = std::get_if<LateItem>(&item)) {
      kept.emplace_back(EntryItem{late->entry, std::move(late->set.header_bytes)});
    } else {
      kept.push_back(std::move(item));
    }
  }
  block.items = std::move(kept);
  return block;
}

void each_entry(const Segment& block,
                const std::function<void(Position, const SegmentItem&, const Header* let_go)>& visit) {
  Position position = block.first;
  const Header* before = nullptr;
  for (const SegmentItem& item : block.items) {
    if (entry_of(item) != nullptr) {
      const auto* other = std::get_if<EntryItem>(&item);
      if (!is_let_go(item)) {
        visit(position, item, nullptr);
      } else if (other->bytes.empty()) {
        visit(position, item, before);
      } else {
        const auto header = decode_header(other->bytes);
        visit(position, item, header ? &*header : nullptr);
      }
      ++position;
    }
    const auto* stand_in = std::get_if<StandInItem>(&item);
    before = stand_in == nullptr ? nullptr : &stand_in->header;
  }
}

}  // namespace wasl
