// wasl key, wasl grant, wasl delegate, wasl accept, wasl revoke, wasl grants
#include <algorithm>
#include <nlohmann/json.hpp>

#include "client/cli/commands.hpp"
#include "client/cli/grant_words.hpp"
#include "client/cli/words.hpp"
#include "shared/authority/roles.hpp"
#include "shared/crypto/passphrase.hpp"

namespace wasl::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kKeyWords =
    "A person's key for acts of power: giving, accepting and ending rights, deciding.\n"
    "Keep a copy in a safe place; whoever has it and its passphrase acts in your name.";

std::filesystem::path file_of(const Office& office, const PersonArguments& person) {
  return person.key_file.empty() ? office.folder() / "person.key" : std::filesystem::path(person.key_file);
}

std::optional<std::filesystem::path> passphrase_of(const PersonArguments& person) {
  if (person.passphrase_file.empty()) return std::nullopt;
  return person.passphrase_file;
}

Json clause_json(const Clause& clause, const Schema& schema) {
  Json out{{"rights", Json::array()}, {"spaces", clause.spaces}, {"registers", Json::array()}};
  for (const char* word : {"read", "write", "review", "publish", "grant", "admin"}) {
    if ((clause.rights & right_of(word)) != 0) out["rights"].push_back(word);
  }
  for (const std::uint32_t number : clause.registers) {
    const Register* reg = schema.find(number);
    out["registers"].push_back(reg != nullptr ? reg->name : std::to_string(number));
  }
  out["labels"] = Json::object();
  for (const LabelLimit& limit : clause.labels) {
    out["labels"][limit.name] = Json::array();
    for (const Value& value : limit.values) out["labels"][limit.name].push_back(value.to_display());
  }
  return out;
}

Json grant_json(const Grant& grant, Standing standing, const Schema& schema) {
  const GrantAct& act = grant.act;
  Json out{{"grant", to_hex(grant.name.view())},
           {"kind", to_word(act.kind)},
           {"grantee", to_hex(act.grantee.view())},
           {"organisation", act.organisation},
           {"role", act.role},
           {"level", act.level},
           {"clauses", Json::array()},
           {"from", act.from == 0 ? Json(nullptr) : Json(iso_time(act.from))},
           {"until", act.until == 0 ? Json(nullptr) : Json(iso_time(act.until))},
           {"depth", act.depth},
           {"needs_acceptance", (act.flags & kNeedsAcceptance) != 0},
           {"while_held", (act.flags & kWhileHeld) != 0},
           {"mandate", act.mandate},
           {"reason", act.reason},
           {"issuer", to_hex(grant.issuer.view())},
           {"under", grant.parent.is_zero() ? Json(nullptr) : Json(to_hex(grant.parent.view()))},
           {"standing", to_word(standing)}};
  for (const Clause& clause : act.clauses) out["clauses"].push_back(clause_json(clause, schema));
  return out;
}

std::string grant_words(const Grant& grant, Standing standing, const Schema& schema) {
  const GrantAct& act = grant.act;
  return short_name(grant.name) + "  " + std::string(to_word(standing)) + "  " +
         std::string(to_word(act.kind)) + " " + short_key(act.grantee) + " (" +
         (act.organisation.empty() ? "the network" : act.organisation) + ", " + act.role +
         (act.level == 0 ? "" : ", level " + std::to_string(act.level)) + ")\n    " +
         clauses_words(act.clauses, schema) + (act.until == 0 ? "" : ", until " + iso_time(act.until)) +
         "\n    given by " + short_key(grant.issuer) +
         (grant.parent.is_zero() ? " (a registrar)" : " under " + short_name(grant.parent)) +
         ((act.flags & kWhileHeld) != 0 ? ", while that is held" : "");
}

Answer signed_answer(const Replica::ActsSigned& done, const std::vector<std::string>& words) {
  Json out{{"signed", to_hex(done.change_set.view())}, {"grants", Json::array()}, {"acts", words}};
  for (const Hash& name : done.grants) out["grants"].push_back(to_hex(name.view()));
  std::string text = "Signed:";
  for (const std::string& line : words) text += "\n  " + line;
  for (const Hash& name : done.grants) text += "\nName of the grant: " + to_hex(name.view());
  return {out.dump(), text + "\nIt counts once the hub has it: run wasl sync.", kDone};
}

Result<Answer> sign(Replica& replica, const crypto::KeyPair& key, const Hash& under,
                    const std::vector<Act>& acts) {
  WASL_LET(const AuthorityState* const authority, replica.authority());
  std::vector<std::string> words;
  words.reserve(acts.size());
  for (const Act& act : acts) words.push_back(act_words(act, *authority));
  WASL_LET(const auto done, replica.sign_acts(key, under, acts));
  return signed_answer(done, words);
}

}  // namespace

