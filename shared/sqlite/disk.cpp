#include "shared/sqlite/disk.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace wasl {
namespace {

constexpr std::uint64_t kChunk = 1 << 16;  // of one call: unixWrite keeps the lowest 17 bits of a count
constexpr std::uint64_t kPiece = 1 << 20;  // of a file that is duplicated, in memory at once

/// Absolute, as the VFS wants it, and with the second zero byte that SQLite's own names end with.
std::string full_name(sqlite3_vfs* vfs, const std::filesystem::path& path) {
  std::string full(static_cast<std::size_t>(vfs->mxPathname) + 1, '\0');
  if (vfs->xFullPathname(vfs, path.c_str(), static_cast<int>(full.size()), full.data()) != SQLITE_OK)
    full = path.string();
  full.resize(full.find('\0') == std::string::npos ? full.size() : full.find('\0'));
  return full + std::string(2, '\0');
}

}  // namespace

Status sync_folder(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder.empty() ? "." : folder;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
  const int system_error = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (synced) return {};
  return fail(Errc::storage_failed,
              path.string() + " cannot be made durable: " + std::generic_category().message(system_error));
}

Status remove_file(const std::filesystem::path& path) {
  if (!file_exists(path)) return {};
  sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
  if (vfs->xDelete(vfs, full_name(vfs, path).c_str(), 1) == SQLITE_OK) return {};
  return fail(Errc::storage_failed, path.string() + " cannot be removed", "make the folder writable");
}

bool file_exists(const std::filesystem::path& path) {
  sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
  int there = 0;
  vfs->xAccess(vfs, full_name(vfs, path).c_str(), SQLITE_ACCESS_EXISTS, &there);
  return there != 0;
}

DiskFile::DiskFile(std::string path, std::unique_ptr<std::byte[]> room)
    : path_(std::make_unique<std::string>(std::move(path))), room_(std::move(room)) {}

DiskFile::DiskFile(DiskFile&&) noexcept = default;

DiskFile::~DiskFile() {
  if (room_ != nullptr && file()->pMethods != nullptr) file()->pMethods->xClose(file());
}

sqlite3_file* DiskFile::file() const { return reinterpret_cast<sqlite3_file*>(room_.get()); }

tl::unexpected<Error> DiskFile::refused(std::string_view what, int code) const {
  sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
  const int system_error = vfs->xGetLastError != nullptr ? vfs->xGetLastError(vfs, 0, nullptr) : 0;
  const std::string why =
      system_error != 0 ? std::generic_category().message(system_error) : sqlite3_errstr(code);
  return fail(Errc::storage_failed, std::string(path_->c_str()) + " " + std::string(what) + ": " + why,
              "free some space or make the folder writable, then run the command again; nothing is lost");
}

Result<DiskFile> DiskFile::open(const std::filesystem::path& path, Mode mode) {
  sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
  const bool there = file_exists(path);
  if (!there && mode != Mode::create)
    return fail(Errc::not_found, path.filename().string() + ": there is no such file");
  // A kind of file that SQLite neither locks nor names after a database, and whose folder it syncs when new.
  int flags = mode == Mode::alone ? SQLITE_OPEN_MAIN_DB : SQLITE_OPEN_SUPER_JOURNAL;
  flags |= mode == Mode::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  // Also when it is there: who made it may have ended before its name was durable, and the VFS makes names
  // durable only for those who open to make.
  if (mode == Mode::create) flags |= SQLITE_OPEN_CREATE;
  DiskFile out(full_name(vfs, path), std::make_unique<std::byte[]>(static_cast<std::size_t>(vfs->szOsFile)));
  const int code = vfs->xOpen(vfs, out.path_->c_str(), out.file(), flags, nullptr);
  if (code != SQLITE_OK) return out.refused("cannot be opened", code);
  std::error_code ignored;  // a file system without modes keeps its own
  using std::filesystem::perms;
  if (!there) std::filesystem::permissions(path, perms::owner_read | perms::owner_write, ignored);
  if (mode == Mode::alone) WASL_TRY(out.shut_others_out());
  return out;
}

/// A connection to a database in WAL mode keeps SQLite's shared lock until it is closed.
Status DiskFile::shut_others_out() {
  for (const int level : {SQLITE_LOCK_SHARED, SQLITE_LOCK_RESERVED, SQLITE_LOCK_EXCLUSIVE}) {
    const int code = file()->pMethods->xLock(file(), level);
    if (code == SQLITE_BUSY)
      return fail(Errc::locked,
                  std::filesystem::path(path_->c_str()).filename().string() + " is open in another program",
                  "close every program that has it open, then run the command again; nothing is lost");
    if (code != SQLITE_OK) return refused("cannot be locked", code);
  }
  return {};
}

Result<std::uint64_t> DiskFile::size() {
  sqlite3_int64 size = 0;
  if (const int code = file()->pMethods->xFileSize(file(), &size); code != SQLITE_OK)
    return refused("cannot be read", code);
  return static_cast<std::uint64_t>(size);
}

Status DiskFile::read_at(std::uint64_t offset, std::span<Byte> room) {
  for (std::uint64_t at = 0; at < room.size(); at += kChunk) {
    const int count = static_cast<int>(std::min<std::uint64_t>(kChunk, room.size() - at));
    const int code =
        file()->pMethods->xRead(file(), room.data() + at, count, static_cast<sqlite3_int64>(offset + at));
    if (code != SQLITE_OK) return refused("cannot be read", code);
  }
  return {};
}

Result<Bytes> DiskFile::read() {
  WASL_LET(const std::uint64_t whole, size());
  Bytes bytes(static_cast<std::size_t>(whole));
  WASL_TRY(read_at(0, bytes));
  return bytes;
}

Status DiskFile::duplicate(const std::filesystem::path& to) {
  WASL_LET(const std::uint64_t whole, size());
  WASL_LET(DiskFile target, DiskFile::open(to, DiskFile::Mode::create));
  WASL_TRY(target.truncate(0));
  Bytes piece(static_cast<std::size_t>(std::min(whole, kPiece)));
  for (std::uint64_t at = 0; at < whole; at += kPiece) {
    const std::span<Byte> part(piece.data(), static_cast<std::size_t>(std::min(kPiece, whole - at)));
    WASL_TRY(read_at(at, part));
    WASL_TRY(target.write(at, part));
  }
  return target.sync();
}

Status DiskFile::write(std::uint64_t offset, ByteView bytes) {
  for (std::uint64_t at = 0; at < bytes.size(); at += kChunk) {
    const int count = static_cast<int>(std::min<std::uint64_t>(kChunk, bytes.size() - at));
    const int code =
        file()->pMethods->xWrite(file(), bytes.data() + at, count, static_cast<sqlite3_int64>(offset + at));
    if (code != SQLITE_OK) return refused("cannot be written", code);
  }
  return {};
}

Status DiskFile::truncate(std::uint64_t size) {
  const int code = file()->pMethods->xTruncate(file(), static_cast<sqlite3_int64>(size));
  if (code != SQLITE_OK) return refused("cannot be shortened", code);
  return {};
}

Status DiskFile::sync() {
  const int code = file()->pMethods->xSync(file(), SQLITE_SYNC_NORMAL);
  if (code != SQLITE_OK) return refused("cannot be made durable", code);
  return {};
}

}  // namespace wasl
