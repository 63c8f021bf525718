#include "server/hub/registrar.hpp"

#include <algorithm>
#include <set>

#include "shared/authority/roles.hpp"
#include "shared/base/limits.hpp"

namespace wasl {
namespace {

constexpr Millis kInvitationLife =
    Millis{30} * 24 * 3'600'000;              // long enough for the post, short enough to forget
constexpr std::size_t kActsRoom = 16 * 1024;  // what stands around the texts in a change set

}  // namespace

Status Registrar::act(const Act& act) { return scribe_.act(key_, {}, act); }

Status Registrar::add_organisation(const OrganisationAct& organisation) {
  const AuthorityState& authority = ports_.committer.authority();
  if (!is_organisation_id(organisation.id)) {
    return fail(Errc::invalid_value, "'" + organisation.id + "' is no id of an organisation",
                "use 1 to 32 of a-z, 0-9 and -");
  }
  const Register* reg = authority.schema_or(ports_.schema).find("organisation");
  const Field* kind = reg == nullptr ? nullptr : reg->field("kind");
  if (kind != nullptr && !kind->codes.empty()) {
    const bool known = std::any_of(kind->codes.begin(), kind->codes.end(), [&](const CodeItem& item) {
      return item.code == organisation.kind && !item.retired;
    });
    if (!known) {
      std::string kinds;
      for (const CodeItem& item : kind->codes) {
        if (!item.retired) kinds += (kinds.empty() ? "" : ", ") + item.code;
      }
      return fail(Errc::invalid_value, "there is no kind '" + organisation.kind + "'",
                  "use one of: " + kinds);
    }
  }
  if (organisation.name.empty() || !is_utf8(view(organisation.name))) {
    return fail(Errc::invalid_value, "an organisation needs a name");
  }
  if (authority.organisation(organisation.id) != nullptr) {
    return fail(Errc::conflict, "there is an organisation '" + organisation.id + "' already");
  }
  if (!organisation.parent.empty() && authority.organisation(organisation.parent) == nullptr) {
    return fail(Errc::not_found, "there is no organisation '" + organisation.parent + "' to be the parent",
                "add the parent first");
  }
  return act(organisation);
}

Status Registrar::revoke(const RevokeAct& revoke) { return act(revoke); }

Status Registrar::enrol_administrator(const PublicKey& person) {
  const AuthorityState& authority = ports_.committer.authority();
  GrantAct grant;
  grant.kind = GrantKind::person;
  grant.grantee = person;
  grant.role = "administrator";
  grant.clauses = {{kRead | kWrite | kReview | kPublish | kGrant | kAdmin, {std::string(kEverySpace)}, {}}};
  grant.from = ports_.committer.hub_time();
  grant.depth = 16;
  if (authority.person(person) != nullptr)
    return fail(Errc::conflict, "this person's key is enrolled already");
  return act(grant);
}

Status Registrar::give(const PublicKey& person, const std::string& role, const std::string& organisation) {
  const AuthorityState& authority = ports_.committer.authority();
  if (authority.organisation(organisation) == nullptr) {
    return fail(Errc::not_found, "there is no organisation '" + organisation + "'",
                "add it first: wasl-hub organisation add");
  }
  auto clauses = clauses_of_role(authority, role, organisation, GrantKind::person);
  if (!clauses) {
    return fail(Errc::invalid_value, "there is no role '" + role + "'",
                "use one of: " + role_names(GrantKind::person));
  }
  GrantAct grant;
  grant.kind = GrantKind::person;
  grant.grantee = person;
  grant.organisation = organisation;
  grant.role = role;
  grant.clauses = std::move(*clauses);
  grant.from = ports_.committer.hub_time();
  grant.depth = find_role(role)->depth;
  grant.level = find_role(role)->level;
  return act(grant);
}

Status Registrar::confirm(const ConfirmAct& confirm) { return act(confirm); }

Result<Invitation> Registrar::invite(const Inviting& inviting) {
  const auto& [organisation, role, url, confirm] = inviting;
  const AuthorityState& authority = ports_.committer.authority();
  if (authority.organisation(organisation) == nullptr) {
    return fail(Errc::not_found, "there is no organisation '" + organisation + "'",
                "add it first: wasl-hub organisation add");
  }
  auto clauses = clauses_of_role(authority, role, organisation, GrantKind::invitation);
  if (!clauses) {
    return fail(Errc::invalid_value, "there is no role '" + role + "'",
                "use one of: " + role_names(GrantKind::invitation));
  }
  const crypto::KeyPair key = crypto::KeyPair::generate(ports_.random);
  GrantAct grant;
  grant.kind = GrantKind::invitation;
  grant.grantee = key.public_key();
  grant.organisation = organisation;
  grant.role = role;
  grant.clauses = std::move(*clauses);
  grant.from = ports_.committer.hub_time();
  grant.until = grant.from + kInvitationLife;
  grant.depth = 1;
  grant.flags = confirm ? kNeedsConfirmation : 0;
  WASL_TRY(act(grant));
  Invitation invitation;
  invitation.network = ports_.committer.network();
  invitation.statement_number = authority.statement().number;
  invitation.statement = authority.statement_hash();
  invitation.log_key = authority.statement().log_key;
  invitation.url = url;
  invitation.organisation = organisation;
  invitation.role = role;
  invitation.until = grant.until;
  invitation.seed = key.seed();
  return invitation;
}

Result<std::vector<std::string>> Registrar::publish(const std::map<std::string, std::string>& files) {
  const Schema* in_force = ports_.committer.authority().schema();
  Schema next = in_force != nullptr ? *in_force : ports_.schema;
  std::set<std::uint32_t> changed;
  // One alone would leave all other registers without rules, so the first come whole.
  for (const Register& reg : in_force == nullptr ? next.registers() : std::vector<Register>())
    changed.insert(reg.number);
  for (const auto& [file, text] : files) {
    WASL_LET(const std::uint32_t number, Schema::number_of(file, text));
    const Register* before = next.find(number);
    if (before != nullptr && before->text == text) continue;
    WASL_LET(next, next.with(file, text));
    changed.insert(number);
  }
  std::vector<std::string> names;
  std::vector<Operation> acts;
  std::size_t bytes = 0;
  for (const std::uint32_t number : changed) {
    const Register& reg = *next.find(number);
    if (reg.text.size() > kDescriptionBytes) {
      return fail(Errc::limit_exceeded,
                  reg.name + ": a description has at most " + std::to_string(kDescriptionBytes) + " bytes",
                  "shorten its words, or make a second register");
    }
    bytes += reg.text.size();
    names.push_back(reg.name);
    acts.push_back(scribe_.act_operation(DescriptionAct{reg.text}));
  }
  if (bytes > limits::kChangeSetBytes - kActsRoom)
    return fail(Errc::limit_exceeded, "these descriptions are too many for one change set",
                "publish fewer at once");
  std::ranges::sort(acts, {}, &Operation::id);  // as a body has them
  if (!acts.empty()) WASL_TRY(scribe_.write(key_, std::string(kAuthoritySpace), {}, std::move(acts)));
  return names;
}

}  // namespace wasl
