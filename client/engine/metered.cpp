#include "client/engine/metered.hpp"

#include <systemd/sd-bus.h>

#include <cstdint>
#include <memory>

namespace wasl {
namespace {

// NMMetered of NetworkManager's D-Bus interface.
constexpr std::uint32_t kNo = 2;
constexpr std::uint32_t kGuessNo = 4;
constexpr std::uint64_t kPatienceMicros = 2'000'000;

}  // namespace

bool link_is_metered() {
  sd_bus* opened = nullptr;
  if (sd_bus_open_system(&opened) < 0) return true;
  const std::unique_ptr<sd_bus, sd_bus* (*)(sd_bus*)> bus(opened, sd_bus_flush_close_unref);
  sd_bus_set_method_call_timeout(bus.get(), kPatienceMicros);
  std::uint32_t metered = 0;
  sd_bus_error error{};
  const int found = sd_bus_get_property_trivial(
      bus.get(), "org.freedesktop.NetworkManager", "/org/freedesktop/NetworkManager",
      "org.freedesktop.NetworkManager", "Metered", &error, 'u', &metered);
  sd_bus_error_free(&error);
  return found < 0 || (metered != kNo && metered != kGuessNo);
}

}  // namespace wasl
