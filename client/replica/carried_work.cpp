#include "client/replica/carried_work.hpp"

#include <algorithm>

#include "shared/base/limits.hpp"
#include "shared/sqlite/disk.hpp"
#include "shared/wire/runs.hpp"

namespace wasl {
namespace {

constexpr std::string_view kCarriedTables =
    "CREATE TABLE IF NOT EXISTS carried(name TEXT PRIMARY KEY, run BLOB NOT NULL)";

Status insert(Database& db, std::string_view name, ByteView frame) {
  WASL_LET(auto insert, db.prepare("INSERT OR IGNORE INTO carried(name, run) VALUES(?, ?)"));
  insert.bind_all(name, frame);
  return insert.run();
}

/// Programs before this one kept a file a run in a folder.
Status take_over(Database& db, const std::filesystem::path& folder) {
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    if (entry.path().extension() != ".push") continue;
    WASL_LET(DiskFile file, DiskFile::open(entry.path(), DiskFile::Mode::read));
    WASL_LET(const Bytes frame, file.read());
    WASL_TRY(insert(db, entry.path().stem().string(), frame));
    WASL_TRY(remove_file(entry.path()));
  }
  std::filesystem::remove(folder, none);
  return {};
}

}  // namespace

/// Source and place first, so that names sort as chains go.
std::string CarriedWork::name_of(const Segment& run) {
  const auto at = place_of(run);
  if (!at) return {};
  std::string place = std::to_string(at->first);
  place.insert(0, 20 - std::min<std::size_t>(20, place.size()), '0');
  return beginning_of(at->source) + place + "-" + to_hex(at->name.view()).substr(0, 16);
}

std::string CarriedWork::beginning_of(const Source& source) {
  return to_hex(source.author.view()) + "-" + to_hex(source.chain.view()) + "-";
}

/// For one act, so that an idle daemon has no connection more. A file that is no database any more is made
/// anew.
Result<Database> CarriedWork::open() const {
  const auto make = [&]() -> Result<Database> {
    WASL_LET(Database db, Database::open({.path = file_, .create = true}));
    WASL_TRY(db.exec(kCarriedTables));
    if (has_folder()) WASL_TRY(take_over(db, folder()));
    return db;
  };
  auto db = make();
  if (db || db.error().code != Errc::corrupt) return db;
  WASL_TRY(remove_all());
  return make();
}

std::filesystem::path CarriedWork::folder() const { return file_.parent_path() / file_.stem(); }

bool CarriedWork::has_folder() const {
  std::error_code none;
  return std::filesystem::is_directory(folder(), none);
}

bool CarriedWork::is_empty() const { return !file_exists(file_) && !has_folder(); }

Result<bool> CarriedWork::keep(const Segment& run) {
  const std::string name = name_of(run);
  if (name.empty()) return false;
  const Bytes frame = encode_segment(FrameKind::push, run);
  WASL_LET(Database db, open());
  WASL_LET(auto transaction, Transaction::begin(db));
  {
    WASL_LET(auto select, db.prepare("SELECT coalesce(sum(length(run)), 0), "
                                     "count(*) FILTER (WHERE name = ?) FROM carried"));
    select.bind_all(name);
    WASL_LET(const bool found, select.step());
    if (found && select.int64(1) > 0) return false;
    if (found && static_cast<std::uint64_t>(select.int64(0)) + frame.size() > limits::kCarriedBytes)
      return fail(Errc::limit_exceeded, "this office keeps as much of others' work as it may (64 MiB)",
                  "run: wasl sync, or take a bundle to the hub; then import this one again");
  }
  WASL_TRY(insert(db, name, frame));
  WASL_TRY(transaction.commit());
  return true;
}

Result<std::vector<CarriedWork::Run>> CarriedWork::read(const NetworkId& network) const {
  std::vector<Run> out;
  std::vector<std::string> unreadable;
  {
    WASL_LET(Database db, open());
    WASL_LET(auto select, db.prepare("SELECT name, run FROM carried ORDER BY name"));
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      auto segment = decode_segment(select.blob(1), network);
      if (segment && verify_runs(*segment, network)) {
        out.push_back({std::string(select.text(0)), std::move(*segment)});
      } else {
        unreadable.emplace_back(select.text(0));
      }
    }
  }
  for (const std::string& name : unreadable) WASL_TRY(forget(name));
  return out;
}

Result<std::vector<CarriedWork::Run>> CarriedWork::runs(const NetworkId& network) const {
  if (is_empty()) return std::vector<Run>();
  auto out = read(network);
  if (out || out.error().code != Errc::corrupt) return out;
  WASL_TRY(remove_all());
  return std::vector<Run>();
}

Status CarriedWork::forget(const std::string& name) const {
  if (is_empty()) return {};
  WASL_LET(Database db, open());
  WASL_LET(auto erase, db.prepare("DELETE FROM carried WHERE name = ?"));
  erase.bind_all(name);
  return erase.run();
}

Status CarriedWork::replace(const Run& run) const {
  WASL_LET(Database db, open());
  WASL_LET(auto update, db.prepare("UPDATE carried SET run = ? WHERE name = ?"));
  update.bind_all(ByteView(encode_segment(FrameKind::push, run.segment)), run.name);
  return update.run();
}

Status CarriedWork::rewrite() const {
  if (is_empty()) return {};
  WASL_LET(Database db, open());
  return db.rewrite();
}

Status CarriedWork::remove_all() const {
  for (const char* ending : {"-wal", "-shm", ""}) {
    std::filesystem::path file = file_;
    WASL_TRY(remove_file(file += ending));
  }
  return {};
}

Status CarriedWork::destroy() const {
  if (has_folder()) WASL_TRY(open());
  return remove_all();
}

}  // namespace wasl
