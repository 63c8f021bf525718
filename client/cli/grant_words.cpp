#include "client/cli/grant_words.hpp"

#include <algorithm>
#include <chrono>

#include "client/cli/names.hpp"
#include "client/cli/words.hpp"
#include "shared/authority/roles.hpp"
#include "shared/model/field_value.hpp"

namespace wasl::cli {
namespace {

constexpr std::size_t kShort = 12;

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto at = std::min(text.find(by), text.size());
    if (at > 0) out.emplace_back(text.substr(0, at));
    text.remove_prefix(std::min(at + 1, text.size()));
  }
  return out;
}

/// A number of `digits` decimal digits; -1 for anything else.
int digits_of(std::string_view text) {
  int out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    out = out * 10 + (c - '0');
  }
  return text.empty() ? -1 : out;
}

/// The first field of this name that limits rights.
const Field* label_field(const Schema& schema, std::string_view name) {
  for (const Register& reg : schema.registers()) {
    const Field* field = reg.field(name);
    if (field != nullptr && field->label) return field;
  }
  return nullptr;
}

Result<Value> label_value(Replica& replica, const Field& field, const std::string& text) {
  if (field.type != FieldType::reference) return Value::text(text);
  if (const auto at = text.find('#'); at != std::string::npos)
    return Value::reference(text.substr(0, at), text.substr(at + 1));
  const Register* target = replica.schema().find(field.target);
  const auto space = target == nullptr ? Result<std::string>(std::string(kNetworkSpace))
                                       : replica.space_of(*target, text, std::nullopt);
  return Value::reference(space ? *space : std::string(kNetworkSpace), text);
}

Result<LabelLimit> label_of(Replica& replica, const std::string& word) {
  const auto at = word.find('=');
  LabelLimit out{word.substr(0, std::min(at, word.size())), {}};
  const Field* field = label_field(replica.schema(), out.name);
  if (field == nullptr)
    return fail(Errc::invalid_value, "rights cannot be limited by '" + out.name + "'",
                "use a field that its register calls a label, such as theme=water,climate or country=SN");
  for (const std::string& value : split(at == std::string::npos ? "" : word.substr(at + 1), ',')) {
    WASL_LET(Value one, label_value(replica, *field, value));
    out.values.push_back(std::move(one));
  }
  if (out.values.empty())
    return fail(Errc::invalid_value, "'" + word + "' names no value", "write NAME=VALUE,VALUE");
  std::sort(out.values.begin(), out.values.end());
  out.values.erase(std::unique(out.values.begin(), out.values.end()), out.values.end());
  return out;
}

Result<std::vector<Clause>> clauses_of(Replica& replica, const AuthorityState& authority,
                                       const GrantRequest& request, GrantKind kind) {
  std::vector<Clause> clauses;
  if (request.rights.empty() && request.spaces.empty() && !request.role.empty()) {
    auto of_role = clauses_of_role(authority, request.role, request.organisation, kind);
    if (!of_role)
      return fail(Errc::invalid_value, "there is no role '" + request.role + "' for this kind of key",
                  "use one of: " + role_names(kind));
    clauses = std::move(*of_role);
  } else {
    Clause clause;
    for (const std::string& word : request.rights) {
      if (right_of(word) == 0)
        return fail(Errc::invalid_value, "there is no right '" + word + "'",
                    "use read, write, review, publish, grant or admin");
      clause.rights |= right_of(word);
    }
    if (request.rights.empty()) clause.rights = kRead | kWrite;
    for (const std::string& space : request.spaces) {
      if (space != kEverySpace && !is_space_name(space))
        return fail(Errc::invalid_value, "'" + space + "' is no space",
                    "such as network, section/africa or *");
      clause.spaces.push_back(space);
    }
    if (clause.spaces.empty())
      return fail(Errc::invalid_value, "no space is named", "name one with --space, or a --role");
    clauses.push_back(std::move(clause));
  }
  std::vector<std::uint32_t> registers;
  for (const std::string& name : request.registers) {
    WASL_LET(const Register* const reg, find_register(replica.schema(), name));
    registers.push_back(reg->number);
  }
  std::vector<LabelLimit> labels;
  for (const std::string& word : request.labels) {
    WASL_LET(LabelLimit limit, label_of(replica, word));
    labels.push_back(std::move(limit));
  }
  std::sort(labels.begin(), labels.end(),
            [](const LabelLimit& a, const LabelLimit& b) { return a.name < b.name; });
  for (Clause& clause : clauses) {
    if (!registers.empty()) clause.registers = registers;
    if (!labels.empty()) clause.labels = labels;
  }
  return clauses;
}

