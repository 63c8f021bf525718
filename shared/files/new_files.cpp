#include "shared/files/new_files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace wasl {
namespace {

constexpr std::size_t kBlockBytes = 1 << 20;
constexpr std::string_view kBeginning = ".wasl-";
constexpr std::string_view kEnding = ".part";

/// What an error of the system asks of the person who holds the stick.
tl::unexpected<Error> refused(const std::string& what, const std::filesystem::path& place, int error) {
  const std::string message = what + " " + place.string() + ": " + std::strerror(error);
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return fail(Errc::storage_failed, message,
                  "there is no room: free some, take another stick, or export less (--space, --split)");
    case EROFS:
      return fail(Errc::storage_failed, message,
                  "it can only be read: look for a switch on the stick, or take another");
    case EACCES:
    case EPERM:
      return fail(Errc::storage_failed, message, "this user may not write there: choose another folder");
    case ENOENT:
    case ENOTDIR:
      return fail(Errc::storage_failed, message, "there is no such folder: is the stick plugged in?");
    case EIO:
    case ENODEV:
    case ENXIO:
    case ESTALE:
      return fail(Errc::storage_failed, message,
                  "the stick was pulled out, or it fails: plug it in again or take another, and run the same "
                  "command; nothing is lost");
    case EFBIG:
      return fail(Errc::storage_failed, message, "the file is too large there: use --split");
    default:
      return fail(Errc::storage_failed, message, "nothing is lost: run the same command again");
  }
}

class File {
 public:
  explicit File(int number) : number_(number) {}
  File(File&&) = delete;
  ~File() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int number() const { return number_; }
  /// An error that only closing tells.
  int close() { return ::close(std::exchange(number_, -1)); }

 private:
  int number_;
};

Status write_all(const File& file, const std::filesystem::path& path, ByteView bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(file.number(), bytes.data(), std::min(bytes.size(), kBlockBytes));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return refused("cannot write", path.parent_path(), written == 0 ? EIO : errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

/// From the medium, as far as the system lets go of what it remembers.
Status read_back(const std::filesystem::path& path, ByteView bytes) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) return refused("cannot read back", path.parent_path(), errno);
  Bytes block(kBlockBytes);
  for (;;) {
    const auto got = ::read(file.number(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refused("cannot read back", path.parent_path(), errno);
    if (got == 0) break;
    const auto size = static_cast<std::size_t>(got);
    if (size > bytes.size() || !std::equal(bytes.begin(), bytes.begin() + got, block.begin())) break;
    bytes = bytes.subspan(size);
  }
  if (bytes.empty()) return {};
  return fail(Errc::storage_failed, "what was written to " + path.parent_path().string() + " reads otherwise",
              "the stick is bad: take another");
}

Status sync_names(const std::filesystem::path& folder) {
  const File file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (file.number() < 0) return refused("cannot open", folder, errno);
  // Some file systems of sticks cannot sync a folder; they write names at once.
  if (::fsync(file.number()) != 0 && errno != EINVAL) return refused("cannot write", folder, errno);
  return {};
}

}  // namespace

NewFiles::~NewFiles() {
  for (const auto& path : written_) ::unlink(path.c_str());
  for (const int lock : locks_) ::close(lock);
}

/// Of a program that ended, or a stick that was pulled out, in the middle.
void NewFiles::remove_left_behind() const {
  std::error_code unreadable;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, unreadable)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kBeginning) || !name.ends_with(kEnding)) continue;
    const File file(::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (file.number() >= 0 && ::flock(file.number(), LOCK_EX | LOCK_NB) == 0) ::unlink(entry.path().c_str());
  }
}

Status NewFiles::add(ByteView bytes) {
  if (written_.empty()) remove_left_behind();
  const std::filesystem::path path = folder_ / (std::string(kBeginning) + std::to_string(::getpid()) + "-" +
                                                std::to_string(written_.size() + 1) + std::string(kEnding));
  File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (file.number() < 0) return refused("cannot write to", folder_, errno);
  written_.push_back(path);
  if (const int lock = ::dup(file.number()); lock >= 0) locks_.push_back(lock);
  static_cast<void>(::flock(file.number(), LOCK_EX | LOCK_NB));  // goes on for the copy
  WASL_TRY(write_all(file, path, bytes));
  if (::fsync(file.number()) != 0) return refused("cannot write to", folder_, errno);
  ::posix_fadvise(file.number(), 0, 0, POSIX_FADV_DONTNEED);
  if (file.close() != 0) return refused("cannot write to", folder_, errno);
  return read_back(path, bytes);
}

Status NewFiles::name(const std::vector<std::string>& names) {
  WASL_ASSERT(names.size() == written_.size());
  for (const std::string& name : names) {
    struct stat ignored {};
    if (::lstat((folder_ / name).c_str(), &ignored) == 0)
      return fail(Errc::conflict, (folder_ / name).string() + " exists already", "choose another name");
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (::rename(written_[i].c_str(), (folder_ / names[i]).c_str()) == 0) continue;
    const int error = errno;
    for (std::size_t done = 0; done < i; ++done) ::unlink((folder_ / names[done]).c_str());
    return refused("cannot name a file in", folder_, error);
  }
  written_.clear();
  return sync_names(folder_);
}

Result<Bytes> read_whole(const std::filesystem::path& path, std::size_t most) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) {
    const int error = errno;
    if (error == ENOENT) return fail(Errc::not_found, "there is no file " + path.string());
    return fail(Errc::storage_failed, "cannot read " + path.string() + ": " + std::strerror(error));
  }
  struct stat found {};
  if (::fstat(file.number(), &found) == 0 && S_ISDIR(found.st_mode))
    return fail(Errc::invalid_value, path.string() + " is a folder", "name the files in it");
  Bytes out;
  Bytes block(kBlockBytes);
  for (;;) {
    const auto got = ::read(file.number(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return fail(Errc::storage_failed, "cannot read " + path.string() + ": " + std::strerror(errno),
                  "the stick was pulled out, or it fails: plug it in again");
    }
    if (got == 0) return out;
    append(out, ByteView(block).first(static_cast<std::size_t>(got)));
    if (out.size() > most) {
      return fail(Errc::limit_exceeded, path.string() + " is larger than what it should be",
                  "larger exports are split into several files: import those");
    }
  }
}

}  // namespace wasl
