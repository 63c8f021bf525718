#include "server/app/quarantine.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "shared/authority/invitation.hpp"
#include "shared/authority/person_acts.hpp"
#include "shared/model/field_value.hpp"

namespace wasl {
namespace {

using nlohmann::json;

std::string text_of(const json& request, const char* key) {
  const auto it = request.find(key);
  return it != request.end() && it->is_string() ? it->get<std::string>() : std::string();
}

Schema schema_of(OpenHub& open) {
  const Schema* published = open.hub().authority().schema();
  return published != nullptr ? published->joined(built_in_schema()) : built_in_schema();
}

std::string register_name(const Schema& schema, std::uint32_t number) {
  if (const Register* reg = schema.find(number)) return reg->name;
  return "register " + std::to_string(number);
}

// ── Devices

std::string state_of(const AuthorityState& authority, const Device& device,
                     const std::optional<DeviceNote>& note) {
  if (note && note->wiped != 0) return "wiped";
  if (!device.revoked) return waits_for_confirmation(authority, device.grant) ? "unconfirmed" : "active";
  return device.wiped != 0 ? "wiping" : "revoked";
}

Result<json> devices(OpenHub& open) {
  json list = json::array();
  for (const auto& [key, device] : open.hub().authority().devices()) {
    WASL_LET(const auto note, open.hub().store().device(key));
    list.push_back({{"device", to_hex(key.view())},
                    {"organisation", device.organisation},
                    {"state", state_of(open.hub().authority(), device, note)},
                    {"last_seen", note && note->last_seen != 0 ? json(note->last_seen) : json(nullptr)}});
  }
  return json{{"devices", std::move(list)}};
}

/// The device's or person's key that begins so.
Result<PublicKey> find_key(OpenHub& open, const std::string& prefix) {
  std::vector<PublicKey> found;
  const auto look_at = [&](const PublicKey& key) {
    if (!prefix.empty() && to_hex(key.view()).starts_with(prefix)) found.push_back(key);
  };
  for (const auto& [key, device] : open.hub().authority().devices()) look_at(key);
  for (const auto& [key, person] : open.hub().authority().persons()) look_at(key);
  if (found.size() == 1) return found.front();
  if (found.empty())
    return fail(Errc::not_found, "no device has a key that begins with '" + prefix + "'",
                "list them with: wasl-hub devices");
  return fail(Errc::conflict, "several keys begin with '" + prefix + "'", "write more of it");
}

// ── What waits

Result<json> quarantine_list(OpenHub& open, const json& request) {
  WASL_LET(const auto sets, open.hub().store().kept_list(request.value("refused", false)));
  const Schema schema = schema_of(open);
  json list = json::array();
  for (const KeptSet& kept : sets) {
    json line = {{"change_set", to_hex(kept.name.view())},
                 {"device", to_hex(kept.header.source.author.view())},
                 {"reason", to_word(kept.reason)},
                 {"register", ""},
                 {"id", ""}};
    const auto set = decode_change_set(kept.header_bytes, kept.body);
    std::pair<std::uint32_t, std::string> last;
    bool any = false;
    for (std::size_t i = 0; set && i < set->operations.size(); ++i) {
      const Operation& op = set->operations[i];
      const std::pair record(op.register_number, op.id);
      if (any && record == last) continue;
      last = record;
      any = true;
      line["register"] = register_name(schema, op.register_number);
      line["id"] = op.id;
      list.push_back(line);
    }
    if (!any) list.push_back(std::move(line));
  }
  return json{{"quarantine", std::move(list)}};
}

Result<KeptSet> find_waiting(OpenHub& open, std::string prefix) {
  std::optional<Byte> half;
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  const bool is_hex = !prefix.empty() && prefix.size() <= 2 * Hash::kSize &&
                      std::ranges::all_of(prefix, [&](char c) { return digit(c) >= 0; });
  if (is_hex && prefix.size() % 2 == 1) {
    half = static_cast<Byte>(digit(prefix.back()));
    prefix.pop_back();
  }
  std::vector<KeptSet> found;
  if (is_hex) {
    WASL_LET(found, open.hub().store().find_kept(from_hex(prefix).value_or(Bytes{}), half));
  }
  if (found.size() == 1) return std::move(found.front());
  if (found.empty())
    return fail(Errc::not_found, "no change set that waits has a name that begins so",
                "list them with: wasl-hub quarantine list");
  return fail(Errc::conflict, "several names begin so", "write more of it");
}

std::string_view word_of(OperationKind kind) {
  switch (kind) {
    case OperationKind::create:
      return "create";
    case OperationKind::write:
      return "write";
    case OperationKind::resolve:
      return "resolve";
    case OperationKind::add:
      return "add";
    case OperationKind::remove:
      return "remove";
    case OperationKind::erase:
      return "delete";
    case OperationKind::act:
      return "act";
  }
  return "";
}

json operation_line(const Operation& op, const KeptSet& kept, const Schema& schema) {
  json line = {
      {"register", register_name(schema, op.register_number)}, {"id", op.id}, {"what", word_of(op.kind)}};
  const Register* reg = schema.find(op.register_number);
  const Field* field = reg == nullptr ? nullptr : reg->field(op.address.field);
  if (op.address.field != 0)
    line["field"] = field != nullptr ? field->name : "field " + std::to_string(op.address.field);
  Value value = op.value;
  for (const OpeningItem& opening : kept.openings) {
    if (Value::commitment(opening.commitment) == op.value) value = opening.opening.value;
  }
  const bool is_element = op.kind == OperationKind::add || op.kind == OperationKind::remove;
  if (is_element) value = element_of(op.address.key);
  if (op.kind == OperationKind::write || op.kind == OperationKind::resolve || is_element)
    line["value"] = value.is_null() ? json(nullptr) : json(value.to_display());
  if (field != nullptr && field->type == FieldType::multilingual) line["language"] = to_text(op.address.key);
  return line;
}

Result<json> quarantine_show(OpenHub& open, const json& request) {
  WASL_LET(const KeptSet kept, find_waiting(open, text_of(request, "change_set")));
  const PublicKey& author = kept.header.source.author;
  const Device* device = open.hub().authority().device(author);
  const Schema schema = schema_of(open);
  json operations = json::array();
  if (const auto set = decode_change_set(kept.header_bytes, kept.body)) {
    for (const Operation& op : set->operations) operations.push_back(operation_line(op, kept, schema));
  }
  return json{{"change_set", to_hex(kept.name.view())},
              {"device", to_hex(author.view())},
              {"organisation", device != nullptr ? device->organisation : ""},
              {"space", kept.header.space},
              {"state", kept.state == KeptState::held ? "held" : "refused"},
              {"reason", to_word(kept.reason)},
              {"detail", kept.detail},
              {"words", explain(kept.reason)},
              {"written", kept.header.stamp.millis()},
              {"came", kept.at},
              {"parts", kept.header.parts},
              {"operations", std::move(operations)}};
}

// ── Drafts of what a person decides

/// The first of the person's grants that covers it; else the first at all, and the hub says what is missing.
Result<Hash> grant_of(OpenHub& open, const PublicKey& author, Rights right, std::string_view space) {
  const AuthorityState& authority = open.hub().authority();
  const Person* person = authority.person(author);
  if (person == nullptr) {
    return fail(Errc::unauthorised, "this key is no person's key of this network",
                "use the key of an administrator: --key FILE");
  }
  for (const Hash& name : person->grants) {
    const Grant* grant = authority.grant(name);
    if (grant != nullptr && !grant->has_fallen(kLatest) &&
        covers(grant->act, right, space, 0, open.hub().hub_time()))
      return name;
  }
  return person->grants.front();
}

Result<json> draft(OpenHub& open, const json& request, Rights right, const std::string& space,
                   std::string_view covered, const std::vector<Act>& acts, json done) {
  const auto author = PublicKey::from(from_hex(text_of(request, "author")).value_or(Bytes{}));
  if (!author) return fail(Errc::invalid_value, "a person's key has to sign this", "name it: --key FILE");
  WASL_LET(const Hash grant, grant_of(open, *author, right, covered));
  Scribe scribe = open.scribe();
  std::vector<Operation> operations;
  for (const Act& act : acts) operations.push_back(scribe.act_operation(act));
  sort_by_record(operations);
  WASL_LET(const ChangeSet set, scribe.draft(*author, space, grant, std::move(operations)));
  return json{
      {"header", to_hex(set.header_bytes)}, {"body", to_hex(set.body_bytes)}, {"done", std::move(done)}};
}

Result<json> submit(OpenHub& open, const json& request) {
  const auto header = from_hex(text_of(request, "header"));
  const auto body = from_hex(text_of(request, "body"));
  const auto signature = Signature::from(from_hex(text_of(request, "signature")).value_or(Bytes{}));
  if (!header || !body || !signature) return fail(Errc::malformed, "this is no signed act");
  WASL_LET(ChangeSet set, decode_change_set(*header, *body));
  WASL_TRY(open.scribe().submit(std::move(set), *signature));
  return json::object();
}

struct Chosen {
  std::string space;
  std::vector<Hash> names;
  std::size_t left = 0;  ///< of the device's, for further acts
};

/// What is held of a device, as much of one space as one act may name, in the order in which it came.
Result<Chosen> chosen_of_device(OpenHub& open, const std::string& prefix) {
  WASL_LET(const PublicKey device, find_key(open, prefix));
  WASL_LET(auto held, open.hub().store().kept_list(false));
  std::erase_if(held, [&](const KeptSet& kept) { return kept.header.source.author != device; });
  if (held.empty())
    return fail(Errc::not_found, "nothing of this device is held", "see: wasl-hub quarantine list");
  Chosen out;
  out.space = held.front().header.space;
  std::map<GroupId, std::vector<Hash>> groups;
  std::vector<GroupId> order;
  for (const KeptSet& kept : held) {
    if (kept.header.space != out.space) continue;
    auto& group = groups[kept.header.group];
    if (group.empty()) order.push_back(kept.header.group);
    group.push_back(kept.name);
  }
  for (const GroupId& id : order) {
    const std::vector<Hash>& group = groups[id];
    if (!out.names.empty() && out.names.size() + group.size() > kNamesOfAct) break;
    out.names.insert(out.names.end(), group.begin(), group.end());
  }
  out.left = held.size() - out.names.size();
  return out;
}

/// What the request names, each with all parts of its group.
Result<Chosen> chosen(OpenHub& open, const json& request) {
  if (!text_of(request, "device").empty()) return chosen_of_device(open, text_of(request, "device"));
  Chosen out;
  for (const json& prefix : request.value("change_sets", json::array())) {
    WASL_LET(const KeptSet kept,
             find_waiting(open, prefix.is_string() ? prefix.get<std::string>() : std::string()));
    if (!out.space.empty() && out.space != kept.header.space)
      return fail(Errc::invalid_value, "these stand in several spaces", "decide about each space by itself");
    out.space = kept.header.space;
    WASL_LET(const auto chain,
             open.hub().store().kept_from(kept.header.source, kept.header.sequence - (kept.header.part - 1)));
    for (const KeptSet& part : chain) {
      const bool same_group =
          part.header.group == kept.header.group && part.header.parts == kept.header.parts;
      if (same_group && std::ranges::find(out.names, part.name) == out.names.end())
        out.names.push_back(part.name);
    }
  }
  if (out.names.empty()) return fail(Errc::invalid_value, "no change set is named");
  if (out.names.size() > kNamesOfAct) {
    return fail(Errc::limit_exceeded,
                "one act decides about " + std::to_string(kNamesOfAct) + " change sets at most",
                "name fewer");
  }
  return out;
}

json hex_of(const std::vector<Hash>& names) {
  json out = json::array();
  for (const Hash& name : names) out.push_back(to_hex(name.view()));
  return out;
}

Result<json> quarantine_adopt(OpenHub& open, const json& request) {
  WASL_LET(const Chosen what, chosen(open, request));
  return draft(open, request, kWrite, what.space, what.space, {AdoptAct{what.names}},
               {{"adopted", hex_of(what.names)}, {"space", what.space}, {"left", what.left}});
}

std::optional<DiscardReason> discard_reason(const std::string& word) {
  if (word == "unwanted") return DiscardReason::unwanted;
  if (word == "duplicate") return DiscardReason::duplicate;
  if (word == "mistaken") return DiscardReason::mistaken;
  if (word == "harmful") return DiscardReason::harmful;
  return std::nullopt;
}

Result<json> quarantine_discard(OpenHub& open, const json& request) {
  WASL_LET(const Chosen what, chosen(open, request));
  const auto reason = discard_reason(text_of(request, "reason"));
  if (!reason)
    return fail(Errc::invalid_value, "there is no such reason",
                "use unwanted, duplicate, mistaken or harmful");
  return draft(open, request, kAdmin, std::string(kAuthoritySpace), what.space,
               {DiscardAct{what.space, what.names, *reason}},
               {{"discarded", hex_of(what.names)}, {"space", what.space}, {"left", what.left}});
}

std::optional<RevocationReason> revocation_reason(const std::string& word) {
  if (word == "lost") return RevocationReason::lost;
  if (word == "left") return RevocationReason::left;
  if (word == "compromised") return RevocationReason::compromised;
  return std::nullopt;
}

std::string organisation_of(OpenHub& open, const PublicKey& key) {
  const AuthorityState& authority = open.hub().authority();
  if (const Device* device = authority.device(key)) return device->organisation;
  const Person* person = authority.person(key);
  return person == nullptr ? "" : authority.grant(person->grants.front())->act.organisation;
}

Result<json> revoke(OpenHub& open, const json& request) {
  WASL_LET(const PublicKey key, find_key(open, text_of(request, "device")));
  const std::string word = text_of(request, "reason");
  const auto reason = revocation_reason(word);
  if (!reason) return fail(Errc::invalid_value, "there is no such reason", "use lost, left or compromised");
  RevokeAct act{key, *reason, 0};
  if (*reason == RevocationReason::compromised) act.since = request.value("since", open.hub().hub_time());
  json done = {
      {"device", to_hex(key.view())}, {"organisation", organisation_of(open, key)}, {"reason", word}};
  if (*reason == RevocationReason::compromised) done["since"] = act.since;
  if (text_of(request, "author").empty()) {
    WASL_LET(Registrar* const registrar, open.registrar());
    WASL_TRY(registrar->revoke(act));
    return done;
  }
  const std::string space = open.hub().authority().own_space(organisation_of(open, key));
  return draft(open, request, kAdmin, std::string(kAuthoritySpace), space, {act}, std::move(done));
}

/// Whoever may confirm has heard the fingerprint from the person who holds the device.
Result<json> confirm(OpenHub& open, const json& request) {
  const AuthorityState& authority = open.hub().authority();
  const std::string typed = plain_fingerprint(text_of(request, "fingerprint"));
  const Device* found = nullptr;
  for (const auto& [key, device] : authority.devices()) {
    if (!device.revoked && waits_for_confirmation(authority, device.grant) &&
        plain_fingerprint(fingerprint(key)) == typed)
      found = &device;
  }
  if (found == nullptr) {
    return fail(Errc::not_found, "no device that waits for confirmation has this fingerprint",
                "have it read to you again from `wasl status` on that device; if it stays so, somebody else "
                "used the invitation: wasl-hub devices lists it as unconfirmed, revoke it");
  }
  const ConfirmAct act{found->grant};
  json done = {
      {"device", to_hex(found->key.view())}, {"organisation", found->organisation}, {"role", found->role}};
  if (text_of(request, "author").empty()) {
    WASL_LET(Registrar* const registrar, open.registrar());
    WASL_TRY(registrar->confirm(act));
    return done;
  }
  return draft(open, request, kAdmin, std::string(kAuthoritySpace), authority.own_space(found->organisation),
               {act}, std::move(done));
}

/// Revoked by the same act: whoever checks the order later needs no other.
Result<json> wipe(OpenHub& open, const json& request) {
  WASL_LET(const PublicKey key, find_key(open, text_of(request, "device")));
  const Device* device = open.hub().authority().device(key);
  if (device == nullptr) return fail(Errc::not_found, "this is no device's key", "see: wasl-hub devices");
  const RevokeAct revoke = device->revoked.value_or(RevokeAct{key, RevocationReason::lost, 0});
  const std::string space = open.hub().authority().own_space(device->organisation);
  return draft(open, request, kAdmin, std::string(kAuthoritySpace), space, {revoke, WipeAct{key}},
               {{"device", to_hex(key.view())}, {"organisation", device->organisation}});
}

// ── Erasure

struct RecordPlace {
  std::string space, id;
};

/// SPACE#ID, or an id that only one space has.
Result<RecordPlace> find_record(OpenHub& open, const std::string& named) {
  const auto spaces = open.hub().authority().spaces();
  const auto at = named.find('#');
  if (at != std::string::npos) {
    RecordPlace place{named.substr(0, at), named.substr(at + 1)};
    if (std::ranges::find(spaces, place.space) != spaces.end()) return place;
    return fail(Errc::not_found, "there is no space " + place.space, "see: wasl-hub status");
  }
  std::optional<RecordPlace> only;
  for (const std::string& space : spaces) {
    WASL_LET(const SpaceInfo* const info, open.hub().store().space(space));
    WASL_LET(const auto record, open.hub().store().record(info->number, named));
    if (!record || space == kAuthoritySpace) continue;
    if (only) return fail(Errc::conflict, "several spaces have a record " + named, "name it SPACE#ID");
    only = RecordPlace{space, named};
  }
  if (only) return *only;
  return fail(Errc::not_found, "no space has a record " + named, "name it as SPACE#ID");
}

std::optional<ErasureReason> erasure_reason(const std::string& word) {
  for (const ErasureReason reason : {ErasureReason::requested, ErasureReason::consent_withdrawn,
                                     ErasureReason::no_longer_needed, ErasureReason::unlawful}) {
    if (word == to_word(reason)) return reason;
  }
  return std::nullopt;
}

Result<json> withdraw_erasure(OpenHub& open, const json& request, const RecordPlace& place,
                              const Hash& mark) {
  std::vector<Act> acts;
  std::set<Hash> named;
  for (const Erasure* erasure : open.hub().authority().erasures_of(mark)) {
    const bool waits = !erasure->withdrawn && !erasure->is_in_force(open.hub().hub_time());
    if (waits && named.insert(erasure->change_set).second)
      acts.emplace_back(WithdrawErasureAct{erasure->change_set});
  }
  if (acts.empty())
    return fail(Errc::not_found, "no erasure of " + place.id + " waits", "what is in force is gone for good");
  const std::size_t count = acts.size();
  return draft(open, request, kAdmin, std::string(kAuthoritySpace), place.space, acts,
               {{"withdrawn", count}, {"space", place.space}, {"id", place.id}});
}

Result<json> erase(OpenHub& open, const json& request) {
  WASL_LET(const RecordPlace place, find_record(open, text_of(request, "record")));
  const NetworkId& network = open.hub().network();
  const Hash mark = record_mark(network, place.space, place.id);
  if (request.value("withdraw", false)) return withdraw_erasure(open, request, place, mark);
  const auto reason = erasure_reason(text_of(request, "reason"));
  if (!reason)
    return fail(Errc::invalid_value, "an erasure needs a reason",
                "use requested, consent_withdrawn, no_longer_needed or unlawful");
  WASL_LET(auto commitments, open.hub().store().commitments_of(place.space, place.id, network));
  for (const Erasure* erasure : open.hub().authority().erasures_of(mark)) {
    if (erasure->withdrawn) continue;
    for (const Hash& commitment : erasure->act.commitments) commitments.erase(commitment);
  }
  if (commitments.empty())
    return fail(Errc::not_found, place.id + " has no personal value that is not on a list already", {});
  std::vector<Act> acts;
  EraseAct act{place.space, mark, {}, *reason};
  for (const Hash& commitment : commitments) {
    act.commitments.push_back(commitment);
    if (act.commitments.size() < kNamesOfAct) continue;
    acts.emplace_back(act);
    act.commitments.clear();
  }
  if (!act.commitments.empty()) acts.emplace_back(act);
  return draft(open, request, kAdmin, std::string(kAuthoritySpace), place.space, acts,
               {{"space", place.space},
                {"id", place.id},
                {"values", commitments.size()},
                {"reason", to_word(*reason)},
                {"not_before", open.hub().hub_time() + kErasureDelay}});
}

}  // namespace

std::optional<Result<json>> decide_devices(OpenHub& open, const std::string& command, const json& request) {
  if (command == "devices") return devices(open);
  if (command == "revoke") return revoke(open, request);
  if (command == "wipe") return wipe(open, request);
  if (command == "confirm") return confirm(open, request);
  if (command == "erase") return erase(open, request);
  if (command == "quarantine list") return quarantine_list(open, request);
  if (command == "quarantine show") return quarantine_show(open, request);
  if (command == "quarantine adopt") return quarantine_adopt(open, request);
  if (command == "quarantine discard") return quarantine_discard(open, request);
  if (command == "submit") return submit(open, request);
  return std::nullopt;
}

}  // namespace wasl
