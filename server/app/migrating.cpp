#include "server/app/migrating.hpp"

#include <chrono>
#include <nlohmann/json.hpp>

#include "server/app/folder_store.hpp"
#include "server/migration/copying.hpp"
#include "server/store/store_marks.hpp"
#include "shared/sqlite/disk.hpp"
#include "shared/store/space_info.hpp"

namespace wasl {
namespace {

using nlohmann::json;
using std::filesystem::path;

constexpr std::string_view kSqlite = "sqlite";

path arriving_file(const HubFolder& folder) { return folder.path / "hub.db.arriving"; }

/// The first of these names that nobody has.
path free_name(const path& file) {
  for (unsigned i = 1;; ++i) {
    path name = file.string() + ".left-" + std::to_string(i);
    if (!std::filesystem::exists(name)) return name;
  }
}

/// Both names are durable when it returns.
Status rename_file(const path& from, const path& to) {
  std::error_code error;
  std::filesystem::rename(from, to, error);
  if (error)
    return fail(Errc::storage_failed, "cannot rename " + from.string() + ": " + error.message(),
                "rename it to " + to.string());
  return sync_folder(std::filesystem::absolute(to).parent_path());
}

Status mark(TableStore& store, std::string_view name, ByteView value) {
  const auto rows = store.rows();
  WASL_LET(const auto transaction, rows->begin());
  WASL_TRY(rows->set_meta(name, value));
  return transaction->commit();
}

Result<Byte> arrival_of(RowStore& rows) {
  WASL_LET(const auto arrival, rows.meta(kArrivalMark));
  return arrival && arrival->size() == 1 ? arrival->front() : Byte{0};
}

Status check_source(TableStore& store) {
  const auto rows = store.rows();
  WASL_LET(const auto moved, rows->meta(kMovedMark));
  if (moved && !moved->empty())
    return fail(Errc::conflict, "the network of this store " + to_text(*moved), "serve that one");
  WASL_LET(const Byte arrival, arrival_of(*rows));
  if (arrival == kArriving)
    return fail(Errc::conflict, "this store holds a copy that is not whole",
                "name the store that is in force: the folder's file store, or --store");
  return {};
}

/// Empty, or what an earlier try has left.
Status make_room(TableStore& target) {
  const auto rows = target.rows();
  WASL_LET(const Byte arrival, arrival_of(*rows));
  WASL_LET(const auto names, rows->space_names());
  if (!names.empty() && arrival == 0) {
    return fail(Errc::conflict, "this database holds a network already",
                "name an empty one, or drop what is in it");
  }
  WASL_TRY(target.clear());
  return mark(target, kArrivalMark, Bytes{kArriving});
}

Result<std::unique_ptr<TableStore>> open_source(const HubFolder& folder) {
  if (const auto address = store_address(folder)) return open_postgres_tables(*address);
  return open_sqlite_tables(folder.database());
}

Result<std::unique_ptr<TableStore>> open_target(const HubFolder& folder, const std::string& to) {
  if (to != kSqlite) {
    WASL_TRY(check_store_address(to));
    return open_postgres_tables(to);
  }
  const path file = arriving_file(folder);
  for (const char* end : {"", "-wal", "-shm"}) WASL_TRY(remove_file(file.string() + end));
  WASL_LET(auto made, open_hub_store(file, StoreUse::create));
  made.reset();
  return open_sqlite_tables(file);
}

/// From here on the folder's rows lie in the copy. @return where the old ones are kept.
Result<std::string> change_over(const HubFolder& folder, const std::string& to,
                                std::unique_ptr<TableStore> source, std::unique_ptr<TableStore> target) {
  WASL_TRY(target->settle());
  target.reset();
  const std::string moved = "has moved to " + (to == kSqlite ? folder.database().string() : "PostgreSQL");
  if (to != kSqlite) {
    WASL_TRY(place_store(folder, to));
    WASL_TRY(mark(*source, kMovedMark, view(moved)));
    WASL_TRY(source->settle());
    source.reset();
    const path left = free_name(folder.database());
    WASL_TRY(rename_file(folder.database(), left));
    return left.string();
  }
  if (file_exists(folder.database())) WASL_TRY(rename_file(folder.database(), free_name(folder.database())));
  WASL_TRY(rename_file(arriving_file(folder), folder.database()));
  const path left = free_name(address_file(folder));
  WASL_TRY(rename_file(address_file(folder), left));
  WASL_TRY(mark(*source, kMovedMark, view(moved)));
  return "the database that " + left.string() + " names";
}

}  // namespace

Result<json> migrate_store(const HubFolder& folder, const std::string& to) {
  if (!has_store(folder)) {
    return fail(Errc::not_found, "there is no network in " + folder.path.string(),
                "run: wasl-hub init --data DIR --name NAME");
  }
  if (!folder.store.empty())
    return fail(Errc::invalid_value, "what moves is the store that the folder itself names",
                "leave --store out; --to says where it goes");
  const auto address = store_address(folder);
  if (to == kSqlite ? !address.has_value() : address == to)
    return fail(Errc::conflict, "the network lies there already", "nothing is to be done");
  auto lock = FolderLock::take(folder);
  if (!lock) {
    if (lock.error().code != Errc::locked) return tl::unexpected(lock.error());
    return fail(Errc::locked, "a hub serves this folder", "stop it, then run the same command again");
  }
  const auto begun = std::chrono::steady_clock::now();
  WASL_LET(auto source, open_source(folder));
  WASL_TRY(check_source(*source));
  WASL_LET(auto target, open_target(folder, to));
  WASL_TRY(make_room(*target));
  WASL_LET(const CopyReport copied, copy_store(*source, *target));
  WASL_TRY(mark(*target, kArrivalMark, Bytes{kArrived}));
  json spaces = json::array();
  for (const CopiedSpace& space : copied.spaces) {
    spaces.push_back({{"space", space.name},
                      {"size", space.size},
                      {"root", to_hex(space.root.view())},
                      {"digest", to_hex(space.digest.view())}});
  }
  WASL_LET(const std::string left, change_over(folder, to, std::move(source), std::move(target)));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  return json{{"store", to == kSqlite ? folder.database().string() : "PostgreSQL"},
              {"left", left},
              {"rows", copied.rows},
              {"heads", copied.heads},
              {"seconds", took.count()},
              {"spaces", std::move(spaces)}};
}

}  // namespace wasl
