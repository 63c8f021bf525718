// wasl bundle export, wasl bundle import, wasl bundle inspect
#include <algorithm>
#include <nlohmann/json.hpp>

#include "client/cli/commands.hpp"
#include "client/cli/files_view.hpp"
#include "client/cli/words.hpp"
#include "client/engine/bundle_export.hpp"
#include "client/engine/bundle_import.hpp"
#include "shared/bundle/contents.hpp"

namespace wasl::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string entries_words(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " entry" : " entries");
}

Json files_json(const std::vector<BundleFiles::Written>& files) {
  Json out = Json::array();
  for (const auto& one : files) out.push_back({{"file", one.file.string()}, {"bytes", one.bytes}});
  return out;
}

Answer answer_of(const BundleExported& done, const BundleExportArguments& in, const std::string& language) {
  const bool for_hub = !in.space && !in.all;
  Json entries = Json::array();
  std::uint64_t count = 0;
  for (const auto& range : done.entries) {
    entries.push_back({{"space", range.space}, {"first", range.first}, {"last", range.last}});
    count += range.last - range.first + 1;
  }
  Json out{{"for", for_hub ? "hub" : "offices"},
           {"files", files_json(done.files)},
           {"change_sets", done.work},
           {"entries", std::move(entries)},
           {"unproved", done.unproved},
           {"attachments", done.attached},
           {"attachment_bytes", done.attached_bytes},
           {"safe_to_remove", true}};
  std::string words;
  for (const auto& one : done.files)
    words += "Wrote " + one.file.string() + " (" + bytes_words(one.bytes) + ").\n";
  words += counted(done.work, "change set") + " that no log has yet";
  if (!for_hub) words += ", and " + entries_words(count) + " of logs";
  if (in.with_files)
    words +=
        ", and " + counted(done.attached, "file") + " of records (" + bytes_words(done.attached_bytes) + ")";
  words += ".\n";
  for (const std::string& space : done.unproved)
    words += "Nothing of " + space + ": the hub has proved nothing of it to this office yet.\n";
  words += for_hub
               ? "For the hub: wasl-hub bundle import FILE. What it answers, wasl-hub bundle export makes.\n"
               : "For offices that read the same: wasl bundle import FILE.\n";
  words += safe_to_remove(language);
  return {out.dump(), std::move(words), kDone};
}

bool is_whole(const BundleImported::Attached& one) { return one.progress.here == one.progress.all; }

std::string attached_words(const BundleImported& done) {
  if (done.attached.empty()) return "";
  const auto whole =
      static_cast<std::uint64_t>(std::count_if(done.attached.begin(), done.attached.end(), is_whole));
  std::string words = counted(whole, "file") + " of records here, of " +
                      std::to_string(done.attached.size()) + " that the bundle names.\n";
  if (whole < done.attached.size())
    words +=
        "What is missing of the others comes with a new copy, another part, or over a link; a file that no "
        "record "
        "here names yet comes when the bundle with its record was imported.\n";
  return words;
}

std::string import_words(const BundleImported& done) {
  std::string words;
  for (const auto& [name, space] : done.spaces) {
    if (space.sets > 0 || space.first > 0)
      words +=
          name + ": " + counted(space.sets, "change set") + " new, " + entries_words(space.held) + " here.\n";
    if (space.missing_to > 0) {
      words += name + ": entries " + std::to_string(space.held + 1) + " to " +
               std::to_string(space.missing_to) +
               " are missing; what comes behind them waits on the stick. Import the bundle that has them "
               "first, or ask for one with --since " +
               std::to_string(space.held) + ".\n";
    }
  }
  if (words.empty()) words = "Nothing new.\n";
  if (done.carried > 0)
    words += counted(done.carried, "change set") +
             " of other offices: kept, and offered to the hub at the next "
             "sync or with the next bundle for it.\n";
  words += attached_words(done);
  if (done.sealed_for_others > 0) words += counted(done.sealed_for_others, "frame") + " sealed for others.\n";
  for (const std::string& one : done.refused) words += "Not taken: " + one + "\n";
  if (!done.refused.empty()) words += "What is damaged comes again with a new copy or a new bundle.\n";
  if (done.equal == true) {
    words += "Proved: what this office holds is what the hub had signed.";
  } else if (done.equal == false) {
    words += "This office and what the hub had signed differ. Run: wasl verify";
  } else {
    words += "Not all of it is proved yet.";
  }
  return words;
}

