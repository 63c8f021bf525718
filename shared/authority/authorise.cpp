#include "shared/authority/authorise.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "shared/authority/labels.hpp"
#include "shared/authority/person_acts.hpp"
#include "shared/model/edition.hpp"
#include "shared/model/field_value.hpp"

namespace wasl {
namespace {

/// A plain write may name only heads of one value.
bool names_one_value(const Operation& op, const RecordState& state) {
  const auto it = state.heads.find(op.address);
  if (it == state.heads.end()) return true;
  const Value* value = nullptr;
  for (const Head& head : it->second) {
    if (!std::binary_search(op.names.begin(), op.names.end(), head.dot)) continue;
    if (value != nullptr && *value != head.value) return false;
    value = &head.value;
  }
  return true;
}

/// A conflict under review ends by a resolution: a plain write may not repeat the value of a head that it
/// leaves.
bool repeats_a_head(const Operation& op, const RecordState& state) {
  const auto it = state.heads.find(op.address);
  if (op.names.empty() || it == state.heads.end()) return false;
  return std::any_of(it->second.begin(), it->second.end(), [&](const Head& head) {
    return head.value == op.value && !std::binary_search(op.names.begin(), op.names.end(), head.dot);
  });
}

/// Nobody takes a decision of a higher mandate off a field of policy `authority`.
bool names_higher(const Operation& op, const RecordState& state, Level level) {
  const auto it = state.heads.find(op.address);
  if (it == state.heads.end()) return false;
  return std::any_of(it->second.begin(), it->second.end(), [&](const Head& head) {
    return stands_above(head.level, level) && std::binary_search(op.names.begin(), op.names.end(), head.dot);
  });
}

/// Whether the grant reaches a record as it is before and as it will be after the change set: what is moved
/// into or out of somebody's reach by its labels needs the right over old and new.
class Reach {
 public:
  Reach(const ChangeSet& set, const GrantAct& grant, const Schema& schema, Millis hub_time)
      : set_(set), grant_(grant), schema_(schema), hub_time_(hub_time) {}

  /// @param state before; null or empty for a record that does not exist yet.
  bool covers(Rights right, const Operation& op, const RecordState* state) {
    const std::string& space = set_.header.space;
    if (wasl::covers(grant_, right, space, op.register_number, hub_time_)) return true;
    // A reader that does not hold the descriptions in force knows no labels: it accuses nobody.
    if (schema_.registers().empty() || schema_.is_unread(op.register_number))
      return wasl::covers(grant_, right, space, op.register_number, hub_time_,
                          [](const Clause&) { return true; });
    const RecordState& then = after(op.id, state);
    if (!then.heads.contains(Address{})) return true;  // nobody created it: it is held for that
    return covers_record(grant_, right, space, op.register_number, schema_.find(op.register_number), state,
                         then, hub_time_);
  }

 private:
  const RecordState& after(const std::string& id, const RecordState* state) {
    const auto [it, made] = after_.try_emplace(id);
    if (!made) return it->second;
    if (state != nullptr) it->second = *state;
    for (std::size_t i = 0; i < set_.operations.size(); ++i) {
      if (set_.operations[i].id == id)
        it->second.apply(set_.operations[i], {set_.dot(i), set_.header.stamp, 0});
    }
    return it->second;
  }