Result<const Grant*> grant_of(Replica& replica, const PublicKey& person, const std::string& named,
                              const std::function<bool(const Grant&)>& fits) {
  WASL_LET(const AuthorityState* const authority, replica.authority());
  if (!named.empty()) {
    WASL_LET(const Hash name, replica.find_grant(named));
    return authority->grant(name);
  }
  WASL_LET(const Millis now, replica.hub_time());
  const Grant* first = nullptr;
  for (const Grant* grant : authority->grants_of(person)) {
    if (authority->standing(*grant, kLatest, now) != Standing::valid) continue;
    if (fits(*grant)) return grant;
    if (first == nullptr) first = grant;
  }
  if (first != nullptr) return first;
  return fail(Errc::unauthorised, "this person's key holds no grant that is good now",
              "see: wasl grants; what was given lately counts after the next sync");
}

Result<crypto::KeyPair> person_key(const Office& office, const PersonArguments& person) {
  auto key = crypto::load_key(file_of(office, person), crypto::KeyKind::person, passphrase_of(person));
  if (!key && key.error().code == Errc::not_found && person.key_file.empty())
    return fail(Errc::not_found, "this office has no person's key",
                "make one with: wasl key make, or name it with --key");
  return key;
}

Result<Answer> make_key(const Office& office, const PersonArguments& person) {
  const crypto::KeyPair key = crypto::KeyPair::generate(office.random());
  const auto path = file_of(office, person);
  if (person.plain) {
    WASL_TRY(crypto::write_key_file(path, crypto::KeyFile::plain(crypto::KeyKind::person, key, kKeyWords)));
  } else {
    WASL_LET(const crypto::Passphrase words,
             crypto::ask_new_passphrase("Passphrase of the new key: ", passphrase_of(person)));
    WASL_LET(const crypto::KeyFile file,
             crypto::KeyFile::sealed(crypto::KeyKind::person, key, kKeyWords, words.view(), office.random()));
    WASL_TRY(crypto::write_key_file(path, file));
  }
  const std::string name = to_hex(key.public_key().view());
  const Json out{{"key", name}, {"file", path.string()}, {"sealed", !person.plain}};
  return Answer{out.dump(),
                "Made " + path.string() + ".\nPublic key: " + name +
                    "\nGive it to whoever grants you rights; the file never leaves your hands.",
                kDone};
}

Result<Answer> show_key(const Office& office, const PersonArguments& person) {
  WASL_LET(const crypto::KeyFile file,
           crypto::read_key_file(file_of(office, person), crypto::KeyKind::person));
  const std::string name = to_hex(file.public_key().view());
  const Json out{{"key", name}, {"sealed", file.is_sealed()}};
  return Answer{out.dump(),
                "Public key: " + name +
                    (file.is_sealed() ? "\nUnder a passphrase."
                                      : "\nWithout a passphrase: whoever has the file has the key."),
                kDone};
}

Result<Answer> give(const Office& office, const PersonArguments& person, const GrantRequest& request) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const crypto::KeyPair key, person_key(office, person));
  WASL_LET(const AuthorityState* const authority, replica->authority());
  if (request.to == "device" && request.rights.empty() && request.role.empty() && request.spaces.empty()) {
    WASL_LET(const Grant* const held,
             grant_of(*replica, key.public_key(), person.under, [&](const Grant& grant) {
               return pass_to_device(*authority, grant, replica->device()).has_value();
             }));
    const auto act = pass_to_device(*authority, *held, replica->device());
    if (!act)
      return fail(Errc::unauthorised, "the grant " + short_name(held->name) + " cannot be passed on",
                  "ask for one with the right `grant` and a depth of 1 or more");
    return sign(*replica, key, held->name, {*act});
  }
  WASL_LET(const GrantAct act, grant_act_of(*replica, request));
  WASL_LET(const Grant* const held,
           grant_of(*replica, key.public_key(), person.under,
                    [&](const Grant& grant) { return attenuates(act, grant.act, kGrant); }));
  GrantAct within = act;
  within.from = std::max(within.from, held->act.from);
  if ((held->act.flags & kWhileHeld) != 0) within.flags |= kWhileHeld;
  return sign(*replica, key, held->name, {within});
}

Result<Answer> accept(const Office& office, const PersonArguments& person, const AcceptArguments& arguments) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const crypto::KeyPair key, person_key(office, person));
  WASL_LET(const AuthorityState* const authority, replica->authority());
  const Grant* offer = nullptr;
  if (!arguments.grant.empty()) {
    WASL_LET(const Hash name, replica->find_grant(arguments.grant));
    offer = authority->grant(name);
  } else {
    for (const Grant* grant : authority->grants_of(key.public_key())) {
      const bool open = (grant->act.flags & kNeedsAcceptance) != 0 && !grant->accepted && !grant->ended;
      if (open && offer != nullptr)
        return fail(Errc::conflict, "several grants are offered to this key",
                    "name one; list them with: wasl grants");
      if (open) offer = grant;
    }
  }
  if (offer == nullptr)
    return fail(Errc::not_found, "nothing is offered to this person's key", "list grants with: wasl grants");
  std::vector<Act> acts{AcceptAct{offer->name}};
  const auto device = pass_to_device(*authority, *offer, replica->device());
  if (device && !arguments.no_device) acts.emplace_back(*device);
  return sign(*replica, key, offer->name, acts);
}

