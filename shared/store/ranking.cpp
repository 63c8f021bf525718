#include "shared/store/ranking.hpp"

#include "shared/authority/authorise.hpp"

namespace wasl {

Level Ranking::of(const SegmentItem& item) {
  const auto* late = std::get_if<LateItem>(&item);
  if (late != nullptr && late->entry.kind == ledger::EntryKind::adopt) return adopter_;
  const ChangeSet& set = *effect_of(item);
  const Level level = authority_.level_of(set.header.grant);
  if (adoption_of(set)) adopter_ = level;
  return level;
}

}  // namespace wasl
