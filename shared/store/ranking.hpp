#pragma once
// Under which mandate each change set of a log takes effect: what is adopted takes its adopter's level, all
// else that of its own grant.
#include "shared/authority/authority_state.hpp"
#include "shared/wire/segment.hpp"

namespace wasl {

/// Asked item by item, in the order of the log from its beginning on.
class Ranking {
 public:
  explicit Ranking(const AuthorityState& authority) : authority_(authority) {}

  /// @pre `effect_of(item)` is not null.
  Level of(const SegmentItem& item);

 private:
  const AuthorityState& authority_;
  Level adopter_ = 0;
};

}  // namespace wasl
