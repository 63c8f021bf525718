#include "shared/sqlite/copying.hpp"

#include <sqlite3.h>

#include "shared/sqlite/database.hpp"
#include "shared/sqlite/disk.hpp"

namespace wasl {
namespace {

/// Without a journal: nobody else knows the file, and it counts only once it is whole and synced.
Status fill(const std::filesystem::path& from, const std::filesystem::path& to) {
  WASL_LET(const Database source, Database::open({.path = from, .read_only = true}));
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int opened = sqlite3_open_v2(to.c_str(), &handle, flags, nullptr);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> target(handle, sqlite3_close);
  const auto failed = [&](int code) {
    return fail(code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? Errc::corrupt : Errc::storage_failed,
                to.string() + " cannot be written: " + sqlite3_errstr(code),
                "free space on the disk, or check " + from.string() + " with: wasl-hub doctor");
  };
  if (opened != SQLITE_OK) return failed(opened);
  const int set =
      sqlite3_exec(handle, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", nullptr, nullptr, nullptr);
  if (set != SQLITE_OK) return failed(set);
  sqlite3_backup* copy = sqlite3_backup_init(handle, "main", source.handle(), "main");
  if (copy == nullptr) return failed(sqlite3_errcode(handle));
  const int stepped =
      sqlite3_backup_step(copy, -1);  // one read of the whole: it begins and ends at one commit
  const int finished = sqlite3_backup_finish(copy);
  if (stepped != SQLITE_DONE) return failed(stepped);
  return finished == SQLITE_OK ? Status() : failed(finished);
}

}  // namespace

Status copy_database(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (file_exists(to)) return fail(Errc::conflict, to.string() + " is there already");
  Status done = fill(from, to);
  if (done) {
    auto file = DiskFile::open(to, DiskFile::Mode::write);
    done = file ? file->sync() : tl::unexpected(file.error());
  }
  if (done) done = sync_folder(to.parent_path());
  if (!done) static_cast<void>(remove_file(to));
  return done;
}

}  // namespace wasl
