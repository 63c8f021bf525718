#include "shared/authority/erasures.hpp"

namespace wasl {

std::optional<ErasureReason> erasure_reason(std::string_view word) {
  for (const ErasureReason reason : {ErasureReason::requested, ErasureReason::consent_withdrawn,
                                     ErasureReason::no_longer_needed, ErasureReason::unlawful}) {
    if (word == to_word(reason)) return reason;
  }
  return std::nullopt;
}

std::vector<Act> acts_of_erasure(std::string_view space, const Hash& mark, const std::set<Hash>& commitments,
                                 ErasureReason reason) {
  std::vector<Act> acts;
  EraseAct act{std::string(space), mark, {}, reason};
  for (const Hash& commitment : commitments) {
    act.commitments.push_back(commitment);
    if (act.commitments.size() < kNamesOfAct) continue;
    acts.emplace_back(act);
    act.commitments.clear();
  }
  if (!act.commitments.empty()) acts.emplace_back(std::move(act));
  return acts;
}

std::vector<Act> acts_of_withdrawal(const AuthorityState& authority, const Hash& mark, Millis hub_time) {
  std::vector<Act> acts;
  std::set<Hash> named;
  for (const Erasure* erasure : authority.erasures_of(mark)) {
    const bool waits = !erasure->withdrawn && !erasure->is_in_force(hub_time);
    if (waits && named.insert(erasure->change_set).second)
      acts.emplace_back(WithdrawErasureAct{erasure->change_set});
  }
  return acts;
}

}  // namespace wasl
