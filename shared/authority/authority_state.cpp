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

/// Reading is by whole space, whatever registers and labels a clause names.
bool lets_read(const GrantAct& grant, std::string_view space) {
  return std::any_of(grant.clauses.begin(), grant.clauses.end(), [&](const Clause& clause) {
    return (clause.rights & kRead) != 0 && names_space(clause, space);
  });
}

constexpr unsigned kChainMost = 32;  // a depth is at most 16; an invitation and its device stand below

}  // namespace

bool names_space(const Clause& clause, std::string_view space) {
  return contains(clause.spaces, space) || contains(clause.spaces, kEverySpace);
}

bool covers(const GrantAct& grant, Rights right, std::string_view space, std::uint32_t register_number,
            Millis now, const LabelsHold& labels_hold) {
  if (now < grant.from || (grant.until != 0 && now >= grant.until)) return false;
  return std::any_of(grant.clauses.begin(), grant.clauses.end(), [&](const Clause& clause) {
    return (clause.rights & right) == right && names_space(clause, space) &&
           (clause.registers.empty() || contains(clause.registers, register_number)) &&
           (clause.labels.empty() || (labels_hold && labels_hold(clause)));
  });
}

bool covers(const GrantAct& grant, Rights right, std::string_view space, std::uint32_t register_number,
            Millis now) {
  return covers(grant, right, space, register_number, now, {});
}

bool lies_within(const Clause& a, const Clause& b) {
  const bool rights = (a.rights & ~b.rights) == 0;
  const bool spaces = std::all_of(a.spaces.begin(), a.spaces.end(),
                                  [&](const std::string& space) { return names_space(b, space); });
  const bool registers =
      b.registers.empty() ||
      (!a.registers.empty() && std::all_of(a.registers.begin(), a.registers.end(),
                                           [&](std::uint32_t n) { return contains(b.registers, n); }));
  const bool labels = std::all_of(b.labels.begin(), b.labels.end(), [&](const LabelLimit& limit) {
    const auto narrower = std::find_if(a.labels.begin(), a.labels.end(),
                                       [&](const LabelLimit& own) { return own.name == limit.name; });
    return narrower != a.labels.end() &&
           std::all_of(narrower->values.begin(), narrower->values.end(),
                       [&](const Value& value) { return contains(limit.values, value); });
  });
  return rights && spaces && registers && labels;
}

bool attenuates(const GrantAct& inner, const GrantAct& outer, Rights with) {
  if (inner.from < outer.from) return false;
  if (outer.until != 0 && (inner.until == 0 || inner.until > outer.until)) return false;
  if (inner.depth >= outer.depth || stands_above(inner.level, outer.level)) return false;
  if ((outer.flags & kWhileHeld) != 0 && (inner.flags & kWhileHeld) == 0) return false;
  return std::all_of(inner.clauses.begin(), inner.clauses.end(), [&](const Clause& a) {
    return std::any_of(outer.clauses.begin(), outer.clauses.end(),
                       [&](const Clause& b) { return (b.rights & with) == with && lies_within(a, b); });
  });
}

void AuthorityState::apply_statement(const NetworkStatement& statement, const Hash& hash, Position position) {
  statements_.push_back({statement, hash, position});
}

