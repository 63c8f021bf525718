#include "server/app/drafts.hpp"

#include <nlohmann/json.hpp>
namespace wasl {

using nlohmann::json;

namespace {

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

}  // namespace

std::string text_of(const json& request, const char* key) {
  const auto it = request.find(key);
  return it != request.end() && it->is_string() ? it->get<std::string>() : std::string();
}

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

}  // namespace wasl
