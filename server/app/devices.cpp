#include "server/app/devices.hpp"

#include <nlohmann/json.hpp>
#include "server/app/drafts.hpp"
#include "server/hub/retention.hpp"
#include "shared/authority/invitation.hpp"
#include "shared/authority/person_acts.hpp"

namespace wasl {
namespace {

using nlohmann::json;

std::string state_of(const AuthorityState& authority, const Device& device,
                     const std::optional<DeviceNote>& note) {
  if (note && note->wiped != 0) return "wiped";
  if (!device.revoked) return waits_for_confirmation(authority, device.grant) ? "unconfirmed" : "active";
  return device.wiped != 0 ? "wiping" : "revoked";
}

}  // namespace

Result<json> lease_of(OpenHub& open, const PublicKey& device) {
  WASL_LET(const auto until, leased_until(open.hub(), device, open.folder().retention));
  if (!until) return json(nullptr);
  return json{{"until", *until}, {"lapsed", open.hub().hub_time() >= *until}};
}

namespace {

Result<json> devices(OpenHub& open) {
  json list = json::array();
  for (const auto& [key, device] : open.hub().authority().devices()) {
    WASL_LET(const auto note, open.hub().store().device(key));
    WASL_LET(const json lease, lease_of(open, key));
    list.push_back({{"device", to_hex(key.view())},
                    {"organisation", device.organisation},
                    {"state", state_of(open.hub().authority(), device, note)},
                    {"last_seen", note && note->last_seen != 0 ? json(note->last_seen) : json(nullptr)},
                    {"lease", lease}});
  }
  return json{{"devices", std::move(list)}};
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

}  // namespace

std::optional<Result<json>> decide_devices(OpenHub& open, const std::string& command, const json& request) {
  if (command == "devices") return devices(open);
  if (command == "revoke") return revoke(open, request);
  if (command == "wipe") return wipe(open, request);
  if (command == "confirm") return confirm(open, request);
  return std::nullopt;
}

}  // namespace wasl
