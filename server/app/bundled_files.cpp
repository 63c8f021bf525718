#include "server/app/bundled_files.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "server/app/desk.hpp"
#include "server/app/drafts.hpp"
#include "server/hub/hub_files.hpp"
#include "shared/bundle/carried_files.hpp"

namespace wasl {

using attachment::FileId;
using nlohmann::json;

namespace {

constexpr std::size_t kChunksAtOnce = 32;  // half a megabyte: who syncs waits for it

Bytes bytes_of(const json& value) {
  return value.is_string() ? from_base64url(value.get<std::string>()).value_or(Bytes{}) : Bytes{};
}

json file_json(const FileId& file) {
  return {{"space", file.space}, {"file", to_hex(file.root.view())}, {"size", file.size}};
}

FileId file_of(const json& value) {
  const auto root = Hash::from(from_hex(text_of(value, "file")).value_or(Bytes{}));
  return {text_of(value, "space"), root.value_or(Hash{}), value.value("size", std::uint64_t{0})};
}

/// Beside the connection that serves: several may have the same file open.
Result<std::unique_ptr<HubFiles>> files_of(OpenHub& open) {
  return HubFiles::open(open.folder().path, open.hub());
}

Status check_space(Hub& hub, const std::string& space) {
  const auto names = hub.authority().spaces();
  if (std::find(names.begin(), names.end(), space) != names.end()) return {};
  return fail(Errc::not_found, "there is no space " + space, "see: wasl-hub status");
}

Result<json> list(OpenHub& open, const json& request) {
  const std::string space = text_of(request, "space");
  WASL_TRY(check_space(open.hub(), space));
  WASL_LET(const auto files, files_of(open));
  WASL_LET(const auto whole, files->whole_of(space));
  json out = json::array();
  for (const FileId& file : whole) out.push_back(file_json(file));
  return json{{"files", std::move(out)}};
}

Result<json> chunk(OpenHub& open, const json& request) {
  const FileId named = file_of(request);
  WASL_TRY(check_space(open.hub(), named.space));
  WASL_LET(const auto files, files_of(open));
  WASL_LET(const auto found, files->port_for_bundles()->read(named.space, named.root));
  return json{{"frame", found ? json(to_base64url(encode(*found))) : json(nullptr)}};
}

/// @return for those that are named, whether they are whole now.
Result<json> take_files(OpenHub& open, const json& request) {
  WASL_LET(const auto files, files_of(open));
  const auto port = files->port_for_bundles();
  CarriedFiles carried(*port);
  for (const json& frame : request.value("frames", json::array())) WASL_TRY(carried.add(bytes_of(frame)));
  std::uint64_t taken = 0;
  if (carried.has_chunks()) {
    WASL_LET(taken, carried.give(FileExchange::End::hub));
  }
  json whole = json::array();
  for (const json& one : request.value("files", json::array())) {
    WASL_LET(const auto standing, port->standing(file_of(one)));
    whole.push_back(standing == FilePort::Standing::whole);
  }
  return json{{"taken", taken}, {"whole", std::move(whole)}};
}

}  // namespace

std::optional<Result<json>> decide_bundled_files(OpenHub& open, const std::string& command,
                                                 const json& request) {
  if (command == "bundle files") return list(open, request);
  if (command == "bundle chunk") return chunk(open, request);
  if (command == "bundle take files") return take_files(open, request);
  return std::nullopt;
}

Result<std::size_t> export_files(Asking& hub, const std::string& space, std::size_t audience,
                                 std::uint64_t up_to, BundleFiles& files) {
  WASL_LET(const json listed, hub.ask({{"command", "bundle files"}, {"space", space}}));
  const auto add = [&](Bytes bytes) {
    PackedFrame frame{audience, std::move(bytes)};
    if (stands_plain(space, false)) frame.audience.reset();
    return files.add(std::move(frame));
  };
  const auto read = [&](const Hash& name) -> Result<std::optional<ChunkFrame>> {
    WASL_LET(const json found,
             hub.ask({{"command", "bundle chunk"}, {"space", space}, {"file", to_hex(name.view())}}));
    if (found.at("frame").is_null()) return std::optional<ChunkFrame>();
    WASL_LET(ChunkFrame frame, decode_chunk(bytes_of(found.at("frame"))));
    return std::optional(std::move(frame));
  };
  std::size_t count = 0;
  for (const json& one : listed.at("files")) {
    const FileId file = file_of(one);
    if (file.size > up_to) continue;
    WASL_TRY(add(encode_files(FileFrameKind::offer, {file})));
    const Status whole = each_chunk_frame(file, read, add);
    if (!whole && whole.error().code == Errc::not_found) continue;  // damaged: offices bring it back
    WASL_TRY(whole);
    ++count;
  }
  return count;
}

Status FilesTaking::add(const Bytes& frame) {
  if (frame.empty() || !is_file_frame(frame)) return {};
  if (file_frame_kind(frame) == FileFrameKind::offer) {
    WASL_LET(const auto files, decode_files(frame));
    for (const FileId& file : files) {
      if (std::find(named_.begin(), named_.end(), file) == named_.end()) named_.push_back(file);
    }
  }
  if (file_frame_kind(frame) != FileFrameKind::chunk) return {};
  WASL_LET(const ChunkFrame read, decode_chunk(frame));
  static_cast<void>(read);
  waiting_.push_back(to_base64url(frame));
  return waiting_.size() < kChunksAtOnce ? Status() : give();
}

Status FilesTaking::give() {
  if (waiting_.empty()) return {};
  const json frames = std::exchange(waiting_, {});
  WASL_LET(const json answer, hub_.ask({{"command", "bundle take files"}, {"frames", frames}}));
  taken_ += answer.at("taken").get<std::uint64_t>();
  return {};
}

Result<json> FilesTaking::told() {
  std::size_t whole = 0;
  if (!named_.empty()) {
    json files = json::array();
    for (const FileId& file : named_) files.push_back(file_json(file));
    WASL_LET(const json answer, hub_.ask({{"command", "bundle take files"}, {"files", std::move(files)}}));
    for (const json& one : answer.at("whole")) whole += one.get<bool>() ? 1 : 0;
  }
  return json{{"named", named_.size()}, {"whole", whole}, {"received_chunks", taken_}};
}

}  // namespace wasl
