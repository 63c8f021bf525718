#include "shared/authority/authority_state.hpp"

#include <algorithm>

namespace wasl {
namespace {

template <class T>
bool contains(const std::vector<T>& list, const auto& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool brings_space(std::string_view kind) { return kind == "section" || kind == "association"; }

std::string space_of(const OrganisationAct& organisation) {
  return organisation.kind + "/" + organisation.id;
}

bool names_space(const Clause& clause, std::string_view space) {
  return contains(clause.spaces, space) || contains(clause.spaces, kEverySpace);
}

}  // namespace

bool covers(const GrantAct& grant, Rights right, std::string_view space, std::uint32_t register_number,
            Millis now) {
  if (now < grant.from || (grant.until != 0 && now >= grant.until)) return false;
  return std::any_of(grant.clauses.begin(), grant.clauses.end(), [&](const Clause& clause) {
    return (clause.rights & right) == right && names_space(clause, space) &&
           (clause.registers.empty() || contains(clause.registers, register_number));
  });
}

bool attenuates(const GrantAct& inner, const GrantAct& outer) {
  if (outer.until != 0 && (inner.until == 0 || inner.until > outer.until)) return false;
  if (inner.depth >= outer.depth) return false;
  return std::all_of(inner.clauses.begin(), inner.clauses.end(), [&](const Clause& a) {
    return std::any_of(outer.clauses.begin(), outer.clauses.end(), [&](const Clause& b) {
      const bool rights = (a.rights & ~b.rights) == 0;
      const bool spaces = std::all_of(a.spaces.begin(), a.spaces.end(),
                                      [&](const std::string& space) { return names_space(b, space); });
      const bool registers =
          b.registers.empty() ||
          (!a.registers.empty() && std::all_of(a.registers.begin(), a.registers.end(),
                                               [&](std::uint32_t n) { return contains(b.registers, n); }));
      return rights && spaces && registers;
    });
  });
}

void AuthorityState::apply_statement(const NetworkStatement& statement, const Hash& hash) {
  statement_ = statement;
  statement_hash_ = hash;
}

/// What a stolen key gave away falls with it, and what hangs on that.
void AuthorityState::let_grants_fall(const RevokeAct& revoke, Position position) {
  if (revoke.reason != RevocationReason::compromised) return;
  const auto fall = [&](Grant& grant) {
    const bool falls = grant.fell == 0;
    if (falls) grant.fell = position;
    return falls;
  };
  bool more = false;
  for (auto& [name, grant] : grants_) {
    if (grant.issuer == revoke.key && grant.issued >= revoke.since) more = fall(grant) || more;
  }
  while (more) {
    more = false;
    for (auto& [name, grant] : grants_) {
      const auto parent = grants_.find(grant.parent);
      if (parent != grants_.end() && parent->second.fell == position) more = fall(grant) || more;
    }
  }
}

Status AuthorityState::apply(const ChangeSet& set, Position position, Millis hub_time) {
  for (std::size_t i = 0; i < set.operations.size(); ++i) {
    const Operation& operation = set.operations[i];
    if (operation.kind != OperationKind::act) continue;
    WASL_LET(const Act act, decode_act(operation.value));
    const Author& author = set.header.source.author;
    if (const auto* organisation = std::get_if<OrganisationAct>(&act)) {
      organisations_[organisation->id] = *organisation;
    } else if (const auto* grant = std::get_if<GrantAct>(&act)) {
      const Hash name = grant_name(set.header.network, set.dot(i), operation.value);
      // A dot that the log holds names what it named first: a grant in use is never exchanged under its name.
      if (!grants_.try_emplace(name, Grant{name, *grant, author, set.header.grant, position, hub_time, 0})
               .second)
        continue;
      if (grant->kind == GrantKind::invitation) invitations_[grant->grantee] = name;
      if (grant->kind == GrantKind::person) {
        Person& person = persons_[grant->grantee];
        person.key = grant->grantee;
        person.grants.push_back(name);
      }
      if (grant->kind == GrantKind::device) {
        Device& device = devices_[grant->grantee];
        device.key = grant->grantee;
        device.organisation = grant->organisation;
        device.role = grant->role;
        device.grant = name;
        if (device.enrolled == 0) device.enrolled = position;
      }
    } else if (const auto* enrol = std::get_if<EnrolAct>(&act)) {
      used_.insert(author);
      Device& device = devices_[enrol->device];
      device.key = enrol->device;
      device.sealing_key = enrol->sealing_key;
    } else if (const auto* revoke = std::get_if<RevokeAct>(&act)) {
      revoked_.emplace(revoke->key, position);
      revocations_.push_back({*revoke, author, position, hub_time});
      let_grants_fall(*revoke, position);
      if (const auto it = devices_.find(revoke->key); it != devices_.end()) it->second.revoked = *revoke;
    }
  }
  return {};
}

bool AuthorityState::is_registrar(const PublicKey& key) const {
  return contains(statement_.registrars, key) && !is_revoked(key);
}

const OrganisationAct* AuthorityState::organisation(std::string_view id) const {
  const auto it = organisations_.find(std::string(id));
  return it == organisations_.end() ? nullptr : &it->second;
}

const Grant* AuthorityState::grant(const Hash& name, Position at) const {
  const auto it = grants_.find(name);
  return it == grants_.end() || it->second.position > at ? nullptr : &it->second;
}

bool AuthorityState::is_revoked(const PublicKey& key, Position at) const {
  const auto it = revoked_.find(key);
  return it != revoked_.end() && it->second <= at;
}

const Device* AuthorityState::device(const PublicKey& key) const {
  const auto it = devices_.find(key);
  return it == devices_.end() ? nullptr : &it->second;
}

const Person* AuthorityState::person(const PublicKey& key) const {
  const auto it = persons_.find(key);
  return it == persons_.end() ? nullptr : &it->second;
}

const Grant* AuthorityState::invitation(const PublicKey& key) const {
  const auto it = invitations_.find(key);
  return it == invitations_.end() ? nullptr : grant(it->second);
}

std::vector<std::string> AuthorityState::readable(const PublicKey& key, Millis hub_time) const {
  std::vector<std::string> out;
  if (is_revoked(key)) return out;
  out.emplace_back(kAuthoritySpace);
  if (invitation(key) != nullptr || is_registrar(key)) return out;
  const Device* known = device(key);
  const Grant* held = known == nullptr ? nullptr : grant(known->grant);
  if (held == nullptr || held->has_fallen(kLatest)) return {};
  const bool in_time = hub_time >= held->act.from && (held->act.until == 0 || hub_time < held->act.until);
  for (const std::string& space : spaces()) {
    if (space != kAuthoritySpace && in_time && reads(key, space)) out.push_back(space);
  }
  return out;
}

bool AuthorityState::reads(const PublicKey& key, std::string_view space) const {
  if (space == kAuthoritySpace) return true;
  const Device* known = device(key);
  const Grant* held = known == nullptr ? nullptr : grant(known->grant);
  return held != nullptr &&
         std::any_of(held->act.clauses.begin(), held->act.clauses.end(),
                     [&](const Clause& c) { return (c.rights & kRead) != 0 && names_space(c, space); });
}

std::vector<std::string> AuthorityState::spaces() const {
  std::vector<std::string> out{std::string(kAuthoritySpace), std::string(kNetworkSpace),
                               std::string(kPublicSpace)};
  for (const auto& [id, organisation] : organisations_) {
    if (brings_space(organisation.kind)) out.push_back(space_of(organisation));
  }
  return out;
}

std::string AuthorityState::own_space(std::string_view id) const {
  std::set<std::string> seen;
  for (const auto* at = organisation(id); at != nullptr && seen.insert(at->id).second;
       at = organisation(at->parent)) {
    if (brings_space(at->kind)) return space_of(*at);
  }
  return std::string(kNetworkSpace);
}

std::string AuthorityState::section_space(std::string_view id) const {
  std::set<std::string> seen;
  for (const auto* at = organisation(id); at != nullptr && seen.insert(at->id).second;
       at = organisation(at->parent)) {
    if (at->kind == "section") return space_of(*at);
  }
  return std::string(kNetworkSpace);
}

std::optional<std::vector<Clause>> AuthorityState::clauses_of_role(std::string_view role,
                                                                   std::string_view organisation_id) const {
  const bool publisher = role == "publisher";
  const bool administrator = role == "administrator";
  if (role != "officer" && !publisher && !administrator) return std::nullopt;
  const Rights work = kRead | kWrite | (publisher || administrator ? kReview : 0);
  Clause inner{work, {own_space(organisation_id)}, {}};
  for (const std::string& space : {section_space(organisation_id), std::string(kNetworkSpace)}) {
    if (!contains(inner.spaces, space)) inner.spaces.push_back(space);
  }
  Clause open{publisher ? (work | kPublish) : kRead, {std::string(kPublicSpace)}, {}};
  return std::vector<Clause>{inner, open};
}

}  // namespace wasl
