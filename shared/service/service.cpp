#include "shared/service/service.hpp"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdint>

namespace wasl::service {
namespace {

/// A line of its own ends a value, so what is told stays on one.
std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

/// Whoever does not listen is no reason to stop working.
void tell(const std::string& state) { (void)sd_notify(0, state.c_str()); }

}  // namespace

void tell_ready(const std::string& status) { tell("READY=1\nSTATUS=" + one_line(status)); }
void tell_status(const std::string& status) { tell("STATUS=" + one_line(status)); }
void tell_stopping(const std::string& status) { tell("STOPPING=1\nSTATUS=" + one_line(status)); }

Watchdog::Watchdog(Loop& loop) : timer_(loop) {
  std::uint64_t micros = 0;
  if (sd_watchdog_enabled(0, &micros) <= 0) return;
  // Twice in the time that it has, as systemd advises.
  every_ = std::max(std::chrono::milliseconds(1), std::chrono::milliseconds(micros / 2'000));
  feed();
}

void Watchdog::feed() {
  tell("WATCHDOG=1");
  timer_.start(every_, [this] { feed(); });
}

}  // namespace wasl::service
