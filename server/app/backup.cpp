#include "server/app/backup.hpp"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "server/app/desk.hpp"
#include "server/app/folder_store.hpp"
#include "server/hub/committer.hpp"
#include "server/hub/history_check.hpp"
#include "server/store/open_store.hpp"
#include "shared/base/version.hpp"
#include "shared/sqlite/copying.hpp"
#include "shared/sqlite/database.hpp"
#include "shared/sqlite/disk.hpp"
#include "shared/store/away_chunks.hpp"

namespace wasl {
namespace {

using nlohmann::json;

constexpr int kFormat = 1;
constexpr std::string_view kPieceTag = "wasl.1/backup-piece";
constexpr std::string_view kFileTag = "wasl.1/backup-file";
constexpr std::size_t kPieceBytes = 1 << 20;
constexpr std::size_t kListMost = 1 << 20;  // bytes of the list, with its checkpoint
constexpr const char* kLogs = "hub.db";
constexpr const char* kChunks = "files.db";

std::filesystem::path list_of(const std::filesystem::path& backup) { return backup / "backup.json"; }

struct Sum {
  std::uint64_t bytes = 0;
  std::string hash;
};

/// The hash of the hashes of its pieces of 1 MiB: as it is read, not as a cache remembers what was written.
Result<Sum> sum_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  Sum sum;
  Bytes hashes;
  Bytes piece(kPieceBytes);
  while (in) {
    in.read(reinterpret_cast<char*>(piece.data()), static_cast<std::streamsize>(piece.size()));
    const auto count = static_cast<std::size_t>(in.gcount());
    if (count > 0) append(hashes, crypto::hash(kPieceTag, ByteView(piece).first(count)).view());
    sum.bytes += count;
  }
  if (!in.eof()) return fail(Errc::storage_failed, "cannot read " + file.string(), "check the disk");
  sum.hash = to_hex(crypto::hash(kFileTag, hashes).view());
  return sum;
}

Status only_sqlite(const HubFolder& folder) {
  if (!has_store(folder))
    return fail(Errc::not_found, "there is no network in " + folder.path.string(),
                "name its folder with --data");
  if (!store_address(folder)) return {};
  return fail(Errc::unsupported, "this hub's store is a PostgreSQL database",
              "back it up with pg_dump, or by its own log; and files.db, checkpoint and keys of the folder "
              "beside it");
}

Status make_folder(const std::filesystem::path& place) {
  std::error_code error;
  if (std::filesystem::exists(place) && !std::filesystem::is_empty(place, error))
    return fail(Errc::conflict, place.string() + " is not empty", "name a new folder for each backup");
  std::filesystem::create_directories(place, error);
  if (error) return fail(Errc::storage_failed, "cannot make " + place.string() + ": " + error.message());
  return sync_folder(std::filesystem::absolute(place).parent_path());
}

/// A backup that was cut short holds no list; what it holds goes with the next try.
void take_away(const std::filesystem::path& place) {
  std::error_code error;
  for (const char* name : {kLogs, kChunks, "backup.json"}) std::filesystem::remove(place / name, error);
}

/// What the index names, and no backup holds: it lies in an object store.
Result<json> elsewhere(const std::filesystem::path& folder) {
  AwayChunks::Sizes sizes;
  if (std::filesystem::exists(folder / kChunks)) {
    WASL_LET(FileStore store, FileStore::open(folder / kChunks));
    WASL_LET(sizes, AwayChunks::sizes_of(store));
  }
  return json{{"chunks", sizes.away_chunks}, {"bytes", sizes.away_bytes}};
}

Result<json> make_backup(const HubFolder& folder, const BackupArguments& arguments) {
  WASL_TRY(only_sqlite(folder));
  // Before the copy: what it holds continues this checkpoint.
  const std::string checkpoint = read_text(folder.checkpoint()).value_or("");
  WASL_TRY(make_folder(arguments.place));
  json files = json::array();
  std::vector<const char*> names{kLogs};
  // Chunks after the logs that name them; none is ever deleted.
  if (!arguments.without_files && std::filesystem::exists(folder.path / kChunks)) names.push_back(kChunks);
  std::uint64_t bytes = 0;
  for (const char* name : names) {
    WASL_TRY(copy_database(folder.path / name, arguments.place / name));
    WASL_LET(const Sum sum, sum_of(arguments.place / name));
    files.push_back({{"name", name}, {"bytes", sum.bytes}, {"hash", sum.hash}});
    bytes += sum.bytes;
  }
  WASL_LET(const json away, elsewhere(folder.path));
  const json list = {{"format", kFormat},
                     {"program", program_version()},
                     {"checkpoint", checkpoint},
                     {"files", files},
                     {"elsewhere", away}};
  WASL_TRY(write_text(list_of(arguments.place), list.dump(2) + "\n", true));
  return json{{"backup", arguments.place.string()},
              {"bytes", bytes},
              {"files", names.size() > 1},
              {"elsewhere", away}};
}

struct Listed {
  std::string checkpoint;
  std::vector<std::pair<std::string, Sum>> files;
};

Result<Listed> read_list(const std::filesystem::path& backup) {
  const auto no_backup = [&](const std::string& why) {
    return fail(Errc::not_found, backup.string() + " holds no whole backup: " + why,
                "name the folder that wasl-hub backup has written");
  };
  std::error_code error;
  const auto size = std::filesystem::file_size(list_of(backup), error);
  if (error || size > kListMost) return no_backup("there is no backup.json");
  const auto text = read_text(list_of(backup));
  const json list = json::parse(text.value_or(""), nullptr, false);
  if (!list.is_object()) return no_backup("backup.json is damaged");
  if (list.value("format", json()) != kFormat) {
    return fail(Errc::unsupported,
                "the backup was made by another version: wasl-hub " +
                    (list.value("program", json()).is_string() ? list["program"].get<std::string>()
                                                               : std::string("unknown")),
                "restore it with that version, or a newer one");
  }
  Listed out;
  try {
    out.checkpoint = list.at("checkpoint").get<std::string>();
    for (const json& file : list.at("files")) {
      const auto name = file.at("name").get<std::string>();
      if (name != kLogs && name != kChunks) return no_backup("backup.json names " + name);
      out.files.emplace_back(name,
                             Sum{file.at("bytes").get<std::uint64_t>(), file.at("hash").get<std::string>()});
    }
  } catch (const json::exception&) {
    return no_backup("backup.json is damaged");
  }
  if (out.files.empty() || out.files.front().first != kLogs) return no_backup("backup.json names no hub.db");
  return out;
}

Status copy_file(const std::filesystem::path& from, const std::filesystem::path& to, const Sum& listed) {
  WASL_LET(DiskFile file, DiskFile::open(from, DiskFile::Mode::read));
  WASL_TRY(file.duplicate(to));
  WASL_LET(const Sum sum, sum_of(to));
  if (sum.bytes == listed.bytes && sum.hash == listed.hash) return {};
  return fail(Errc::corrupt, from.string() + " is damaged: it is not what was backed up",
              "take another backup, or another copy of this one");
}

/// Whether the hub may go on where the copy ends, or has to take back first what it had signed since.
Result<bool> must_recover(const HubFolder& folder, HubStore& store, bool is_newest) {
  // A checkpoint in the folder says it by itself when the hub starts.
  if (is_newest || std::filesystem::exists(folder.checkpoint())) return false;
  WASL_TRY(mark_recovering(store));
  return true;
}

Result<json> place_backup(const HubFolder& folder, const BackupArguments& arguments, const Listed& listed) {
  for (const auto& [name, sum] : listed.files)
    WASL_TRY(copy_file(arguments.place / name, folder.path / name, sum));
  WASL_LET(const auto store, open_hub_store(folder.database(), StoreUse::write));
  WASL_TRY(store->check());
  WASL_LET(const CheckedHistory checked, check_history(*store, listed.checkpoint));
  WASL_LET(const bool recovering, must_recover(folder, *store, arguments.is_newest));
  WASL_LET(const json away, elsewhere(folder.path));
  return json{{"data", folder.path.string()},     {"name", checked.name},
              {"heads", checked.heads},           {"spaces", checked.spaces},
              {"entries", checked.entries},       {"records", checked.records},
              {"files", listed.files.size() > 1}, {"elsewhere", away},
              {"recovering", recovering},         {"log_key", std::filesystem::exists(folder.log_key())}};
}

Result<json> place_checked(const HubFolder& folder, const BackupArguments& arguments) {
  WASL_LET(const Listed listed, read_list(arguments.place));
  std::error_code error;
  std::filesystem::create_directories(folder.path, error);
  if (error)
    return fail(Errc::storage_failed, "cannot make " + folder.path.string() + ": " + error.message());
  WASL_LET(const FolderLock lock, FolderLock::take(folder));
  if (has_store(folder) || std::filesystem::exists(folder.path / kChunks)) {
    return fail(Errc::conflict, folder.path.string() + " holds a network already",
                "move its hub.db and files.db (with -wal and -shm) aside first, and keep them");
  }
  auto done = place_backup(folder, arguments, listed);
  if (!done) {
    remove_store(folder);
    for (const char* end : {"", "-wal", "-shm"})
      std::filesystem::remove(folder.path / (std::string(kChunks) + end), error);
  }
  return done;
}

}  // namespace

json back_up(const HubFolder& folder, const BackupArguments& arguments) {
  const bool was_there = std::filesystem::exists(list_of(arguments.place));
  auto done = make_backup(folder, arguments);
  if (done) return *std::move(done);
  if (!was_there && done.error().code != Errc::conflict) take_away(arguments.place);
  return to_json(done.error());
}

json restore(const HubFolder& folder, const BackupArguments& arguments) {
  auto done = place_checked(folder, arguments);
  return done ? *std::move(done) : to_json(done.error());
}

}  // namespace wasl