  const ChangeSet& set_;
  const GrantAct& grant_;
  const Schema& schema_;
  Millis hub_time_;
  std::map<std::string, RecordState> after_;
};

/// Every dot it names has a place in the log, or stands in this change set. Heads of the record do by
/// definition.
bool names_stand(const Operation& op, const RecordState* state, const ChangeSet& set,
                 const LogLookup& in_log) {
  return std::all_of(op.names.begin(), op.names.end(), [&](const Dot& dot) {
    if (dot.source == set.header.source && dot.sequence == set.header.sequence) return true;
    return (state != nullptr && state->holds(dot)) || in_log(dot.source, dot.sequence);
  });
}

std::string where(const Operation& op, const Schema& schema) {
  const Register* reg = schema.find(op.register_number);
  std::string out = reg != nullptr ? reg->name : "register " + std::to_string(op.register_number);
  out += " " + op.id;
  if (reg != nullptr && op.address.field != 0) {
    if (const Field* field = reg->field(op.address.field)) out += " " + field->name;
  }
  return out;
}

/// @param in_force the description it was written under is the one that is known here.
std::string_view value_misfit(const Operation& op, const Field& field, bool in_force) {
  if (op.kind == OperationKind::remove || op.value.type == ValueType::commitment) return "";
  const bool element = op.kind == OperationKind::add || field.removal_wins();
  const Value value = element ? element_of(op.address.key) : op.value;
  if (field.is_set()) {
    if (value.is_null() || !is_canonical(value)) return "is no element";
    if (field.removal_wins() && !op.value.as_flag()) return "is neither in the list nor taken out of it";
  } else if ((field.type == FieldType::multilingual) == op.address.key.empty()) {
    return "has a language where none belongs, or none where one does";
  }
  const std::string_view misfit = type_misfit(field, value);
  return misfit.empty() && in_force ? range_misfit(field, value) : misfit;
}

/// Shapes that the description in force forbids; unknown registers and fields are carried untouched.
Verdict check_shape(const Operation& op, const Register& reg, const ChangeSet& set, const Schema& schema) {
  if (op.kind == OperationKind::act) return Verdict::refuse(Reason::malformed, "an act outside `authority`");
  if (reg.is_ledger() && (op.kind == OperationKind::erase || op.kind == OperationKind::resolve)) {
    return Verdict::refuse(Reason::ledger, where(op, schema));
  }
  const Field* field = op.address.field == 0 ? nullptr : reg.field(op.address.field);
  if (field == nullptr) return Verdict::accept();
  const bool on_set = op.kind == OperationKind::add || op.kind == OperationKind::remove;
  const bool fits = field->removal_wins() ? op.kind == OperationKind::write : on_set == field->is_set();
  if (!fits) return Verdict::refuse(Reason::malformed, where(op, schema));
  if (field->personal && !op.value.is_null() && op.value.type != ValueType::commitment) {
    return Verdict::refuse(Reason::malformed,
                           where(op, schema) + ": a personal value without its commitment");
  }
  if (!field->personal && op.value.type == ValueType::commitment) {
    return Verdict::refuse(Reason::malformed, where(op, schema) + ": a commitment in an open field");
  }
  const bool in_force = set.header.schema == schema.hash();
  if (const auto misfit = value_misfit(op, *field, in_force); !misfit.empty()) {
    // Types never change, so nobody's description takes it; but the other description may be the honest
    // reason.
    return Verdict::refuse(in_force ? Reason::malformed : Reason::wrong_schema,
                           where(op, schema) + " " + std::string(misfit));
  }
  if (reg.is_ledger()) {
    const bool created_here =
        std::any_of(set.operations.begin(), set.operations.end(), [&](const Operation& other) {
          return other.kind == OperationKind::create && other.register_number == op.register_number &&
                 other.id == op.id;
        });
    if (!created_here) return Verdict::refuse(Reason::ledger, where(op, schema));
  }
  return Verdict::accept();
}

Verdict authorise_records(const ChangeSet& set, const GrantAct& grant, const Schema& schema, Millis hub_time,
                          const Before& before) {
  const auto& [record, in_log, root] = before;
  Reach reach(set, grant, schema, hub_time);
  std::set<std::string> created;
  std::map<std::string_view, std::uint32_t> registers;
  for (const Operation& op : set.operations) {
    if (op.register_number == 0) return Verdict::refuse(Reason::malformed, "an act outside `authority`");
    const RecordState* state = record(op.id);
    if (!reach.covers(kWrite, op, state)) return Verdict::refuse(Reason::no_right, where(op, schema));
    if (const Register* reg = schema.find(op.register_number);
        reg != nullptr && is_publication(*reg, op.id, op.address.field) &&
        (grant.kind != GrantKind::person || !reach.covers(kPublish, op, state))) {
      return Verdict::refuse(Reason::no_right,
                             where(op, schema) + ": a person with the right `publish` publishes");
    }
    const std::uint32_t here = registers.try_emplace(op.id, op.register_number).first->second;
    const std::uint32_t known_register = state != nullptr && state->exists() ? state->register_number : here;
    if (op.register_number != known_register || op.register_number != here) {
      return Verdict::refuse(Reason::malformed, where(op, schema) + ": the id belongs to another register");
    }
    if (const Register* reg = schema.find(op.register_number)) {
      if (Verdict v = check_shape(op, *reg, set, schema); v.outcome != Outcome::accepted) return v;
      const Field* field = op.address.field == 0 ? nullptr : reg->field(op.address.field);
      if (field != nullptr && field->policy == Policy::review && op.kind == OperationKind::resolve &&
          !reach.covers(kReview, op, state)) {
        return Verdict::refuse(Reason::no_right, where(op, schema) + ": resolving needs the right `review`");
      }
      if (field != nullptr && field->policy == Policy::review && op.kind == OperationKind::write &&
          state != nullptr && repeats_a_head(op, *state)) {
        return Verdict::refuse(Reason::lineage, where(op, schema));
      }
      if (field != nullptr && field->policy == Policy::authority && state != nullptr &&
          names_higher(op, *state, grant.level)) {
        const bool plain = op.kind == OperationKind::write;
        return Verdict::refuse(plain ? Reason::lineage : Reason::no_right,
                               where(op, schema) + ": a higher mandate decides this field");
      }
      if (reg->is_ledger() && op.kind == OperationKind::create && state != nullptr && state->exists()) {
        return Verdict::refuse(Reason::ledger, where(op, schema));
      }
    }
    if (op.kind == OperationKind::create) {
      created.insert(op.id);
      continue;
    }
    const bool known = (state != nullptr && state->heads.contains(Address{})) || created.contains(op.id);
    if (!known) return Verdict::hold(Reason::gone, where(op, schema));
    if (!names_stand(op, state, set, in_log)) return Verdict::hold(Reason::depends, where(op, schema));
    if (op.kind == OperationKind::write && state != nullptr && !names_one_value(op, *state)) {
      return Verdict::refuse(Reason::lineage, where(op, schema));
    }
  }
  return Verdict::accept();
}

/// An invitation's period is that of its use, not of what it hands over.
GrantAct without_period(GrantAct grant) {
  grant.from = grant.until = 0;
  return grant;
}

Verdict authorise_enrolment(const ChangeSet& set, const AuthorityState& authority, const Grant& invitation,
                            const EnrolAct& enrol, const std::vector<GrantAct>& grants) {
  const Author& author = set.header.source.author;
  if (authority.is_used(author)) return Verdict::refuse(Reason::invitation_used);
  const Bytes message = enrol_message(set.header.network, author, enrol.sealing_key);
  if (!crypto::is_valid_key(enrol.device) || !crypto::verify(enrol.device, message, enrol.proof)) {
    return Verdict::refuse(Reason::bad_signature, "the device did not sign its own enrolment");
  }
  if (authority.device(enrol.device) != nullptr || authority.is_revoked(enrol.device)) {
    return Verdict::refuse(Reason::void_act,
                           "this key was enrolled or revoked before; a device needs a new key");
  }
  if (authority.was_log_key(enrol.device) || authority.is_registrar(enrol.device)) {
    return Verdict::refuse(Reason::void_act, "a key of the hub is no device");
  }
  if (authority.person(enrol.device) != nullptr) {
    return Verdict::refuse(Reason::void_act, "a person's key is no device");
  }
  const bool passes =
      grants.size() == 1 && grants[0].kind == GrantKind::device && grants[0].grantee == enrol.device &&
      grants[0].organisation == invitation.act.organisation && grants[0].role == invitation.act.role &&
      grants[0].from == invitation.act.from && grants[0].flags == invitation.act.flags &&
      grants[0].mandate == invitation.act.mandate &&
      attenuates(without_period(grants[0]), without_period(invitation.act));
  return passes ? Verdict::accept()
                : Verdict::refuse(Reason::void_act, "an invitation passes on its own rights only");
}

/// Whether a registrar may give the grant: an invitation, or rights to a person's key that is nothing else.
bool may_give(const GrantAct& grant, const AuthorityState& authority) {
  const bool somewhere = authority.organisation(grant.organisation) != nullptr;
  if (!crypto::is_valid_key(grant.grantee) || authority.invitation(grant.grantee) != nullptr) return false;
  if (grant.kind == GrantKind::invitation) return somewhere && authority.person(grant.grantee) == nullptr;
  return grant.kind == GrantKind::person && (somewhere || grant.organisation.empty()) &&
         may_be_person(authority, grant.grantee);
}

Verdict authorise_registrar(const std::vector<Act>& acts, const Author& author,
                            const AuthorityState& authority, Millis hub_time) {
  Schema schema = authority.schema() != nullptr ? *authority.schema() : Schema();  // with those of this set
  for (const Act& act : acts) {
    if (const auto* organisation = std::get_if<OrganisationAct>(&act)) {
      if (!is_organisation_id(organisation->id) ||
          (!organisation->parent.empty() && authority.organisation(organisation->parent) == nullptr) ||
          organisation->parent == organisation->id || authority.organisation(organisation->id) != nullptr) {
        return Verdict::refuse(Reason::void_act, "the organisation's id, parent or uniqueness");
      }
    } else if (const auto* grant = std::get_if<GrantAct>(&act)) {
      if (!may_give(*grant, authority)) {
        return Verdict::refuse(Reason::void_act, "registrars give rights by invitation, or to persons' keys");
      }
    } else if (std::holds_alternative<EnrolAct>(act)) {
      return Verdict::refuse(Reason::void_act, "a device enrols by its invitation's key");
    } else if (std::holds_alternative<AcceptAct>(act)) {
      return Verdict::refuse(Reason::void_act, "a registrar has nothing to accept");
    } else if (const auto* confirm = std::get_if<ConfirmAct>(&act)) {
      if (!waits_for_confirmation(authority, confirm->grant))
        return Verdict::refuse(Reason::void_act, "there is nothing to confirm");
    } else if (const auto* end = std::get_if<EndAct>(&act)) {
      if (!may_registrar_end(authority, end->grant))
        return Verdict::refuse(Reason::void_act,
                               "registrars end grants that a registrar gave and nobody has ended");
    } else if (const auto* description = std::get_if<DescriptionAct>(&act)) {
      auto next = schema.with_published(description->json);
      if (!next) return Verdict::refuse(Reason::void_act, next.error().message);
      schema = *std::move(next);
    } else if (!std::holds_alternative<RevokeAct>(act)) {
      return Verdict::refuse(Reason::no_right, "a registrar decides about nobody's work and wipes nothing");
    }
  }
  return check_revocation_rate(acts, author, authority, hub_time);
}

Verdict authorise_acts(const ChangeSet& set, const AuthorityState& authority, Position at, Millis hub_time) {
  std::vector<Act> acts;
  for (const Operation& op : set.operations) {
    if (op.kind != OperationKind::act || op.register_number != 0) {
      return Verdict::refuse(Reason::malformed, "`authority` holds acts only");
    }
    auto act = decode_act(op.value);
    if (!act) {
      const bool newer = act.error().code == Errc::unsupported;
      return Verdict::refuse(newer ? Reason::unsupported : Reason::malformed, act.error().message);
    }
    acts.push_back(std::move(*act));
  }
  const Author& author = set.header.source.author;
  if (authority.is_revoked(author)) return Verdict::refuse(Reason::revoked);
  if (authority.is_registrar(author)) {
    return set.header.grant.is_zero() ? authorise_registrar(acts, author, authority, hub_time)
                                      : Verdict::refuse(Reason::no_grant);
  }
  const Grant* grant = authority.grant(set.header.grant);
  if (grant == nullptr || grant->act.grantee != author) return Verdict::refuse(Reason::no_grant);
  if (grant->act.kind == GrantKind::person)
    return authorise_person(set, acts, authority, *grant, at, hub_time);
  if (grant->act.kind != GrantKind::invitation) return Verdict::refuse(Reason::no_right, "acts of authority");
  const Standing standing = authority.standing(*grant, at, hub_time);
  if (standing == Standing::over) return Verdict::refuse(Reason::expired, "the invitation's period is over");
  if (standing == Standing::ended) return Verdict::refuse(Reason::revoked, "the invitation was taken back");
  const EnrolAct* enrol = nullptr;
  std::vector<GrantAct> grants;
  for (const Act& act : acts) {
    if (const auto* e = std::get_if<EnrolAct>(&act); e != nullptr && enrol == nullptr) {
      enrol = e;
    } else if (const auto* g = std::get_if<GrantAct>(&act)) {
      grants.push_back(*g);
    } else {
      return Verdict::refuse(Reason::no_right, "an invitation enrols one device and does nothing else");
    }
  }
  if (enrol == nullptr) return Verdict::refuse(Reason::no_right, "an invitation enrols one device");
  return authorise_enrolment(set, authority, *grant, *enrol, grants);
}

/// Both logs that the author signed as seen are these logs: whoever was shown another one shows it here.
Verdict check_seen(const Header& header, Position at, const RootLookup& root) {
  const auto stands = [&](std::string_view space, const Seen& seen) {
    return seen.size == 0 || root(space, seen.size) == seen.root;
  };
  if (!stands(header.space, header.seen)) {
    return Verdict::refuse(Reason::seen, "it names " + std::to_string(header.seen.size) + " entries of " +
                                             header.space + " that are not those of the log");
  }
  if (header.seen_authority.size > at || !stands(kAuthoritySpace, header.seen_authority)) {
    return Verdict::refuse(Reason::seen, "it names " + std::to_string(header.seen_authority.size) +
                                             " entries of authority that are not those of the log");
  }
  return Verdict::accept();
}

/// An adoption stands alone in its change set and in its group; a device, which works unattended, adopts
/// nothing.
Verdict authorise_adopter(const ChangeSet& set, const GrantAct& grant) {
  const Operation& op = set.operations.front();
  auto act = decode_act(op.value);
  if (!act && act.error().code == Errc::unsupported)
    return Verdict::refuse(Reason::unsupported, act.error().message);
  const auto* adoption = act ? std::get_if<AdoptAct>(&*act) : nullptr;
  if (adoption == nullptr || op.register_number != 0 || set.operations.size() != 1 || set.header.parts != 1)
    return Verdict::refuse(Reason::malformed, "an act outside `authority`");
  const std::set<Hash> names(adoption->names.begin(), adoption->names.end());
  if (names.size() != adoption->names.size()) return Verdict::refuse(Reason::malformed, "adopted twice");
  if (grant.kind != GrantKind::person) return Verdict::refuse(Reason::no_right, "a person adopts, no device");
  return Verdict::accept();
}

}  // namespace

Verdict authorise(const ChangeSet& set, const AuthorityState& authority, Position at, const Schema& schema,
                  Millis hub_time, const Before& before) {
  const Author& author = set.header.source.author;
  if (authority.was_log_key(author, at)) return Verdict::refuse(Reason::no_grant, "the hub's log key");
  // Until the log keeps every dot for ever, an explicit one could bring a superseded head back to life.
  if (std::any_of(set.operations.begin(), set.operations.end(),
                  [](const Operation& op) { return op.first_dot; })) {
    return Verdict::refuse(Reason::unsupported, "a re-sealed operation with its first dot");
  }
  if (set.header.space == kAuthoritySpace) {
    const Verdict verdict = authorise_acts(set, authority, at, hub_time);
    return verdict.outcome == Outcome::accepted ? check_seen(set.header, at, before.root) : verdict;
  }
  if (authority.is_revoked(author, at)) return Verdict::hold(Reason::revoked);
  const Grant* grant = authority.grant(set.header.grant, at);
  if (grant == nullptr || grant->act.grantee != author || grant->act.kind == GrantKind::invitation) {
    return Verdict::refuse(Reason::no_grant);
  }
  switch (authority.standing(*grant, at, hub_time)) {
    case Standing::valid:
      break;
    case Standing::not_accepted:
      return Verdict::refuse(Reason::no_grant, "the grant was not accepted yet");
    case Standing::not_confirmed:
      return Verdict::refuse(Reason::no_grant, "nobody has confirmed this device's fingerprint yet");
    case Standing::not_begun:
      return Verdict::refuse(Reason::no_right, "the grant's period has not begun");
    case Standing::over:
      return Verdict::hold(Reason::expired);
    case Standing::ended:
      return Verdict::hold(Reason::revoked, "the grant that it names has ended");
  }
  if (Verdict v = check_seen(set.header, at, before.root); v.outcome != Outcome::accepted) return v;
  if (set.operations.front().kind == OperationKind::act) return authorise_adopter(set, grant->act);
  return authorise_records(set, grant->act, authority.schema_or(schema, at), hub_time, before);
}

std::optional<AdoptAct> adoption_of(const ChangeSet& set) {
  if (set.header.space == kAuthoritySpace || set.operations.empty() ||
      set.operations.front().kind != OperationKind::act) {
    return std::nullopt;
  }
  const auto act = decode_act(set.operations.front().value);
  const auto* adoption = act ? std::get_if<AdoptAct>(&*act) : nullptr;
  return adoption == nullptr ? std::nullopt : std::optional(*adoption);
}

Verdict authorise_adoption(const ChangeSet& adopted, const Header& adopter, const AuthorityState& authority,
                           Position at, const Schema& schema, Millis hub_time, const Before& before) {
  const Header& header = adopted.header;
  const Grant* grant = authority.grant(adopter.grant, at);
  if (grant == nullptr || header.source.author == authority.statement().log_key ||
      header.space != adopter.space) {
    return Verdict::refuse(Reason::no_grant);
  }
  if (before.in_log(header.source, header.sequence)) {
    return Verdict::refuse(Reason::void_act, "what is adopted has its place in the log already");
  }
  if (std::any_of(adopted.operations.begin(), adopted.operations.end(),
                  [](const Operation& op) { return op.first_dot; })) {
    return Verdict::refuse(Reason::unsupported, "a re-sealed operation with its first dot");
  }
  if (Verdict v = check_seen(header, at, before.root); v.outcome != Outcome::accepted) return v;
  return authorise_records(adopted, grant->act, authority.schema_or(schema, at), hub_time, before);
}

std::string_view to_word(Reason reason) {
  switch (reason) {
    case Reason::none:
      return "none";
    case Reason::expired:
      return "expired";
    case Reason::depends:
      return "depends";
    case Reason::gone:
      return "gone";
    case Reason::revoked:
      return "revoked";
    case Reason::no_grant:
      return "no_grant";
    case Reason::no_right:
      return "no_right";
    case Reason::lineage:
      return "lineage";
    case Reason::ledger:
      return "ledger";
    case Reason::fork:
      return "fork";
    case Reason::malformed:
      return "malformed";
    case Reason::invitation_used:
      return "invitation_used";
    case Reason::bad_signature:
      return "bad_signature";
    case Reason::wrong_schema:
      return "wrong_schema";
    case Reason::too_much_held:
      return "too_much_held";
    case Reason::busy:
      return "busy";
    case Reason::void_act:
      return "void_act";
    case Reason::unsupported:
      return "unsupported";
    case Reason::taken_back:
      return "taken_back";
    case Reason::gap:
      return "gap";
    case Reason::seen:
      return "seen";
    case Reason::too_many_chains:
      return "too_many_chains";
    case Reason::discarded_by:
      return "discarded_by";
    case Reason::with_section:
      return "with_section";
  }
  return "unknown";
}

std::string_view explain(Reason reason) {
  switch (reason) {
    case Reason::none:
      return "accepted";
    case Reason::expired:
      return "the grant's period is over; the secretariat can renew it, the work is kept";
    case Reason::depends:
      return "it builds on work that is itself held or refused; it follows when that is decided";
    case Reason::gone:
      return "it changes a record whose creation the hub does not know; the secretariat decides";
    case Reason::revoked:
      return "the key was revoked, or the grant that it used has ended; the secretariat can adopt the work";
    case Reason::no_grant:
      return "the grant it names is unknown or belongs to another key";
    case Reason::no_right:
      return "this device has no right to do this; ask the secretariat, or run: wasl discard";
    case Reason::lineage:
      return "a plain write cannot end a conflict; resolve it with: wasl resolve";
    case Reason::ledger:
      return "a ledger's entry is never changed or deleted; write a reversing entry";
    case Reason::fork:
      return "another change set stands at this place of the chain; it is sealed anew by itself";
    case Reason::malformed:
      return "its bytes do not follow the format";
    case Reason::invitation_used:
      return "somebody used this invitation before; ask for a new one";
    case Reason::bad_signature:
      return "its signature does not match";
    case Reason::wrong_schema:
      return "it was written under a register description that is not in force";
    case Reason::too_much_held:
      return "too much of this device's work is held; ask the secretariat to decide it";
    case Reason::busy:
      return "the hub is busy; it will be offered again by itself";
    case Reason::void_act:
      return "the act names what does not exist, or gives more than it may";
    case Reason::unsupported:
      return "a newer version wrote it; update this program";
    case Reason::taken_back:
      return "it was discarded before; discard it again, or write it anew";
    case Reason::gap:
      return "what was sent before it is not at the hub; it is offered again by itself";
    case Reason::seen:
      return "its author was shown another log than this one; tell the secretariat";
    case Reason::too_many_chains:
      return "this device has begun more chains than a device may; it needs a new key: ask the secretariat";
    case Reason::discarded_by:
      return "the secretariat has looked at it and discarded it; take it back with: wasl discard";
    case Reason::with_section:
      return "held by the section: its hub keeps it, and carries it to the network's hub";
  }
  return "unknown reason";
}

}  // namespace wasl
