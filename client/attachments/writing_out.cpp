#include "client/attachments/writing_out.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "shared/sqlite/disk.hpp"

namespace wasl {
namespace {

tl::unexpected<Error> disk(const std::filesystem::path& path) {
  const int error = errno;
  const std::string words = "cannot write " + path.string() + ": " + std::strerror(error);
  if (error == ENOENT) return fail(Errc::not_found, words, "name a folder that exists");
  return fail(Errc::storage_failed, words, "free some room, or choose another folder");
}

tl::unexpected<Error> taken(const std::filesystem::path& path) {
  return fail(Errc::conflict, path.string() + " exists already", "choose another name");
}

}  // namespace

Result<NewFile> NewFile::begin(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::exists(std::filesystem::symlink_status(path, ignored))) return taken(path);
  std::filesystem::path part = path;
  part += ".part-" + std::to_string(::getpid());
  const int file = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return disk(part);
  return NewFile(path, part, file);
}

NewFile::NewFile(NewFile&& other) noexcept
    : path_(std::move(other.path_)), part_(std::move(other.part_)), file_(std::exchange(other.file_, -1)) {}

NewFile::~NewFile() {
  if (file_ < 0) return;
  ::close(file_);
  ::unlink(part_.c_str());
}

Status NewFile::write(ByteView bytes) {
  while (!bytes.empty()) {
    const auto count = ::write(file_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return disk(part_);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Status NewFile::finish() {
  if (::fsync(file_) != 0) return disk(part_);
  int renamed = ::renameat2(AT_FDCWD, part_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE);
  if (renamed != 0 && (errno == EINVAL || errno == ENOSYS)) {  // a file system without it: FAT, some networks
    std::error_code ignored;
    if (std::filesystem::exists(std::filesystem::symlink_status(path_, ignored))) return taken(path_);
    renamed = ::rename(part_.c_str(), path_.c_str());
  }
  if (renamed != 0) return errno == EEXIST ? taken(path_) : disk(path_);
  ::close(std::exchange(file_, -1));
  return sync_folder(path_.has_parent_path() ? path_.parent_path() : ".");
}

}  // namespace wasl
