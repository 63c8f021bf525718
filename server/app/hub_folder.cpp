#include "server/app/hub_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include "shared/sqlite/disk.hpp"

namespace wasl {
namespace {

tl::unexpected<Error> disk(const std::filesystem::path& file, const char* what) {
  return fail(Errc::storage_failed, std::string(what) + " " + file.string() + ": " + std::strerror(errno));
}

}  // namespace

Result<FolderLock> FolderLock::take(const HubFolder& folder) {
  const int file = ::open(folder.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return disk(folder.lock(), "cannot open");
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    const bool taken = errno == EWOULDBLOCK;
    if (taken) {
      ::close(file);
      return fail(Errc::locked, "another wasl-hub works in this folder");
    }
    const auto error = disk(folder.lock(), "cannot lock");
    ::close(file);
    return error;
  }
  return FolderLock(file);
}

FolderLock::FolderLock(FolderLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

FolderLock::~FolderLock() {
  if (file_ >= 0) ::close(file_);
}

Status write_key(const std::filesystem::path& file, const crypto::KeyPair& key, const std::string& words) {
  const int out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (out < 0) {
    if (errno == EEXIST) return fail(Errc::conflict, file.string() + " exists already");
    return disk(file, "cannot write");
  }
  std::string text;
  std::istringstream lines(words);
  for (std::string line; std::getline(lines, line);) text += "# " + line + "\n";
  text += to_hex(key.seed().view()) + "\n";
  const bool written =
      ::write(out, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(out) == 0;
  const auto error = disk(file, "cannot write");
  ::close(out);
  if (!written) return error;
  return sync_folder(file.parent_path());
}

Result<std::optional<crypto::KeyPair>> read_key(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) {
    if (!std::filesystem::exists(file)) return std::optional<crypto::KeyPair>();
    return disk(file, "cannot read");
  }
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    const auto bytes = from_hex(line);
    const auto seed = bytes ? crypto::Seed::from(*bytes) : std::nullopt;
    if (!seed) break;
    return std::optional(crypto::KeyPair::from_seed(*seed));
  }
  return fail(Errc::corrupt, file.string() + " holds no key");
}

Status write_text(const std::filesystem::path& file, const std::string& text) {
  const std::filesystem::path fresh = file.string() + ".new";
  {
    std::ofstream out(fresh, std::ios::trunc);
    out << text;
    if (!out.flush()) return disk(fresh, "cannot write");
  }
  std::error_code error;
  std::filesystem::rename(fresh, file, error);
  if (error) return fail(Errc::storage_failed, "cannot write " + file.string() + ": " + error.message());
  return {};
}

std::optional<std::string> read_text(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace wasl
