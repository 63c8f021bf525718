#pragma once
// A program under systemd's eyes (sd_notify). Nothing happens where NOTIFY_SOCKET names nobody.
#include <chrono>
#include <string>

#include "shared/net/loop.hpp"

namespace wasl::service {

/// Any thread. Each also says in one line what the program does now.
void tell_ready(const std::string& status);
void tell_status(const std::string& status);
void tell_stopping(const std::string& status);

/// Feeds the watchdog that WATCHDOG_USEC asks for, from the loop and as long as that runs. Thread: the
/// Loop's.
class Watchdog {
 public:
  explicit Watchdog(Loop& loop);

 private:
  void feed();

  std::chrono::milliseconds every_{0};  ///< 0: nobody watches
  Timer timer_;
};

}  // namespace wasl::service