const PlacedStatement& AuthorityState::placed(Position at) const {
  static const PlacedStatement none;
  const auto found = std::find_if(statements_.rbegin(), statements_.rend(),
                                  [&](const PlacedStatement& one) { return one.position <= at; });
  return found == statements_.rend() ? none : *found;
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

/// What a stolen key ordered to be erased stays, if the theft is known before it is gone.
void AuthorityState::let_erasures_fall(Position position, Millis hub_time) {
  for (Erasure& erasure : erasures_) {
    if (erasure.withdrawn || erasure.is_in_force(hub_time)) continue;
    if (is_voided(erasure.by, erasure.grant, erasure.time, position)) erasure.withdrawn = position;
  }
}

void AuthorityState::withdraw_erasures(const Hash& change_set, Position position) {
  for (Erasure& erasure : erasures_) {
    if (erasure.change_set == change_set && !erasure.withdrawn) erasure.withdrawn = position;
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
        device.grants.push_back(name);
        const Grant* parent = this->grant(set.header.grant);
        // What a person passes on to it adds to what it is.
        if (parent != nullptr && parent->act.kind == GrantKind::person) continue;
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
    } else if (const auto* description = std::get_if<DescriptionAct>(&act)) {
      WASL_TRY(apply_description(*description, position));
    } else if (const auto* revoke = std::get_if<RevokeAct>(&act)) {
      revoked_.emplace(revoke->key, position);
      revocations_.push_back({*revoke, author, position, hub_time});
      let_grants_fall(*revoke, position);
      if (revoke->reason == RevocationReason::compromised) let_erasures_fall(position, hub_time);
      if (const auto it = devices_.find(revoke->key); it != devices_.end()) it->second.revoked = *revoke;
    } else if (const auto* accept = std::get_if<AcceptAct>(&act)) {
      const auto it = grants_.find(accept->grant);
      if (it != grants_.end() && !it->second.accepted) it->second.accepted = position;
    } else if (const auto* confirm = std::get_if<ConfirmAct>(&act)) {
      const auto it = grants_.find(confirm->grant);
      if (it != grants_.end() && !it->second.confirmed) it->second.confirmed = position;
    } else if (const auto* end = std::get_if<EndAct>(&act)) {
      const auto it = grants_.find(end->grant);
      if (it != grants_.end() && !it->second.ended) it->second.ended = Ending{position, author, end->reason};
    } else if (const auto* wipe = std::get_if<WipeAct>(&act)) {
      if (const auto it = devices_.find(wipe->device); it != devices_.end()) it->second.wiped = position;
    } else if (const auto* erase = std::get_if<EraseAct>(&act)) {
      erasures_of_.emplace(erase->record, erasures_.size());
      erasures_.push_back({*erase, set.name, author, set.header.grant, position, hub_time});
    } else if (const auto* withdraw = std::get_if<WithdrawErasureAct>(&act)) {
      withdraw_erasures(withdraw->change_set, position);
    }
  }
  return {};
}

const Schema* AuthorityState::schema(Position at) const {
  const auto found =
      std::find_if(schemas_.rbegin(), schemas_.rend(), [&](const auto& one) { return one.first <= at; });
  return found == schemas_.rend() ? nullptr : found->second.get();
}

const Schema& AuthorityState::schema_or(const Schema& unpublished, Position at) const {
  const Schema* published = schema(at);
  return published != nullptr ? *published : unpublished;
}

Schema AuthorityState::schema_with(const Schema& own) const {
  const Schema* published = schema();
  return published != nullptr ? published->joined(own) : own;
}

std::shared_ptr<const Schema> AuthorityState::newest_schema() const {
  return schemas_.empty() ? nullptr : schemas_.back().second;
}

Status AuthorityState::apply_description(const DescriptionAct& description, Position position) {
  WASL_LET(Schema next, (schema() != nullptr ? *schema() : Schema()).with_published(description.json));
  auto shared = std::make_shared<const Schema>(std::move(next));
  // Those of one change set come into force at once.
  if (!schemas_.empty() && schemas_.back().first == position) {
    schemas_.back().second = std::move(shared);
  } else {
    schemas_.emplace_back(position, std::move(shared));
  }
  return {};
}

bool AuthorityState::is_registrar(const PublicKey& key, Position at) const {
  return contains(statement(at).registrars, key) && !is_revoked(key, at);
}

