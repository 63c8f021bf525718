#pragma once
// Bytes that are kept as evidence may hold openings that are erased: these are blanked, the rest stays. Pure.
#include <set>

#include "shared/authority/authority_state.hpp"

namespace wasl {

/// What erasures in force by then list.
std::set<Hash> erased_commitments(const AuthorityState& authority, Millis hub_time);
/// Where an opening of one of these stands, its salt and value become zeros. @return whether one did.
bool blank_openings(Bytes& bytes, const std::set<Hash>& commitments);

}  // namespace wasl