std::string period_words(const GrantAct& act) {
  std::string out;
  if (act.from != 0) out += " from " + iso_time(act.from);
  if (act.until != 0) out += " until " + iso_time(act.until);
  return out;
}

}  // namespace

std::string short_name(const Hash& name) { return to_hex(name.view()).substr(0, kShort); }
std::string short_key(const PublicKey& key) { return to_hex(key.view()).substr(0, kShort); }

Result<PublicKey> public_key_of(std::string_view hex) {
  const auto bytes = from_hex(hex);
  const auto key = bytes ? PublicKey::from(*bytes) : std::nullopt;
  if (!key)
    return fail(Errc::invalid_value, "'" + std::string(hex) + "' is no public key",
                "it is 64 hex digits, as wasl key show prints it");
  return *key;
}

Result<Millis> time_of(std::string_view text, bool end_of_day) {
  const auto wrong = [&] {
    return fail(Errc::invalid_value, "'" + std::string(text) + "' is no day and no time",
                "write 2026-12-31, or 2026-12-31T18:00Z");
  };
  const std::string_view day = text.substr(0, std::min<std::size_t>(10, text.size()));
  if (!is_date(day) || (text.size() != 10 && !is_time(text))) return wrong();
  using namespace std::chrono;
  const sys_days days = year(digits_of(day.substr(0, 4))) /
                        month(static_cast<unsigned>(digits_of(day.substr(5, 2)))) /
                        std::chrono::day(static_cast<unsigned>(digits_of(day.substr(8, 2))));
  Millis at = duration_cast<milliseconds>(days.time_since_epoch()).count();
  if (text.size() == 10) return at + (end_of_day ? Millis{24} * 3'600'000 : 0);
  at += Millis{digits_of(text.substr(11, 2))} * 3'600'000 + Millis{digits_of(text.substr(14, 2))} * 60'000;
  if (text.back() == 'Z') return at;
  const std::string_view offset = text.substr(text.size() - 6);  // +HH:MM
  const Millis minutes = Millis{digits_of(offset.substr(1, 2))} * 60 + digits_of(offset.substr(4, 2));
  return at + (offset[0] == '+' ? -minutes : minutes) * 60'000;
}

Result<GrantAct> grant_act_of(Replica& replica, const GrantRequest& request) {
  WASL_LET(const AuthorityState* const authority, replica.authority());
  GrantAct act;
  if (request.to == "device") {
    act.grantee = replica.device();
  } else {
    WASL_LET(act.grantee, public_key_of(request.to));
  }
  const Device* device = authority->device(act.grantee);
  act.kind = device != nullptr ? GrantKind::device : GrantKind::person;
  GrantRequest full = request;
  if (full.organisation.empty()) {
    full.organisation = authority->organisation_of(act.grantee);
    if (full.organisation.empty()) full.organisation = replica.network().organisation;
  }
  act.organisation = full.organisation;
  const auto role = find_role(request.role);
  act.role = request.role.empty() ? "delegate" : request.role;
  WASL_LET(act.clauses, clauses_of(replica, *authority, full, act.kind));
  if (!request.from.empty()) {
    WASL_LET(act.from, time_of(request.from, false));
  }
  if (!request.until.empty()) {
    WASL_LET(act.until, time_of(request.until, true));
  }
  act.depth = request.depth.value_or(role == nullptr || act.kind == GrantKind::device ? 0 : role->depth);
  act.level = request.level.value_or(role == nullptr ? 0 : role->level);
  act.flags = (request.while_held ? kWhileHeld : 0) | (request.needs_acceptance ? kNeedsAcceptance : 0);
  act.mandate = request.mandate;
  act.reason = request.reason;
  return act;
}