bool AuthorityState::was_log_key(const PublicKey& key, Position at) const {
  return std::any_of(statements_.begin(), statements_.end(), [&](const PlacedStatement& one) {
    return one.position <= at && one.statement.log_key == key;
  });
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

Standing AuthorityState::standing(const Grant& grant, Position at, Millis now) const {
  return standing(grant, at, now, kChainMost);
}

Standing AuthorityState::standing(const Grant& grant, Position at, Millis now, unsigned hops) const {
  if (grant.has_fallen(at) || (grant.ended && grant.ended->position <= at)) return Standing::ended;
  const bool needs_acceptance = (grant.act.flags & kNeedsAcceptance) != 0;
  if (needs_acceptance && (!grant.accepted || *grant.accepted > at)) return Standing::not_accepted;
  if (grant.act.needs_confirmation() && (!grant.confirmed || *grant.confirmed > at))
    return Standing::not_confirmed;
  if (now < grant.act.from) return Standing::not_begun;
  if (grant.act.until != 0 && now >= grant.act.until) return Standing::over;
  if ((grant.act.flags & kWhileHeld) == 0 || grant.parent.is_zero()) return Standing::valid;
  const Grant* parent = this->grant(grant.parent, at);
  if (parent == nullptr || hops == 0 || is_revoked(parent->act.grantee, at)) return Standing::ended;
  return standing(*parent, at, now, hops - 1);
}

std::vector<const Erasure*> AuthorityState::erasures_of(const Hash& record) const {
  std::vector<const Erasure*> out;
  const auto [begin, end] = erasures_of_.equal_range(record);
  for (auto it = begin; it != end; ++it) out.push_back(&erasures_[it->second]);
  return out;
}

std::set<Hash> AuthorityState::listed(const Hash& record) const {
  std::set<Hash> out;
  for (const Erasure* erasure : erasures_of(record)) {
    if (!erasure->withdrawn) out.insert(erasure->act.commitments.begin(), erasure->act.commitments.end());
  }
  return out;
}

bool AuthorityState::is_erased(const Hash& record, const Hash& commitment, Millis hub_time) const {
  const auto [begin, end] = erasures_of_.equal_range(record);
  return std::any_of(begin, end, [&](const auto& one) {
    const Erasure& erasure = erasures_[one.second];
    const auto& listed = erasure.act.commitments;
    return erasure.is_in_force(hub_time) && std::binary_search(listed.begin(), listed.end(), commitment);
  });
}

std::vector<const Grant*> AuthorityState::grants_of(const PublicKey& key) const {
  std::vector<const Grant*> out;
  const Device* known = device(key);
  const Person* holder = person(key);
  for (const auto* names :
       {known != nullptr ? &known->grants : nullptr, holder != nullptr ? &holder->grants : nullptr}) {
    if (names == nullptr) continue;
    for (const Hash& name : *names) {
      if (const Grant* held = grant(name)) out.push_back(held);
    }
  }
  return out;
}

std::string AuthorityState::organisation_of(const PublicKey& key) const {
  if (const Device* known = device(key)) return known->organisation;
  const auto grants = grants_of(key);
  return grants.empty() ? std::string() : grants.front()->act.organisation;
}

Level AuthorityState::level_of(const Hash& name) const {
  const Grant* used = grant(name);
  return used == nullptr ? 0 : used->act.level;
}

bool AuthorityState::is_voided(const Author& author, const Hash& grant, Millis hub_time, Position at) const {
  const bool by_key = std::any_of(revocations_.begin(), revocations_.end(), [&](const Revocation& r) {
    return r.act.reason == RevocationReason::compromised && r.position <= at && r.act.key == author &&
           hub_time >= r.act.since;
  });
  if (by_key) return true;
  const auto used = grants_.find(grant);
  return used != grants_.end() && used->second.has_fallen(at);
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
  if (known == nullptr) return {};
  std::vector<const Grant*> valid = grants_of(key);
  std::erase_if(valid, [](const Grant* held) { return held->has_fallen(kLatest); });
  if (valid.empty()) return {};
  std::erase_if(valid,
                [&](const Grant* held) { return standing(*held, kLatest, hub_time) != Standing::valid; });
  for (const std::string& space : spaces()) {
    const bool may = std::any_of(valid.begin(), valid.end(),
                                 [&](const Grant* held) { return lets_read(held->act, space); });
    if (space != kAuthoritySpace && may) out.push_back(space);
  }
  return out;
}

bool AuthorityState::reads(const PublicKey& key, std::string_view space) const {
  if (space == kAuthoritySpace) return true;
  const auto grants = grants_of(key);
  return std::any_of(grants.begin(), grants.end(),
                     [&](const Grant* held) { return lets_read(held->act, space); });
}

std::vector<std::string> AuthorityState::spaces() const {
  std::vector<std::string> out{std::string(kAuthoritySpace), std::string(kNetworkSpace),
                               std::string(kPublicSpace)};
  for (const auto& [id, organisation] : organisations_) {
    if (brings_space(organisation.kind)) out.push_back(space_of(organisation));
  }
  return out;
}

bool AuthorityState::lies_below(std::string_view id, std::string_view upper) const {
  std::set<std::string> seen;
  for (const auto* at = organisation(id); at != nullptr && seen.insert(at->id).second;
       at = organisation(at->parent)) {
    if (at->id == upper) return true;
  }
  return false;
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

}  // namespace wasl
