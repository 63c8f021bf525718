#pragma once
// Rules about other people's keys and work: who may revoke, wipe, discard and adopt. Parts of `authorise`.
#include "shared/authority/authorise.hpp"

namespace wasl {

constexpr std::size_t kRevocationsADay = 3;  // of others by one key: more needs a second key

/// @param grant of the author; null: a registrar's.
Verdict authorise_revocations(const std::vector<Act>& acts, const Author& author, const GrantAct* grant,
                              const AuthorityState& authority, Millis hub_time);
/// @param is_revoked before, or by the same change set.
Verdict authorise_wipe(const WipeAct& wipe, bool is_revoked, const GrantAct& grant,
                       const AuthorityState& authority, Millis hub_time);
Verdict authorise_discard(const DiscardAct& discard, const GrantAct& grant, Millis hub_time);

}  // namespace wasl