struct FramesSeen {
  Json json = Json::array();
  std::string lines;
  std::size_t closed = 0;
  std::map<std::string, std::uint64_t> chunks{};  ///< by space
};
/// What can be opened is told with its contents, of the rest its size.
FramesSeen frames_of(const Bundle& bundle, const std::map<std::uint64_t, crypto::SecretKey>& secrets) {
  FramesSeen out;
  for (const BundleFrame& stored : bundle.frames) {
    Json one{{"number", stored.number}, {"bytes", stored.bytes.size()}, {"sealed", stored.lock != 0}};
    const auto frame = open_frame(bundle, stored, secrets);
    if (!frame) ++out.closed;
    const FrameContents contents =
        frame ? contents_of(*frame, bundle.head.network) : FrameContents{std::string_view()};
    if (frame && contents.kind == "chunk") {
      one["kind"] = contents.kind;
      ++out.chunks[contents.space];
    } else if (frame) {
      one["kind"] = contents.kind;
      out.lines += "\n  " + std::to_string(stored.number) + "  " + std::string(contents.kind);
    }
    if (!contents.space.empty()) one["space"] = contents.space;
    if (!contents.space.empty() && contents.kind != "chunk") {
      out.lines += " of " + contents.space;
    }
    if (contents.first > 0) {
      one["first"] = contents.first;
      one["last"] = contents.last;
      out.lines += " " + std::to_string(contents.first) + " to " + std::to_string(contents.last);
    }
    if (contents.sets > 0) {
      one["change_sets"] = contents.sets;
      out.lines += ", " + counted(contents.sets, "change set");
    }
    for (const attachment::FileId& file : contents.files) {
      one["files"].push_back({{"file", to_hex(file.root.view())}, {"size", file.size}});
      out.lines += ": " + to_hex(file.root.view()).substr(0, 12) + ", " + bytes_words(file.size);
    }
    out.json.push_back(std::move(one));
  }
  for (const auto& [space, count] : out.chunks)
    out.lines += "\n  " + counted(count, "part") + " of files of " + space;
  return out;
}

bool is_hubs(const BundleHead& head) { return head.maker == BundleHead::Maker::hub; }

Json head_json(const std::string& file, const Bundle& bundle) {
  const BundleHead& head = bundle.head;
  Json out{{"file", file},
           {"network", to_hex(head.network.view())},
           {"made", iso_time(head.made)},
           {"by", {{"kind", is_hubs(head) ? "hub" : "office"}, {"key", to_hex(head.by.view())}}},
           {"for", to_word(head.audience)},
           {"part", head.part},
           {"last_part", bundle.ended ? Json(bundle.last) : Json(nullptr)},
           {"whole", bundle.is_whole()},
           {"damage", damage_words(bundle)}};
  if (head.device) out["device"] = to_hex(head.device->view());
  if (!head.space.empty()) out["space"] = head.space;
  return out;
}

std::string head_words(const std::string& file, const Bundle& bundle) {
  const BundleHead& head = bundle.head;
  std::size_t bytes = 0;
  for (const BundleFrame& frame : bundle.frames) bytes += frame.bytes.size();
  return file + ": made by " + (is_hubs(head) ? "the hub" : "an office") + " (" + short_key(head.by) +
         ") on " + iso_time(head.made) + " for " + std::string(to_word(head.audience)) +
         (head.device ? " " + short_key(*head.device) : "") + (head.space.empty() ? "" : " " + head.space) +
         ", part " + std::to_string(head.part) + (bundle.last ? ", the last" : "") + "; " +
         counted(bundle.frames.size(), "frame") + ", " + bytes_words(bytes) + ", " +
         (bundle.is_whole() ? "intact" : damage_words(bundle)) + ".";
}

}  // namespace

