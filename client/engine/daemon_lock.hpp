#pragma once
// One daemon a folder: an exclusive lock on DIR/daemon.lock, which the system releases however the process
// ends.
#include <filesystem>

#include "shared/base/result.hpp"

namespace wasl {

class DaemonLock {
 public:
  /// Errors: locked (another daemon keeps this folder in touch), storage_failed.
  static Result<DaemonLock> take(const std::filesystem::path& folder);
  DaemonLock(DaemonLock&& other) noexcept;
  DaemonLock& operator=(DaemonLock&&) = delete;
  ~DaemonLock();

 private:
  explicit DaemonLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

/// Whether a daemon keeps this folder in touch now.
bool daemon_runs(const std::filesystem::path& folder);

}  // namespace wasl
