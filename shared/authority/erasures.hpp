#pragma once
// The acts by which a record's personal values are erased, and by which that is taken back.
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "shared/authority/authority_state.hpp"

namespace wasl {

/// By its word.
std::optional<ErasureReason> erasure_reason(std::string_view word);

/// The acts that list these commitments of a record: as many as it takes.
std::vector<Act> acts_of_erasure(std::string_view space, const Hash& mark, const std::set<Hash>& commitments,
                                 ErasureReason reason);
/// The acts that withdraw what is not in force by then of the record's erasures; none when nothing waits.
std::vector<Act> acts_of_withdrawal(const AuthorityState& authority, const Hash& mark, Millis hub_time);

}  // namespace wasl
