#pragma once
// The hub with its sockets in a process of its own, so that its memory and its core are counted alone.
#include <sys/types.h>

#include <cstdint>
#include <string>

#include "tests/support/hub_world.hpp"

namespace wasl::bench {

class ServedHub {
 public:
  /// Serves a copy of the world's folder. @pre this process has one thread.
  explicit ServedHub(const test::HubWorld& world);
  ~ServedHub();  ///< ends it
  ServedHub(const ServedHub&) = delete;
  ServedHub& operator=(const ServedHub&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }
  /// Bytes of memory that are its own (RSS without shared files), and seconds of its core so far.
  [[nodiscard]] std::uint64_t memory() const;
  [[nodiscard]] double cpu_seconds() const;

 private:
  pid_t process_ = -1;
  std::string url_;
};

}  // namespace wasl::bench
