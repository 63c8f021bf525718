#include "shared/authority/decisions.hpp"

#include <algorithm>
#include <set>

namespace wasl {
namespace {

constexpr Millis kDay = Millis{24} * 3'600'000;

bool administers(const GrantAct& grant, std::string_view organisation, const AuthorityState& authority,
                 Millis hub_time) {
  return covers(grant, kAdmin, authority.own_space(organisation), 0, hub_time);
}

/// Whether the grant covers `admin` wherever the key has its place.
bool administers_key(const GrantAct& grant, const PublicKey& key, const AuthorityState& authority,
                     Millis hub_time) {
  const auto here = [&](std::string_view organisation) {
    return administers(grant, organisation, authority, hub_time);
  };
  if (const Device* device = authority.device(key)) return here(device->organisation);
  if (const Grant* invitation = authority.invitation(key)) return here(invitation->act.organisation);
  const Person* person = authority.person(key);
  return person != nullptr && std::ranges::all_of(person->grants, [&](const Hash& name) {
           return here(authority.grant(name)->act.organisation);
         });
}

}  // namespace

Verdict authorise_revocations(const std::vector<Act>& acts, const Author& author, const GrantAct* grant,
                              const AuthorityState& authority, Millis hub_time) {
  // Of a key that was revoked before, another reason costs nothing.
  std::set<PublicKey> gone;
  std::size_t others = 0;
  for (const Revocation& revocation : authority.revocations()) {
    const bool first = gone.insert(revocation.act.key).second;
    const bool counts =
        revocation.by == author && revocation.act.key != author && revocation.time > hub_time - kDay;
    if (first && counts) ++others;
  }
  for (const Act& act : acts) {
    const auto* revoke = std::get_if<RevokeAct>(&act);
    if (revoke == nullptr) continue;
    if (grant != nullptr && !administers_key(*grant, revoke->key, authority, hub_time)) {
      return Verdict::refuse(Reason::no_right,
                             "revoking needs the right `admin` where the key has its place");
    }
    if (revoke->key != author && gone.insert(revoke->key).second && ++others > kRevocationsADay) {
      return Verdict::refuse(Reason::void_act,
                             "a key may revoke three others a day; more needs a second key");
    }
  }
  return Verdict::accept();
}

Verdict authorise_wipe(const WipeAct& wipe, bool is_revoked, const GrantAct& grant,
                       const AuthorityState& authority, Millis hub_time) {
  const Device* device = authority.device(wipe.device);
  if (device == nullptr || !is_revoked)
    return Verdict::refuse(Reason::void_act, "a device is wiped once it is revoked");
  if (!administers(grant, device->organisation, authority, hub_time)) {
    return Verdict::refuse(Reason::no_right, "wiping needs the right `admin` where the device has its place");
  }
  return Verdict::accept();
}

Verdict authorise_discard(const DiscardAct& discard, const GrantAct& grant, Millis hub_time) {
  if (covers(grant, kAdmin, discard.space, 0, hub_time)) return Verdict::accept();
  return Verdict::refuse(Reason::no_right,
                         "discarding others' work needs the right `admin` in " + discard.space);
}

}  // namespace wasl
