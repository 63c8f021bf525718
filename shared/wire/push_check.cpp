#include "shared/wire/push_check.hpp"

#include <set>

#include "shared/crypto/crypto.hpp"

namespace wasl {

bool may_carry(const AuthorityState& authority, const PublicKey& carrier, const PublicKey& author) {
  if (author == carrier) return true;
  const bool is_member = authority.device(carrier) != nullptr || authority.was_log_key(carrier);
  return is_member && (authority.device(author) != nullptr || authority.person(author) != nullptr);
}

bool is_taken_back(const StandInItem& item, const NetworkId& network) {
  return item.taken_back &&
         crypto::verify(item.header.source.author, taken_back_message(network, item.name), *item.taken_back);
}

Status check_push(const Segment& push, const PublicKey& carrier, const AuthorityState& authority,
                  const NetworkId& network) {
  if (push.first != 0) return fail(Errc::malformed, "a push with entries");
  std::set<Source> uncovered;
  for (const SegmentItem& item : push.items) {
    const Source* source = nullptr;
    if (const auto* set = std::get_if<SetItem>(&item)) {
      if (set->entry) return fail(Errc::malformed, "a push with entries");
      source = &set->set.header.source;
      uncovered.insert(*source);
    } else if (const auto* stand_in = std::get_if<StandInItem>(&item)) {
      source = &stand_in->header.source;
      uncovered.insert(*source);
      if (!is_taken_back(*stand_in, network))
        return fail(Errc::bad_signature,
                    "a push with a header whose change set its author did not take back");
    } else if (const auto* signature = std::get_if<SignatureItem>(&item)) {
      source = &signature->source;
      uncovered.erase(*source);
    }
    if (source == nullptr) return fail(Errc::malformed, "a push with entries");
    if (!may_carry(authority, carrier, source->author))
      return fail(Errc::unauthorised, "a push of a key that this network does not know");
  }
  if (!uncovered.empty()) return fail(Errc::bad_signature, "a push with headers that nobody signed");
  return verify_runs(push, network);
}

}  // namespace wasl