Result<Answer> export_bundle(const Office& office, const BundleExportArguments& in) {
  BundleRequest request;
  request.file = in.file;
  request.all = in.all;
  if (in.space) request.spaces.push_back(*in.space);
  if (in.since && !in.all && !in.space) {
    return fail(Errc::invalid_value, "--since goes with --space or --all",
                "without them the bundle is for the hub, and holds what it does not have");
  }
  request.since = in.since.value_or(0);
  WASL_LET(request.split_bytes, split_bytes(in.split));
  WASL_LET(const auto replica, office.open());
  request.with_files = in.with_files;
  if (!in.up_to.empty()) {
    WASL_LET(request.files_up_to, size_of(in.up_to));
  }
  WASL_LET(const auto attached, OfficeFiles::open(office.folder(), *replica, office.clock()));
  WASL_LET(const BundleExported done,
           wasl::export_bundle(*replica, *attached, request, office.clock(), office.random()));
  return answer_of(done, in, replica->network().language);
}

Result<Answer> import_bundles(const Office& office, const BundleFilesArguments& in) {
  WASL_LET(const auto replica, office.open());
  WASL_LET(const auto attached, OfficeFiles::open(office.folder(), *replica, office.clock()));
  WASL_LET(const BundleImported done,
           wasl::import_bundles(*replica, *attached, {in.files.begin(), in.files.end()}));
  Json attachments = Json::array();
  for (const auto& one : done.attached)
    attachments.push_back({{"space", one.file.space},
                           {"file", to_hex(one.file.root.view())},
                           {"size", one.file.size},
                           {"here", is_whole(one)},
                           {"chunks", {{"here", one.progress.here}, {"all", one.progress.all}}}});
  Json spaces = Json::array();
  for (const auto& [name, space] : done.spaces) {
    Json one{{"space", name}, {"change_sets", space.sets}, {"held", space.held}};
    if (space.missing_to > 0) one["missing"] = {{"first", space.held + 1}, {"last", space.missing_to}};
    spaces.push_back(std::move(one));
  }
  WASL_LET(const ReplicaStatus now, replica->status());
  const Json out{{"spaces", std::move(spaces)},
                 {"carried", done.carried},
                 {"sealed_for_others", done.sealed_for_others},
                 {"attachments", std::move(attachments)},
                 {"received_chunks", done.chunks},
                 {"not_taken", done.refused},
                 {"answer", done.told},
                 {"complete", done.is_complete()},
                 {"equal", done.equal ? Json(*done.equal) : Json(nullptr)},
                 {"unsent", now.unsent},
                 {"held", now.held},
                 {"refused", now.refused},
                 {"conflicts", now.conflicts}};
  return Answer{out.dump(), import_words(done), done.is_complete() ? kDone : kNotEqual};
}

Result<Answer> inspect_bundles(const Office& office, const BundleFilesArguments& in) {
  std::unique_ptr<Replica> replica;
  std::optional<crypto::Seed> secret;
  if (!office.folder().empty()) {
    WASL_LET(replica, office.open());
    WASL_LET(secret, replica->identity().sealing_secret());
  }
  Json files = Json::array();
  std::string words;
  for (const std::string& file : in.files) {
    WASL_LET(const Bundle bundle, read_bundle(file));
    std::map<std::uint64_t, crypto::SecretKey> secrets;
    if (secret) secrets = open_locks(bundle.head, replica->device(), *secret);
    const auto [frames, lines, closed, chunks] = frames_of(bundle, secrets);
    Json one = head_json(file, bundle);
    one["frames"] = frames;
    one["sealed_frames"] = closed;
    files.push_back(std::move(one));
    words += (words.empty() ? "" : "\n") + head_words(file, bundle) + lines;
    if (closed > 0)
      words += "\n  " + counted(closed, "frame") + " sealed for others: nothing of it can be read here.";
  }
  return Answer{Json{{"bundles", std::move(files)}}.dump(), std::move(words), kDone};
}

}  // namespace wasl::cli