Result<Answer> revoke(const Office& office, const PersonArguments& person, const RevokeArguments& arguments) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const crypto::KeyPair key, person_key(office, person));
  WASL_LET(const AuthorityState* const authority, replica->authority());
  const auto has_admin = [](const Grant& grant) {
    return std::any_of(grant.act.clauses.begin(), grant.act.clauses.end(),
                       [](const Clause& clause) { return (clause.rights & kAdmin) != 0; });
  };
  if (!arguments.key.empty()) {
    RevokeAct act;
    WASL_LET(act.key, public_key_of(arguments.key));
    if (arguments.reason == "lost") {
      act.reason = RevocationReason::lost;
    } else if (arguments.reason == "compromised") {
      act.reason = RevocationReason::compromised;
    } else if (!arguments.reason.empty() && arguments.reason != "left") {
      return fail(Errc::invalid_value, "a key is not revoked for '" + arguments.reason + "'",
                  "use lost, left or compromised");
    }
    if (!arguments.since.empty()) {
      WASL_LET(act.since, time_of(arguments.since, false));
    }
    WASL_LET(const Grant* const held, grant_of(*replica, key.public_key(), person.under, has_admin));
    return sign(*replica, key, held->name, {act});
  }
  WASL_LET(const Hash name, replica->find_grant(arguments.grant));
  const Grant* ends = authority->grant(name);
  EndAct act{name, ends->act.grantee == key.public_key() ? EndReason::laid_down : EndReason::withdrawn};
  bool known = arguments.reason.empty();
  for (const EndReason reason :
       {EndReason::laid_down, EndReason::withdrawn, EndReason::replaced, EndReason::mandate_over}) {
    if (arguments.reason != wasl::to_word(reason)) continue;
    act.reason = reason;
    known = true;
  }
  if (!known)
    return fail(Errc::invalid_value, "a grant does not end for '" + arguments.reason + "'",
                "use laid_down, withdrawn, replaced or mandate_over");
  if (ends->act.grantee == key.public_key()) return sign(*replica, key, name, {act});
  WASL_LET(const Grant* const held,
           grant_of(*replica, key.public_key(), person.under, [&](const Grant& grant) {
             return ends->issuer == key.public_key() || has_admin(grant);
           }));
  return sign(*replica, key, held->name, {act});
}

Result<Answer> grants(const Office& office, const GrantsArguments& arguments) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const AuthorityState* const authority, replica->authority());
  WASL_LET(const Millis now, replica->hub_time());
  std::optional<PublicKey> of;
  if (!arguments.key.empty()) {
    WASL_LET(of, public_key_of(arguments.key));
  }
  std::vector<const Grant*> list;
  for (const auto& [name, grant] : authority->grants()) {
    if (of && grant.act.grantee != *of && grant.issuer != *of) continue;
    if (!of && !arguments.all && grant.act.kind == GrantKind::invitation) continue;
    list.push_back(&grant);
  }
  std::sort(list.begin(), list.end(), [](const Grant* a, const Grant* b) {
    return std::tie(a->position, a->name) < std::tie(b->position, b->name);
  });
  Json out{{"grants", Json::array()}};
  std::string words = list.empty() ? "No grants." : counted(list.size(), "grant") + ":";
  for (const Grant* grant : list) {
    const Standing standing = authority->standing(*grant, kLatest, now);
    out["grants"].push_back(grant_json(*grant, standing, replica->schema()));
    words += "\n" + grant_words(*grant, standing, replica->schema());
  }
  WASL_LET(const auto waiting, replica->identity().acts());
  out["waiting"] = Json::array();
  for (const SignedAct& act : waiting) {
    const bool decided = act.state == PendingState::held || act.state == PendingState::refused;
    out["waiting"].push_back(
        {{"change_set", to_hex(act.set.name.view())},
         {"state", decided ? (act.state == PendingState::held ? "held" : "refused")
                           : (act.state == PendingState::accepted ? "accepted" : "unsent")},
         {"reason", wasl::to_word(act.reason)},
         {"detail", act.detail}});
    words += "\nSigned here, " +
             (decided ? std::string("not accepted: ") + std::string(explain(act.reason)) +
                            (act.detail.empty() ? "" : " (" + act.detail + ")")
                      : std::string(act.state == PendingState::accepted ? "accepted" : "not sent yet")) +
             ": " + short_name(act.set.name);
  }
  return Answer{out.dump(), std::move(words), kDone};
}

}  // namespace wasl::cli
