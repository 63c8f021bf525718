#include "shared/store/collecting.hpp"

#include "shared/base/limits.hpp"
#include "shared/base/packed.hpp"
#include "shared/store/row_store.hpp"

namespace wasl {

Result<bool> may_be_collected(LogRows& log, const SpaceInfo& info, const RecordState& state, Position floor) {
  if (state.heads.empty() || state.is_alive()) return false;
  std::vector<Dot> dots = state.all_dots();
  for (const Deletion& deletion : state.deletions) dots.push_back(deletion.dot);
  for (const Dot& dot : dots) {
    WASL_LET(const auto entry, log.find(dot.source, dot.sequence));
    const bool is_here = entry && entry->space == info.number;
    const bool is_before = info.start && info.start->ground.has_entry(dot.source, dot.sequence);
    if (is_here ? entry->position > floor : !is_before) return false;
  }
  return true;
}

std::string collected_key(std::string_view space) { return "collected " + std::string(space); }

Bytes encode(const Collected& collected) {
  Writer out;
  out.varint(collected.floor);
  out.varint(collected.records);
  return out.take();
}

Result<Collected> decode_collected(const std::optional<Bytes>& stored) {
  Collected out;
  if (!stored || stored->empty()) return out;
  Reader in(*stored);
  out.floor = in.count(limits::kNumberMost);
  out.records = in.count(limits::kNumberMost);
  if (!in.finished()) return damaged_row("note of what was collected");
  return out;
}

}  // namespace wasl
