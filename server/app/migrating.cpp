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

path left_name(const path& file, unsigned number) {
  return file.string() + ".left-" + std::to_string(number);
}

/// The first that nothing has.
path free_name(const path& file) {
  unsigned number = 1;
  while (file_exists(left_name(file, number))) ++number;
  return left_name(file, number);
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

std::string moved_to(const std::string& to, const HubFolder& folder) {
  return "has moved to " + (to == kSqlite ? folder.database().string() : "PostgreSQL");
}

/// The last step: nobody opens the old store again. @return where it is kept. Errors: conflict (all is done).
Result<std::string> leave_old(const HubFolder& folder, const std::string& to) {
  if (to != kSqlite && file_exists(folder.database())) {
    WASL_LET(auto old, open_sqlite_tables(folder.database()));
    WASL_TRY(mark(*old, kMovedMark, view(moved_to(to, folder))));
    WASL_TRY(old->settle());
    old.reset();
    const path left = free_name(folder.database());
    WASL_TRY(rename_file(folder.database(), left));
    return left.string();
  }
  std::optional<path> left;
  for (unsigned i = 1; to == kSqlite && file_exists(left_name(address_file(folder), i)); ++i)
    left = left_name(address_file(folder), i);
  if (left) {
    WASL_LET(const auto old, open_postgres_tables(store_address(*left).value_or("")));
    WASL_LET(const auto moved, old->rows()->meta(kMovedMark));
    if (!moved || moved->empty()) {
      WASL_TRY(mark(*old, kMovedMark, view(moved_to(to, folder))));
      return "the database that " + left->string() + " names";
    }
  }
  return fail(Errc::conflict, "the network lies there already", "nothing is to be done");
}

/// From here on the folder's rows lie in the copy.
Status change_over(const HubFolder& folder, const std::string& to) {
  if (to != kSqlite) return place_store(folder, to);
  if (file_exists(folder.database())) WASL_TRY(rename_file(folder.database(), free_name(folder.database())));
  WASL_TRY(rename_file(arriving_file(folder), folder.database()));
  return rename_file(address_file(folder), free_name(address_file(folder)));
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
  auto lock = FolderLock::take(folder);
  if (!lock) {
    if (lock.error().code != Errc::locked) return tl::unexpected(lock.error());
    return fail(Errc::locked, "a hub serves this folder", "stop it, then run the same command again");
  }
  const auto address = store_address(folder);
  if (to == kSqlite ? !address.has_value() : address == to) {  // a crash may have come before the last step
    WASL_LET(const std::string left, leave_old(folder, to));
    return json{{"store", to == kSqlite ? folder.database().string() : "PostgreSQL"}, {"left", left}};
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
  WASL_TRY(target->settle());
  target.reset();
  source.reset();
  WASL_TRY(change_over(folder, to));
  WASL_LET(const std::string left, leave_old(folder, to));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  return json{{"store", to == kSqlite ? folder.database().string() : "PostgreSQL"},
              {"left", left},
              {"rows", copied.rows},
              {"heads", copied.heads},
              {"seconds", took.count()},
              {"spaces", std::move(spaces)}};
}

}  // namespace wasl