std::optional<GrantAct> pass_to_device(const AuthorityState& authority, const Grant& held,
                                       const PublicKey& key) {
  const Device* device = authority.device(key);
  if (device == nullptr || held.act.depth == 0) return std::nullopt;
  GrantAct act = held.act;
  act.kind = GrantKind::device;
  act.grantee = key;
  act.organisation = device->organisation;
  act.depth = 0;
  act.flags = kWhileHeld;
  std::erase_if(act.clauses, [](const Clause& clause) { return (clause.rights & kGrant) == 0; });
  for (Clause& clause : act.clauses) clause.rights &= ~(kGrant | kAdmin);
  if (act.clauses.empty()) return std::nullopt;
  return act;
}

std::string_view to_word(GrantKind kind) {
  switch (kind) {
    case GrantKind::device:
      return "device";
    case GrantKind::invitation:
      return "invitation";
    case GrantKind::person:
      return "person";
  }
  return "unknown";
}

std::string_view to_word(Standing standing) {
  switch (standing) {
    case Standing::valid:
      return "valid";
    case Standing::not_accepted:
      return "offered";
    case Standing::not_confirmed:
      return "unconfirmed";
    case Standing::not_begun:
      return "not_begun";
    case Standing::over:
      return "over";
    case Standing::ended:
      return "ended";
  }
  return "unknown";
}

std::string clauses_words(const std::vector<Clause>& clauses, const Schema& schema) {
  std::string out;
  for (const Clause& clause : clauses) {
    out += (out.empty() ? "" : "; ") + to_words(clause.rights) + " in ";
    for (std::size_t i = 0; i < clause.spaces.size(); ++i) {
      out += (i == 0 ? "" : ", ") + (clause.spaces[i] == kEverySpace ? "every space" : clause.spaces[i]);
    }
    for (std::size_t i = 0; i < clause.registers.size(); ++i) {
      const Register* reg = schema.find(clause.registers[i]);
      out += (i == 0 ? " of " : ", ") + (reg != nullptr ? reg->name : std::to_string(clause.registers[i]));
    }
    for (const LabelLimit& limit : clause.labels) {
      out += " where " + limit.name + " is ";
      for (std::size_t i = 0; i < limit.values.size(); ++i)
        out += (i == 0 ? "" : " or ") + limit.values[i].to_display();
    }
  }
  return out;
}

std::string act_words(const Act& act, const AuthorityState& authority) {
  const Schema& schema = authority.schema_or(built_in_schema());
  if (const auto* grant = std::get_if<GrantAct>(&act)) {
    return "give the key " + short_key(grant->grantee) + " (" + grant->organisation + ", " + grant->role +
           ") the rights " + clauses_words(grant->clauses, schema) + period_words(*grant) +
           ((grant->flags & kWhileHeld) != 0 ? ", while the right it comes from is held" : "") +
           ((grant->flags & kNeedsAcceptance) != 0 ? ", once they accept" : "");
  }
  const auto named = [&](const Hash& name) {
    const Grant* grant = authority.grant(name);
    return "the grant " + short_name(name) +
           (grant == nullptr
                ? ""
                : " (" + grant->act.role + ", " + clauses_words(grant->act.clauses, schema) + ")");
  };
  if (const auto* accept = std::get_if<AcceptAct>(&act)) return "accept " + named(accept->grant);
  if (const auto* end = std::get_if<EndAct>(&act))
    return "end " + named(end->grant) + ": " + std::string(wasl::to_word(end->reason));
  if (const auto* revoke = std::get_if<RevokeAct>(&act)) return "revoke the key " + short_key(revoke->key);
  if (const auto* gone = std::get_if<EraseAct>(&act))
    return "erase " + std::to_string(gone->commitments.size()) + " personal values in " + gone->space;
  if (const auto* back = std::get_if<WithdrawErasureAct>(&act))
    return "withdraw the erasure " + short_name(back->change_set);
  return "an act of a registrar";
}

}  // namespace wasl::cli
