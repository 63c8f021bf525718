#include "server/app/bundles.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "server/app/asking.hpp"
#include "server/app/bundled_files.hpp"
#include "server/app/desk.hpp"
#include "server/app/drafts.hpp"
#include "shared/bundle/contents.hpp"
#include "shared/bundle/frames.hpp"
#include "shared/files/bundle_files.hpp"
#include "shared/wire/snapshot_frames.hpp"

namespace wasl {

using nlohmann::json;

namespace {

template <class F>
F fixed_of(const json& value) {
  const auto bytes = value.is_string() ? from_hex(value.get<std::string>()) : std::nullopt;
  return bytes ? F::from(*bytes).value_or(F{}) : F{};
}

SealedTo sealed_to(const json& keys) {
  SealedTo out;
  for (const json& pair : keys)
    out.keys.push_back({fixed_of<PublicKey>(pair.at(0)), fixed_of<PublicKey>(pair.at(1))});
  return out;
}

Bytes frame_of(const json& value) {
  return value.is_string() ? from_base64url(value.get<std::string>()).value_or(Bytes{}) : Bytes{};
}

/// The hub's log keys, the one in force first: what was sealed before it changed opens too.
std::vector<crypto::KeyPair> log_keys(const HubFolder& folder) {
  std::vector<crypto::KeyPair> keys;
  std::error_code unreadable;
  std::vector<std::filesystem::path> files{folder.log_key()};
  for (const auto& entry : std::filesystem::directory_iterator(folder.keys(), unreadable)) {
    if (entry.path().filename().string().starts_with("log.retired-")) files.push_back(entry.path());
  }
  for (const auto& file : files) {
    auto key = read_unattended_key(file, crypto::KeyKind::log);
    if (key && *key) keys.push_back(std::move(**key));
  }
  return keys;
}

std::map<std::uint64_t, crypto::SecretKey> secrets_of(const HubFolder& folder, const BundleHead& head) {
  std::map<std::uint64_t, crypto::SecretKey> secrets;
  for (const crypto::KeyPair& key : log_keys(folder))
    secrets.merge(open_locks(head, key.public_key(), crypto::sealing_secret_of(key)));
  return secrets;
}

/// What the hub said of whom and what, as a plan: one audience a space, and behind them the device's.
BundlePlan plan_of(const json& answer, const HubBundleArguments& in, Random& random) {
  BundlePlan plan;
  plan.head.network = fixed_of<NetworkId>(answer.at("network"));
  plan.head.maker = BundleHead::Maker::hub;
  plan.head.by = fixed_of<PublicKey>(answer.at("log_key"));
  plan.head.made = answer.at("time").get<Millis>();
  plan.head.set = random.fixed<BundleSet>();
  plan.head.audience = in.all             ? BundleHead::Audience::all
                       : in.space.empty() ? BundleHead::Audience::device
                                          : BundleHead::Audience::space;
  if (!in.device.empty()) plan.head.device = fixed_of<PublicKey>(answer.at("device"));
  if (!in.space.empty() && !is_private_space(in.space)) plan.head.space = in.space;
  plan.prologue.push_back({std::nullopt, frame_of(answer.at("statements"))});
  for (const json& space : answer.at("spaces")) {
    plan.audiences.push_back(sealed_to(space.at("keys")));
    const std::string name = space.at("space").get<std::string>();
    if (stands_plain(name, false))
      plan.head.since.push_back({name, space.at("since").get<Position>(), false});
  }
  if (!in.device.empty()) plan.audiences.push_back(sealed_to(answer.at("keys")));
  return plan;
}

/// The snapshot of a space, where the hub has one that is cheaper than the log behind `since`, or has not all
/// of that any more. @return its position, or 0.
Result<Position> export_snapshot(Asking& hub, const std::string& name, Position since, std::size_t audience,
                                 BundleFiles& files) {
  WASL_LET(const json snapshot, hub.ask({{"command", "bundle snapshot"}, {"space", name}, {"since", since}}));
  if (snapshot.at("frame").is_null()) return Position{0};
  const auto add = [&](const json& bytes) {
    PackedFrame frame{audience, frame_of(bytes)};
    const bool has_openings = snapshot_frame_kind(frame.bytes) == SnapshotFrameKind::openings;
    if (stands_plain(name, has_openings)) frame.audience.reset();
    return files.add(std::move(frame));
  };
  WASL_TRY(add(snapshot.at("frame")));
  for (const json& piece : snapshot.at("pieces")) {
    WASL_LET(const json part, hub.ask({{"command", "bundle piece"}, {"space", name}, {"name", piece}}));
    for (const json& frame : part.at("frames")) WASL_TRY(add(frame));
  }
  return snapshot.at("position").get<Position>();
}

/// Entries of one space, and the proof of its end. @return the range, or null when there is nothing newer.
Result<json> export_space(Asking& hub, const json& space, std::size_t audience, bool with_snapshot,
                          BundleFiles& files) {
  const std::string name = space.at("space").get<std::string>();
  Position since = space.at("since").get<Position>();
  Position begun = 0;
  const bool is_only_way = since < space.at("let_go").get<Position>();
  if (is_only_way || (with_snapshot && since == 0 && name != kAuthoritySpace)) {
    WASL_LET(begun, export_snapshot(hub, name, since, audience, files));
    since = std::max(since, begun);
  }
  const Position size = space.at("size").get<Position>();
  for (Position from = since + 1; from <= size;) {
    WASL_LET(const json part, hub.ask({{"command", "bundle entries"}, {"space", name}, {"from", from}}));
    PackedFrame frame{audience, frame_of(part.at("frame"))};
    if (stands_plain(name, part.at("openings").get<bool>())) frame.audience.reset();
    WASL_TRY(files.add(std::move(frame)));
    from = part.at("last").get<Position>() + 1;
  }
  WASL_LET(const json proof, hub.ask({{"command", "bundle proof"}, {"space", name}}));
  if (proof.at("frame").is_null()) return json();
  PackedFrame frame{audience, frame_of(proof.at("frame"))};
  if (stands_plain(name, false)) frame.audience.reset();
  WASL_TRY(files.add(std::move(frame)));
  if (size == since && begun == 0) return json();
  json range{{"space", name}, {"first", since + 1}, {"last", size}};
  if (begun > 0) range["snapshot"] = begun;
  return range;
}

Result<json> export_all(const HubFolder& folder, const HubBundleArguments& in) {
  if ((in.device.empty() ? 0 : 1) + (in.space.empty() ? 0 : 1) + (in.all ? 1 : 0) != 1)
    return fail(Errc::invalid_value, "for whom is this bundle?", "give --device KEY, --space SPACE or --all");
  WASL_LET(const std::size_t split, split_bytes(in.split));
  WASL_LET(Asking hub, Asking::open(folder));
  json question{{"command", "bundle plan"}, {"device", in.device}, {"space", in.space}};
  if (in.since) question["since"] = *in.since;
  WASL_LET(const json answer, hub.ask(question));
  crypto::SystemRandom random;
  BundlePlan plan = plan_of(answer, in, random);
  plan.split_bytes = split;
  const std::size_t for_device = plan.audiences.size() - 1;
  BundleFiles files(in.file, std::move(plan), random);
  json exported = json::array();
  const json& spaces = answer.at("spaces");
  for (std::size_t i = 0; i < spaces.size(); ++i) {
    WASL_LET(json range, export_space(hub, spaces[i], i, in.snapshot, files));
    if (!range.is_null()) exported.push_back(std::move(range));
  }
  std::size_t attached = 0;  // behind everything that names them
  for (std::size_t i = 0; in.with_files && i < spaces.size(); ++i) {
    const std::string name = spaces[i].at("space").get<std::string>();
    WASL_LET(const std::size_t count, export_files(hub, name, i, in.files_up_to, files));
    attached += count;
  }
  if (!in.device.empty()) {
    WASL_LET(const json told, hub.ask({{"command", "bundle answer"}, {"device", answer.at("device")}}));
    for (const json& frame : told.at("frames")) WASL_TRY(files.add({for_device, frame_of(frame)}));
  }
  WASL_LET(const auto written, files.finish());
  json names = json::array();
  for (const auto& one : written) names.push_back({{"file", one.file.string()}, {"bytes", one.bytes}});
  json out{{"files", std::move(names)},
           {"entries", std::move(exported)},
           {"attachments", attached},
           {"safe_to_remove", true}};
  if (answer.contains("device")) out["device"] = answer.at("device");
  return out;
}

/// What the bundles of one command brought.
struct Taken {
  std::uint64_t sets = 0, accepted = 0, held = 0, refused = 0, later = 0;
  std::uint64_t sealed_for_others = 0;
  json words = json::array();  ///< of what was not accepted
  json not_taken = json::array();
  json offices = json::array();
  bool other_history = false;
};

void note_verdicts(const json& verdicts, Taken& taken) {
  for (const json& verdict : verdicts) {
    const std::string outcome = text_of(verdict, "outcome");
    const auto count = verdict.value("count", std::uint64_t{0});
    (outcome == "accepted"  ? taken.accepted
     : outcome == "held"    ? taken.held
     : outcome == "refused" ? taken.refused
                            : taken.later) += count;
    if (outcome != "accepted") taken.words.push_back(verdict);
  }
}

Status take_frame(Asking& hub, const std::string& place, const Bytes& frame, Taken& taken) {
  const bool concerns =
      !frame.empty() && (frame[0] == kHelloFrame || frame[0] == static_cast<Byte>(FrameKind::push));
  if (!concerns) return {};  // what the hub gave itself comes back with an office's bundle for others
  const auto answer = hub.ask({{"command", "bundle take"}, {"frame", to_base64url(frame)}});
  if (!answer) {
    const Errc code = answer.error().code;
    // Of this frame alone: the next ones are another matter.
    if (code != Errc::malformed && code != Errc::bad_signature && code != Errc::unauthorised &&
        code != Errc::unsupported)
      return tl::unexpected(answer.error());
    taken.not_taken.push_back(place + ": " + answer.error().message);
    return {};
  }
  taken.other_history = taken.other_history || answer->value("other_history", false);
  taken.sets += answer->value("change_sets", std::uint64_t{0});
  if (answer->contains("verdicts")) note_verdicts(answer->at("verdicts"), taken);
  return {};
}

using Order = std::vector<std::pair<std::tuple<Millis, BundleSet, std::uint64_t>, std::string>>;

/// Behind the change sets, which name them. A list may lie in another file than what it names: as long as
/// something is new, all are read again.
Status take_attached(const HubFolder& folder, const Order& order, FilesTaking& attached, json& not_taken) {
  for (bool first = true, again = true; again; first = false) {
    const std::uint64_t before = attached.taken();
    for (const auto& [made, file] : order) {
      WASL_LET(const Bundle bundle, read_bundle(file));
      const auto secrets = secrets_of(folder, bundle.head);
      for (const BundleFrame& stored : bundle.frames) {
        const auto frame = open_frame(bundle, stored, secrets);
        const Status added = frame ? attached.add(*frame) : Status();
        if (added) continue;
        if (added.error().code != Errc::malformed) return added;
        if (first) not_taken.push_back(file + ": " + added.error().message);
      }
    }
    WASL_TRY(attached.give());
    again = attached.taken() > before;
  }
  return {};
}

Result<json> import_all(const HubFolder& folder, const HubBundleArguments& in) {
  WASL_LET(Asking hub, Asking::open(folder));
  WASL_LET(const json network, hub.ask({{"command", "bundle plan"}, {"space", kAuthoritySpace}}));
  const auto own = fixed_of<NetworkId>(network.at("network"));
  Order order;
  for (const std::string& file : in.files) {
    WASL_LET(const Bundle bundle, read_bundle(file));
    if (bundle.head.network != own)
      return fail(Errc::wrong_network, file + " is of another network", "nothing of it was taken");
    if (bundle.head.maker == BundleHead::Maker::hub)
      return fail(Errc::invalid_value, file + " was made by the hub, for offices",
                  "there it is imported with: wasl bundle import");
    order.push_back({{bundle.head.made, bundle.head.set, bundle.head.part}, file});
  }
  std::sort(order.begin(), order.end());
  Taken taken;
  FilesTaking attached(hub);
  for (const auto& [made, file] : order) {
    WASL_LET(const Bundle bundle, read_bundle(file));
    const std::string name = std::filesystem::path(file).filename().string();
    if (!bundle.is_whole()) taken.not_taken.push_back(name + ": " + damage_words(bundle));
    taken.offices.push_back(to_hex(bundle.head.by.view()));
    const auto secrets = secrets_of(folder, bundle.head);
    for (const BundleFrame& stored : bundle.frames) {
      const auto frame = open_frame(bundle, stored, secrets);
      const std::string place = name + ", frame " + std::to_string(stored.number);
      if (!frame && secrets.contains(stored.lock)) taken.not_taken.push_back(place + " does not open");
      if (!frame && !secrets.contains(stored.lock)) ++taken.sealed_for_others;
      if (frame && !is_file_frame(*frame)) WASL_TRY(take_frame(hub, place, *frame, taken));
    }
  }
  WASL_TRY(take_attached(folder, order, attached, taken.not_taken));
  WASL_LET(json files, attached.told());
  const std::uint64_t ruled = taken.accepted + taken.held + taken.refused + taken.later;
  return json{{"change_sets", taken.sets},
              {"accepted", taken.accepted},
              {"held", taken.held},
              {"refused", taken.refused},
              {"later", taken.later},
              {"waiting", taken.sets > ruled ? taken.sets - ruled : 0},
              {"verdicts", std::move(taken.words)},
              {"not_taken", std::move(taken.not_taken)},
              {"sealed_for_others", taken.sealed_for_others},
              {"attachments", std::move(files)},
              {"other_history", taken.other_history},
              {"offices", std::move(taken.offices)}};
}

Result<json> inspect_all(const HubFolder& folder, const HubBundleArguments& in) {
  json bundles = json::array();
  for (const std::string& file : in.files) {
    WASL_LET(const Bundle bundle, read_bundle(file));
    const auto secrets = secrets_of(folder, bundle.head);
    json frames = json::array();
    std::size_t closed = 0;
    for (const BundleFrame& stored : bundle.frames) {
      json one{{"number", stored.number}, {"bytes", stored.bytes.size()}, {"sealed", stored.lock != 0}};
      if (const auto frame = open_frame(bundle, stored, secrets)) {
        const FrameContents contents = contents_of(*frame, bundle.head.network);
        one["kind"] = contents.kind;
        if (!contents.space.empty()) one["space"] = contents.space;
        if (contents.first > 0) one.update({{"first", contents.first}, {"last", contents.last}});
        if (contents.sets > 0) one["change_sets"] = contents.sets;
        for (const attachment::FileId& held : contents.files)
          one["files"].push_back({{"file", to_hex(held.root.view())}, {"size", held.size}});
      } else {
        ++closed;
      }
      frames.push_back(std::move(one));
    }
    json one{{"file", file},
             {"network", to_hex(bundle.head.network.view())},
             {"made", bundle.head.made},
             {"by",
              {{"kind", bundle.head.maker == BundleHead::Maker::hub ? "hub" : "office"},
               {"key", to_hex(bundle.head.by.view())}}},
             {"for", to_word(bundle.head.audience)},
             {"part", bundle.head.part},
             {"whole", bundle.is_whole()},
             {"damage", damage_words(bundle)},
             {"frames", std::move(frames)},
             {"sealed_frames", closed}};
    if (bundle.head.device) one["device"] = to_hex(bundle.head.device->view());
    bundles.push_back(std::move(one));
  }
  return json{{"bundles", std::move(bundles)}};
}

json document(const Result<json>& result) { return result ? *result : to_json(result.error()); }

}  // namespace

json export_bundle(const HubFolder& folder, const HubBundleArguments& arguments) {
  return document(export_all(folder, arguments));
}

json import_bundles(const HubFolder& folder, const HubBundleArguments& arguments) {
  return document(import_all(folder, arguments));
}

json inspect_bundles(const HubFolder& folder, const HubBundleArguments& arguments) {
  return document(inspect_all(folder, arguments));
}

}  // namespace wasl
