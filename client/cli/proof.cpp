// wasl proof compare, wasl proof evidence
#include <nlohmann/json.hpp>

#include "client/cli/commands.hpp"
#include "client/cli/files.hpp"
#include "client/cli/words.hpp"
#include "shared/ledger/comparing.hpp"

namespace wasl::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kKeyFileBytes = 4096;

Result<ledger::Verifier> read_vkey(const std::string& named) {
  if (auto verifier = ledger::parse_vkey(named)) return verifier;
  WASL_LET(std::string text, read_file(named, kKeyFileBytes));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return ledger::parse_vkey(text);
}

Result<ledger::Checkpoint> read_note(const std::string& file, const ledger::Verifier& verifier) {
  WASL_LET(const std::string note, read_file(file, ledger::kNoteBytes));
  auto checkpoint = ledger::open_checkpoint(note, verifier.name, verifier.key);
  if (checkpoint) return checkpoint;
  return fail(checkpoint.error().code, file + ": " + checkpoint.error().message,
              "what the log's key did not sign proves nothing against it");
}

/// A folder with the files of /log/heads/.
ledger::TileAt tiles_of(const std::string& folder) {
  if (folder.empty()) return {};
  return [folder](const ledger::Tile& wanted) -> Result<std::optional<Bytes>> {
    ledger::Tile tile = wanted;
    for (tile.width = ledger::kTileWidth; tile.width >= wanted.width; --tile.width) {
      const auto file = std::filesystem::path(folder) / tile_path(tile);
      std::error_code ignored;
      if (!std::filesystem::is_regular_file(file, ignored)) continue;
      WASL_LET(const std::string text, read_file(file, ledger::kTileWidth * Hash::kSize));
      return std::optional(to_bytes(text));
    }
    return std::optional<Bytes>();
  };
}

std::string numbered(std::int64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(digits.size() < 4 ? 4 - digits.size() : 0, '0') + digits;
}

}  // namespace

Result<Answer> compare_notes(const CompareArguments& arguments) {
  WASL_LET(const ledger::Verifier verifier, read_vkey(arguments.vkey));
  WASL_LET(const ledger::Checkpoint one, read_note(arguments.one, verifier));
  WASL_LET(const ledger::Checkpoint other, read_note(arguments.other, verifier));
  WASL_LET(const ledger::Comparison found, ledger::compare(one, other, tiles_of(arguments.tiles)));
  const std::string sizes = one.size == other.size
                                ? "size " + std::to_string(one.size)
                                : "sizes " + std::to_string(one.size) + " and " + std::to_string(other.size);
  std::string result, words;
  int exit_code = kDone;
  switch (found) {
    case ledger::Comparison::one_history:
      result = "one history";
      words = "One history: both checkpoints (" + sizes + ") are of the same log, which only grew.";
      break;
    case ledger::Comparison::two_histories:
      result = "two histories";
      words = "Two histories: the key of " + verifier.name + " signed checkpoints (" + sizes +
              ") that no log can both have. " +
              (one.size == other.size ? "The two notes prove it; keep both."
                                      : "The two notes and the copy of the log prove it; keep all three.");
      exit_code = kCaught;
      break;
    case ledger::Comparison::unknown:
      result = "unknown";
      words =
          "Nothing can be said: the checkpoints are of different " + sizes +
          ". Give a copy of what lies below /log/heads/ of the hub that showed the larger one: --tiles DIR";
      exit_code = kNotEqual;
      break;
  }
  const Json out{{"result", result},
                 {"origin", verifier.name},
                 {"sizes", {one.size, other.size}},
                 {"roots", {to_base64(one.root.view()), to_base64(other.root.view())}}};
  return Answer{out.dump(), std::move(words), exit_code};
}

Result<Answer> export_evidence(const Office& office, const std::string& folder) {
  WASL_LET(const auto replica, office.open());
  if (!folder.empty()) {
    std::error_code error;
    if (!std::filesystem::create_directory(folder, error)) {
      if (!error) return fail(Errc::conflict, folder + " exists already", "choose another name");
      return fail(Errc::storage_failed, "cannot make " + folder + ": " + error.message());
    }
  }
  Json list = Json::array();
  std::string words;
  const auto tell = [&](const Identity::Evidence& one) -> Status {
    const std::string name = "evidence-" + numbered(one.number);
    list.push_back({{"number", one.number},
                    {"time", iso_time(one.at)},
                    {"what", one.what},
                    {"ours_bytes", one.ours.size()},
                    {"theirs_bytes", one.theirs.size()}});
    words += iso_time(one.at) + "  " + numbered(one.number) + "  " + one.what + "\n";
    if (folder.empty()) return {};
    const std::filesystem::path base = std::filesystem::path(folder) / name;
    WASL_TRY(write_new_file(base.string() + ".txt", iso_time(one.at) + "\n" + one.what + "\n"));
    if (!one.ours.empty()) WASL_TRY(write_new_file(base.string() + ".ours", text_view(one.ours)));
    if (!one.theirs.empty()) WASL_TRY(write_new_file(base.string() + ".theirs", text_view(one.theirs)));
    return {};
  };
  WASL_TRY(replica->identity().each_evidence(tell));
  Json out{{"evidence", list}};
  if (!folder.empty()) out["folder"] = folder;
  words += list.empty() ? "No evidence is kept: this office has met no contradiction."
                        : counted(list.size(), "piece of evidence") +
                              (folder.empty() ? "; write them to files with --out DIR"
                                              : " in " + folder +
                                                    ": what was held here (.ours) and what was shown "
                                                    "(.theirs); notes compare with: wasl proof compare");
  return Answer{out.dump(), std::move(words), kDone};
}

}  // namespace wasl::cli
