#pragma once
// Files of ours beside the databases, through SQLite's own VFS: whatever stands under SQLite (a disk, a
// simulation that cuts the power) stands under these too, and there is one door to make durable.
// Thread: one at a time for each object.
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"

struct sqlite3_file;

namespace wasl {

bool file_exists(const std::filesystem::path& path);
/// Makes the names in a folder durable: those of files made by other means than DiskFile, and of folders.
Status sync_folder(const std::filesystem::path& folder);
/// Durably. A file that is not there is removed.
Status remove_file(const std::filesystem::path& path);

class DiskFile {
 public:
  enum class Mode {
    read,
    write,
    create,  ///< makes it when missing, readable by its owner alone
    alone,   ///< a database: while it is held no other program reads or writes it, or can
  };

  /// Errors: not_found, storage_failed, locked (`alone`).
  static Result<DiskFile> open(const std::filesystem::path& path, Mode mode);
  DiskFile(DiskFile&&) noexcept;
  DiskFile& operator=(DiskFile&&) = delete;
  ~DiskFile();

  Result<std::uint64_t> size();
  /// The whole of it.
  Result<Bytes> read();
  Status write(std::uint64_t offset, ByteView bytes);
  /// Makes a file of the same bytes, durably. What stood under the name is gone.
  Status duplicate(const std::filesystem::path& to);
  Status truncate(std::uint64_t size);
  /// Bytes, size and, of a new file, its name are durable when this returns. After an error nothing is known
  /// of what was written since the last sync: a second sync that succeeds proves nothing (the system drops
  /// what it could not write), so write it again.
  Status sync();

 private:
  DiskFile(std::string path, std::unique_ptr<std::byte[]> room);
  [[nodiscard]] sqlite3_file* file() const;
  [[nodiscard]] Status shut_others_out();
  [[nodiscard]] Status read_at(std::uint64_t offset, std::span<Byte> room);
  [[nodiscard]] tl::unexpected<Error> refused(std::string_view what, int code) const;

  std::unique_ptr<std::string> path_;  ///< SQLite keeps a pointer to its text
  std::unique_ptr<std::byte[]> room_;  ///< where the VFS has put its file object
};

}  // namespace wasl
