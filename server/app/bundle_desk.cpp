// What the hub that serves, or one opened for it, answers to the commands of bundles: one frame a question.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "server/app/bundled_files.hpp"
#include "server/app/bundles.hpp"
#include "server/app/drafts.hpp"
#include "server/hub/bundling.hpp"
#include "shared/authority/reason_words.hpp"
#include "shared/base/limits.hpp"
#include "shared/bundle/readers.hpp"
#include "shared/snapshot/manifest.hpp"
#include "shared/wire/snapshot_frames.hpp"

namespace wasl {

using nlohmann::json;

namespace {

json keys_json(const SealedTo& to) {
  json out = json::array();
  for (const SealedTo::Key& key : to.keys)
    out.push_back({to_hex(key.key.view()), to_hex(key.sealing_key.view())});
  return out;
}

/// Behind what the device has said that it holds: by a bundle, or at the end of a session, whatever came
/// last.
Result<Position> held_by(Hub& hub, const PublicKey& device, const std::string& space) {
  WASL_LET(const auto hello, bundled_hello(hub, device));
  WASL_LET(const auto note, hub.store().device(device));
  const bool by_bundle =
      hello && hello->epoch == hub.authority().statement().epoch && (!note || hello->counter > note->counter);
  const std::vector<Cursor> none;
  const std::vector<Cursor>& cursors = by_bundle ? hello->cursors : note ? note->applied : none;
  for (const Cursor& cursor : cursors)
    if (cursor.space == space) return cursor.position;
  return Position{0};
}

/// Asking the store for a space makes it: only for those that exist.
Result<std::string> space_named(Hub& hub, const json& request) {
  const std::string space = text_of(request, "space");
  const auto names = hub.authority().spaces();
  if (std::find(names.begin(), names.end(), space) != names.end()) return space;
  return fail(Errc::not_found, "there is no space " + space, "see: wasl-hub status");
}

std::optional<Position> number_of(const json& request, const char* key) {
  const auto found = request.find(key);
  if (found == request.end() || !found->is_number_unsigned()) return std::nullopt;
  return std::min<Position>(found->get<Position>(), limits::kNumberMost - 1);
}

Result<json> plan(OpenHub& open, const json& request) {
  Hub& hub = open.hub();
  const AuthorityState& authority = hub.authority();
  std::optional<PublicKey> device;
  if (const std::string named = text_of(request, "device"); !named.empty()) {
    WASL_LET(const PublicKey key, find_key(open, named));
    if (authority.device(key) == nullptr)
      return fail(Errc::not_found, "this key is no device's", "list them with: wasl-hub devices");
    device = key;
  }
  std::vector<std::string> names = authority.spaces();
  if (device) {
    names = authority.readable(*device, hub.hub_time());
  } else if (!text_of(request, "space").empty()) {
    WASL_LET(const std::string only, space_named(hub, request));
    names = {only};
  }
  auto who = readers(authority, hub.hub_time());
  json spaces = json::array();
  for (const std::string& name : names) {
    WASL_LET(const Position size, hub.size(name));
    Position since = 0;
    if (const auto given = number_of(request, "since")) {
      since = *given;
    } else if (device) {
      WASL_LET(since, held_by(hub, *device, name));
    }
    WASL_LET(const Position let_go, hub.store().let_go(name));
    spaces.push_back({{"space", name},
                      {"since", since},
                      {"size", size},
                      {"let_go", let_go},
                      {"keys", keys_json(device ? sealed_to(*authority.device(*device)) : who[name])}});
  }
  json out{{"network", to_hex(hub.network().view())},
           {"log_key", to_hex(hub.log_key().public_key().view())},
           {"time", hub.hub_time()},
           {"statements", to_base64url(encode(hub.statements()))},
           {"spaces", std::move(spaces)}};
  if (device) {
    out["device"] = to_hex(device->view());
    out["keys"] = keys_json(sealed_to(*authority.device(*device)));
  }
  return out;
}

Result<json> entries(OpenHub& open, const json& request) {
  WASL_LET(const std::string space, space_named(open.hub(), request));
  const Position from = std::max<Position>(1, number_of(request, "from").value_or(1));
  WASL_LET(const CoveredFrame found, covered_frame(open.hub(), space, from));
  return json{{"frame", to_base64url(found.frame)}, {"last", found.last}, {"openings", found.has_openings}};
}

Result<json> proof(OpenHub& open, const json& request) {
  WASL_LET(const std::string space, space_named(open.hub(), request));
  WASL_LET(const auto frame, vouched_frame(open.hub(), space));
  return json{{"frame", frame ? json(to_base64url(*frame)) : json(nullptr)}};
}

/// What a link would offer to an office that holds so much of the space.
Result<json> bundled_snapshot(OpenHub& open, const json& request) {
  WASL_LET(const std::string space, space_named(open.hub(), request));
  if (open.hub().is_recovering())
    return fail(Errc::later, "the hub recovers from an old copy: it gives nothing");
  WASL_LET(const auto offer, open.hub().snapshot(space, request.value("since", Position{0})));
  if (!offer) return json{{"frame", nullptr}};
  WASL_LET(const SnapshotFrame frame, decode_snapshot(*offer->frame));
  WASL_LET(const snapshot::Manifest manifest, snapshot::decode_manifest(frame.manifest));
  json pieces = json::array();
  for (const Hash& name : names_of(manifest.parts())) pieces.push_back(to_hex(name.view()));
  return json{
      {"frame", to_base64url(*offer->frame)}, {"position", offer->position}, {"pieces", std::move(pieces)}};
}

Result<json> bundled_piece(OpenHub& open, const json& request) {
  WASL_LET(const std::string space, space_named(open.hub(), request));
  const auto name = Hash::from(from_hex(text_of(request, "name")).value_or(Bytes{}));
  if (!name) return fail(Errc::invalid_value, "no piece is named");
  WASL_LET(const auto frames, open.hub().snapshot_piece(space, *name));
  json out = json::array();
  for (const Bytes& frame : frames) out.push_back(to_base64url(frame));
  return json{{"frames", std::move(out)}};
}

Result<json> answers(OpenHub& open, const json& request) {
  const auto device = PublicKey::from(from_hex(text_of(request, "device")).value_or(Bytes{}));
  if (!device) return fail(Errc::invalid_value, "no device is named");
  WASL_LET(const auto frames, answer_frames(open.hub(), *device));
  json out = json::array();
  for (const Bytes& frame : frames) out.push_back(to_base64url(frame));
  return json{{"frames", std::move(out)}};
}

json verdict_json(const VerdictItem& item) {
  const char* outcome = item.verdict.outcome == Outcome::accepted  ? "accepted"
                        : item.verdict.outcome == Outcome::held    ? "held"
                        : item.verdict.outcome == Outcome::refused ? "refused"
                                                                   : "later";
  return {{"outcome", outcome},
          {"count", item.count},
          {"reason", to_word(item.verdict.reason)},
          {"words", std::string(explain(item.verdict.reason)) +
                        (item.verdict.detail.empty() ? "" : ": " + item.verdict.detail)}};
}

Result<json> take(OpenHub& open, const json& request) {
  const auto frame = from_base64url(text_of(request, "frame"));
  if (!frame || frame->empty()) return fail(Errc::malformed, "this is no frame");
  if ((*frame)[0] == kHelloFrame) {
    WASL_LET(const bool other, note_bundled_hello(open.hub(), *frame));
    return json{{"kind", "position"}, {"other_history", other}};
  }
  WASL_LET(const TakenPush taken, take_bundled_push(open.hub(), *frame));
  open.note_checkpoint();
  json verdicts = json::array();
  for (const VerdictItem& item : taken.verdicts) verdicts.push_back(verdict_json(item));
  return json{{"kind", "work"}, {"change_sets", taken.sets}, {"verdicts", std::move(verdicts)}};
}

}  // namespace

std::optional<Result<json>> decide_bundles(OpenHub& open, const std::string& command, const json& request) {
  if (command == "bundle plan") return plan(open, request);
  if (command == "bundle entries") return entries(open, request);
  if (command == "bundle proof") return proof(open, request);
  if (command == "bundle snapshot") return bundled_snapshot(open, request);
  if (command == "bundle piece") return bundled_piece(open, request);
  if (command == "bundle answer") return answers(open, request);
  if (command == "bundle take") return take(open, request);
  return decide_bundled_files(open, command, request);
}

}  // namespace wasl
