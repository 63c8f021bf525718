#pragma once
// What a person's key may do in `authority`: give rights, accept and end them, revoke keys, wipe
// devices, discard others' work.
#include <vector>

#include "shared/authority/authorise.hpp"

namespace wasl {

/// @param held the grant that the change set names, the author's own, of kind person.
/// @param at positions of `authority` up to here count.
Verdict authorise_person(const ChangeSet& set, const std::vector<Act>& acts, const AuthorityState& authority,
                         const Grant& held, Position at, Millis hub_time);

constexpr std::size_t kRevocationsADay = 3;  // of others by one key: more needs a second key

/// Of a person as of a registrar: a stolen key cannot shut out a whole network in a day.
Verdict check_revocation_rate(const std::vector<Act>& acts, const Author& author,
                              const AuthorityState& authority, Millis hub_time);

/// Whether the grant has no effect until somebody confirms it.
bool waits_for_confirmation(const AuthorityState& authority, const Hash& name);

/// Whether a registrar may end this grant: one that a registrar gave, as such.
bool may_registrar_end(const AuthorityState& authority, const Hash& name);

/// Whether the key may become a person's: valid, and nothing else in this network.
bool may_be_person(const AuthorityState& authority, const PublicKey& key);

}  // namespace wasl
