#include "server/hub/block_builder.hpp"

#include "shared/base/limits.hpp"

namespace wasl {

Status BlockBuilder::add(HubStore& store, WovenRun run) {
  if (bytes_ > 0 && bytes_ + run.bytes > limits::kSegmentTargetBytes) WASL_TRY(flush(store));
  bytes_ += run.bytes;
  for (SegmentItem& item : run.items) block_.items.push_back(std::move(item));
  return {};
}

Status BlockBuilder::flush(HubStore& store) {
  if (block_.items.empty()) return {};
  WASL_LET(const SpaceInfo* const info, store.space(block_.space));
  block_.first = info->size + 1;
  WASL_TRY(store.append(block_));
  block_.items.clear();
  block_.openings.clear();
  bytes_ = 0;
  return {};
}

}  // namespace wasl
