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

Result<std::optional<crypto::KeyPair>> read_unattended_key(const std::filesystem::path& file,
                                                           crypto::KeyKind kind) {
  const auto found = crypto::read_key_file(file, kind);
  if (!found && found.error().code == Errc::not_found) return std::optional<crypto::KeyPair>();
  if (!found) return tl::unexpected(found.error());
  if (found->is_sealed()) {
    return fail(Errc::invalid_value,
                file.string() + " is sealed under a passphrase: the hub works unattended",
                "keep a sealed key elsewhere, and act with it there");
  }
  WASL_LET(crypto::KeyPair key, found->open());
  return std::optional(std::move(key));
}

KeysAtHub keys_in(const HubFolder& folder) {
  KeysAtHub keys = 0;
  std::error_code unreadable;  // then none can be seen, and the next start says why
  for (const auto& entry : std::filesystem::directory_iterator(folder.keys(), unreadable)) {
    const auto file = crypto::read_key_file(entry.path());
    if (!file) continue;
    if (file->kind() == crypto::KeyKind::root) keys |= kRootAtHub;
    if (file->kind() == crypto::KeyKind::registrar) keys |= kRegistrarAtHub;
    if (file->kind() == crypto::KeyKind::person && !file->is_sealed()) keys |= kPersonAtHub;
  }
  return keys;
}

Status write_text(const std::filesystem::path& file, const std::string& text, bool durable) {
  const std::filesystem::path fresh = file.string() + ".new";
  {
    std::ofstream out(fresh, std::ios::trunc);
    out << text;
    if (!out.flush()) return disk(fresh, "cannot write");
  }
  if (durable) {
    const int open = ::open(fresh.c_str(), O_RDONLY | O_CLOEXEC);
    const bool synced = open >= 0 && ::fsync(open) == 0;
    const auto error = disk(fresh, "cannot write");
    if (open >= 0) ::close(open);
    if (!synced) return error;
  }
  std::error_code error;
  std::filesystem::rename(fresh, file, error);
  if (error) return fail(Errc::storage_failed, "cannot write " + file.string() + ": " + error.message());
  return durable ? sync_folder(std::filesystem::absolute(file).parent_path()) : Status();
}

std::optional<std::string> read_text(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace wasl
