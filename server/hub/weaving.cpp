#include "server/hub/weaving.hpp"

#include <utility>

namespace wasl {
namespace {

constexpr std::size_t kHeaderBytes = 96;  // typical, packed against the one before

}  // namespace

std::vector<WovenRun> weave(std::vector<StandInItem> before, std::vector<SegmentItem> items) {
  std::vector<WovenRun> runs;
  WovenRun run;
  bool accepted = false;
  for (StandInItem& header : before) {
    run.bytes += kHeaderBytes;
    run.items.emplace_back(std::move(header));
  }
  for (SegmentItem& item : items) {
    if (auto* set = std::get_if<SetItem>(&item)) {
      run.bytes += kHeaderBytes;
      if (set->entry) {
        accepted = true;
        run.bytes += set->set.body_bytes.size();
        run.items.push_back(std::move(item));
      } else {
        run.items.emplace_back(StandInItem{set->set.header, set->set.header_bytes, set->set.name});
      }
    } else if (auto* taken_back = std::get_if<StandInItem>(&item)) {
      run.bytes += kHeaderBytes;
      taken_back->taken_back.reset();  // asked for once, where it came in
      run.items.push_back(std::move(item));
    } else if (std::holds_alternative<SignatureItem>(item) && accepted) {
      run.bytes += kHeaderBytes;
      run.items.push_back(std::move(item));
      runs.push_back(std::exchange(run, {}));
      accepted = false;
    }
  }
  return runs;
}

}  // namespace wasl
