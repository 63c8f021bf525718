#include "shared/authority/person_acts.hpp"

#include <algorithm>
#include <set>

namespace wasl {
namespace {

constexpr Millis kDay = Millis{24} * 3'600'000;

bool has_admin_in(const GrantAct& holder, std::string_view space) {
  return std::any_of(holder.clauses.begin(), holder.clauses.end(), [&](const Clause& clause) {
    return (clause.rights & kAdmin) != 0 && clause.labels.empty() && clause.registers.empty() &&
           names_space(clause, space);
  });
}

/// Whether the holder administers an organisation: in its own space, or in that of one above it that lies
/// below the holder's or is the holder's.
bool has_admin_over(const AuthorityState& authority, const GrantAct& holder, std::string_view organisation) {
  if (has_admin_in(holder, kEverySpace)) return true;
  if (!authority.lies_below(organisation, holder.organisation)) return false;
  for (const OrganisationAct* one = authority.organisation(organisation); one != nullptr;
       one = authority.organisation(one->parent)) {
    if (has_admin_in(holder, authority.own_space(one->id))) return true;
    if (one->id == holder.organisation) break;
  }
  return false;
}

/// Of what was given in an organisation, and never of a higher mandate.
bool administers(const AuthorityState& authority, const GrantAct& holder, const GrantAct& given) {
  return !stands_above(given.level, holder.level) && has_admin_over(authority, holder, given.organisation);
}

/// Of the space itself, or of the organisation whose space it is.
bool has_admin_over_space(const AuthorityState& authority, const GrantAct& holder, std::string_view space) {
  if (has_admin_in(holder, space)) return true;
  return is_private_space(space) && has_admin_over(authority, holder, space.substr(space.find('/') + 1));
}

/// A grant whose mandate is the record itself, given by a registrar or an administrator of its space, says
/// that its holder is the person of whom the record speaks.
bool is_the_person(const AuthorityState& authority, const NetworkId& network, const Grant& held,
                   const EraseAct& act) {
  const std::string_view mandate = held.act.mandate;
  const auto at = mandate.find('#');
  if (at == std::string_view::npos || mandate.substr(0, at) != act.space ||
      record_mark(network, act.space, mandate.substr(at + 1)) != act.record)
    return false;
  if (held.parent.is_zero()) return true;
  const Grant* parent = authority.grant(held.parent);
  return parent != nullptr && has_admin_over_space(authority, parent->act, act.space);
}

Verdict judge_erasure(const EraseAct& act, const AuthorityState& authority, const NetworkId& network,
                      const Grant& held) {
  return has_admin_over_space(authority, held.act, act.space) || is_the_person(authority, network, held, act)
             ? Verdict::accept()
             : Verdict::refuse(Reason::no_right, "erasing needs the right `admin` in " + act.space +
                                                     ", or to be the person of whom the record speaks");
}

Verdict judge_withdrawal(const WithdrawErasureAct& act, const AuthorityState& authority,
                         const NetworkId& network, const Grant& held, Millis hub_time) {
  bool any = false;
  for (const Erasure& erasure : authority.erasures()) {
    if (erasure.change_set != act.change_set || erasure.withdrawn) continue;
    if (erasure.is_in_force(hub_time))
      return Verdict::refuse(Reason::void_act, "the erasure is in force: what it names is gone");
    const Verdict verdict = judge_erasure(erasure.act, authority, network, held);
    if (verdict.outcome != Outcome::accepted) return verdict;
    any = true;
  }
  return any ? Verdict::accept() : Verdict::refuse(Reason::void_act, "no such erasure waits");
}

Verdict judge_grant(const GrantAct& act, const AuthorityState& authority, const Grant& held) {
  const bool passes_on = std::any_of(held.act.clauses.begin(), held.act.clauses.end(),
                                     [](const Clause& clause) { return (clause.rights & kGrant) != 0; });
  if (!passes_on || held.act.depth == 0) {
    return Verdict::refuse(Reason::no_right, "giving rights: the grant cannot be passed on");
  }
  if (act.kind == GrantKind::device) {
    const Device* device = authority.device(act.grantee);
    if (device == nullptr || device->organisation != act.organisation || authority.is_revoked(act.grantee))
      return Verdict::refuse(Reason::void_act, "no device of that organisation has this key");
  } else if (act.kind != GrantKind::person || !may_be_person(authority, act.grantee)) {
    return Verdict::refuse(Reason::void_act, "the key is no person's, or it cannot become one");
  } else if (authority.organisation(act.organisation) == nullptr &&
             !(act.organisation.empty() && held.act.organisation.empty())) {
    return Verdict::refuse(Reason::void_act, "there is no organisation '" + act.organisation + "'");
  }
  return attenuates(act, held.act, kGrant)
             ? Verdict::accept()
             : Verdict::refuse(Reason::void_act, "nobody gives more than they hold and may pass on");
}

Verdict judge_end(const EndAct& act, const AuthorityState& authority, const Grant& held, bool held_is_valid) {
  const Grant* ends = authority.grant(act.grant);
  if (ends == nullptr || ends->ended) {
    return Verdict::refuse(Reason::void_act,
                           ends == nullptr ? "no such grant" : "the grant has ended already");
  }
  const Author& author = held.act.grantee;
  if (ends->act.grantee == author) return Verdict::accept();  // laid down, or not accepted
  if (held_is_valid && (ends->issuer == author || administers(authority, held.act, ends->act)))
    return Verdict::accept();
  return Verdict::refuse(Reason::no_right, "ending a grant of others needs the right `admin` over it");
}

Verdict judge_revocation(const RevokeAct& act, const AuthorityState& authority, const Grant& held) {
  if (act.key == held.act.grantee) return Verdict::accept();
  auto grants = authority.grants_of(act.key);
  if (const Grant* invitation = authority.invitation(act.key)) grants.push_back(invitation);
  const bool over = !grants.empty() && std::all_of(grants.begin(), grants.end(), [&](const Grant* grant) {
    return administers(authority, held.act, grant->act);
  });
  return over ? Verdict::accept()
              : Verdict::refuse(Reason::no_right, "revoking a key needs the right `admin` over all it holds");
}

Verdict judge_wipe(const WipeAct& act, const std::vector<Act>& acts, const AuthorityState& authority,
                   const Grant& held) {
  const Device* device = authority.device(act.device);
  const bool is_revoked =
      authority.is_revoked(act.device) || std::any_of(acts.begin(), acts.end(), [&](const Act& other) {
        const auto* revoke = std::get_if<RevokeAct>(&other);
        return revoke != nullptr && revoke->key == act.device;
      });
  if (device == nullptr || !is_revoked)
    return Verdict::refuse(Reason::void_act, "a device is wiped once it is revoked");
  const Grant* enrolled = authority.grant(device->grant);
  return enrolled != nullptr && administers(authority, held.act, enrolled->act)
             ? Verdict::accept()
             : Verdict::refuse(Reason::no_right,
                               "wiping needs the right `admin` where the device has its place");
}

Verdict judge_discard(const DiscardAct& act, const Grant& held) {
  return has_admin_in(held.act, act.space)
             ? Verdict::accept()
             : Verdict::refuse(Reason::no_right,
                               "discarding others' work needs the right `admin` in " + act.space);
}

Verdict judge_confirmation(const ConfirmAct& act, const AuthorityState& authority, const Grant& held) {
  if (!waits_for_confirmation(authority, act.grant))
    return Verdict::refuse(Reason::void_act, "there is nothing to confirm");
  return administers(authority, held.act, authority.grant(act.grant)->act)
             ? Verdict::accept()
             : Verdict::refuse(Reason::no_right, "confirming a device needs the right `admin` over it");
}

Verdict judge_standing(Standing standing) {
  switch (standing) {
    case Standing::valid:
      return Verdict::accept();
    case Standing::not_accepted:
      return Verdict::refuse(Reason::no_grant, "the grant was not accepted yet");
    case Standing::not_confirmed:
      return Verdict::refuse(Reason::no_grant, "nobody has confirmed the key's fingerprint yet");
    case Standing::not_begun:
      return Verdict::refuse(Reason::no_right, "the grant's period has not begun");
    case Standing::over:
      return Verdict::refuse(Reason::expired, "the grant's period is over");
    case Standing::ended:
      return Verdict::refuse(Reason::revoked, "the grant has ended");
  }
  return Verdict::refuse(Reason::no_grant);
}

}  // namespace

bool may_be_person(const AuthorityState& authority, const PublicKey& key) {
  return crypto::is_valid_key(key) && authority.invitation(key) == nullptr &&
         authority.device(key) == nullptr && !authority.is_revoked(key) && !authority.is_registrar(key) &&
         !authority.was_log_key(key);
}

bool may_registrar_end(const AuthorityState& authority, const Hash& name) {
  const Grant* grant = authority.grant(name);
  return grant != nullptr && grant->parent.is_zero() && !grant->ended;
}

bool waits_for_confirmation(const AuthorityState& authority, const Hash& name) {
  const Grant* grant = authority.grant(name);
  return grant != nullptr && grant->act.needs_confirmation() && !grant->confirmed && !grant->ended;
}

Verdict authorise_person(const ChangeSet& set, const std::vector<Act>& acts, const AuthorityState& authority,
                         const Grant& held, Position at, Millis hub_time) {
  Standing standing = authority.standing(held, at, hub_time);
  const bool accepts = std::any_of(acts.begin(), acts.end(), [&](const Act& act) {
    const auto* accept = std::get_if<AcceptAct>(&act);
    return accept != nullptr && accept->grant == set.header.grant;
  });
  if (accepts && standing == Standing::not_accepted) {
    Grant accepted = held;  // as it is from this change set on
    accepted.accepted = at;
    standing = authority.standing(accepted, at, hub_time);
  }
  for (const Act& act : acts) {
    Verdict verdict;
    if (const auto* accept = std::get_if<AcceptAct>(&act)) {
      const bool offered = accept->grant == set.header.grant && (held.act.flags & kNeedsAcceptance) != 0 &&
                           !held.accepted && !held.ended;
      verdict = offered ? judge_standing(standing == Standing::not_begun ? Standing::valid : standing)
                        : Verdict::refuse(Reason::void_act, "there is nothing to accept");
    } else if (const auto* end = std::get_if<EndAct>(&act)) {
      verdict = judge_end(*end, authority, held, standing == Standing::valid);
    } else if (standing != Standing::valid) {
      verdict = judge_standing(standing);
    } else if (const auto* grant = std::get_if<GrantAct>(&act)) {
      verdict = judge_grant(*grant, authority, held);
    } else if (const auto* revoke = std::get_if<RevokeAct>(&act)) {
      verdict = judge_revocation(*revoke, authority, held);
    } else if (const auto* wipe = std::get_if<WipeAct>(&act)) {
      verdict = judge_wipe(*wipe, acts, authority, held);
    } else if (const auto* confirm = std::get_if<ConfirmAct>(&act)) {
      verdict = judge_confirmation(*confirm, authority, held);
    } else if (const auto* discard = std::get_if<DiscardAct>(&act)) {
      verdict = judge_discard(*discard, held);
    } else if (const auto* erase = std::get_if<EraseAct>(&act)) {
      verdict = judge_erasure(*erase, authority, set.header.network, held);
    } else if (const auto* withdraw = std::get_if<WithdrawErasureAct>(&act)) {
      verdict = judge_withdrawal(*withdraw, authority, set.header.network, held, hub_time);
    } else {
      verdict = Verdict::refuse(Reason::no_right, "acts of a registrar");
    }
    if (verdict.outcome != Outcome::accepted) return verdict;
  }
  return check_revocation_rate(acts, held.act.grantee, authority, hub_time);
}

Verdict check_revocation_rate(const std::vector<Act>& acts, const Author& author,
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
    if (revoke->key != author && gone.insert(revoke->key).second && ++others > kRevocationsADay) {
      return Verdict::refuse(Reason::void_act,
                             "a key may revoke three others a day; more needs a second key");
    }
  }
  return Verdict::accept();
}

}  // namespace wasl
