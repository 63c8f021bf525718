#include "client/engine/daemon_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace wasl {

Result<DaemonLock> DaemonLock::take(const std::filesystem::path& folder) {
  const auto path = folder / "daemon.lock";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return fail(Errc::storage_failed, path.string() + " cannot be opened: " + std::strerror(errno),
                "make the folder writable");
  }
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    ::close(descriptor);
    return fail(Errc::locked, "a daemon keeps " + folder.string() + " in touch already",
                "leave it running; to run another one here, stop that one first");
  }
  return DaemonLock(descriptor);
}

DaemonLock::DaemonLock(DaemonLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

DaemonLock::~DaemonLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool daemon_runs(const std::filesystem::path& folder) {
  const int descriptor = ::open((folder / "daemon.lock").c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool taken = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0;
  ::close(descriptor);
  return taken;
}

}  // namespace wasl
