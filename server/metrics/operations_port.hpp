#pragma once
// The port for whoever runs the hub: /metrics, /healthz, /readyz. Plain HTTP, on this machine. Thread: the
// Loop's.
#include <functional>
#include <memory>
#include <string>

#include "server/metrics/hub_metrics.hpp"
#include "shared/net/listener.hpp"

namespace wasl {

class OperationsPort {
 public:
  /// @param not_ready why no office should be sent here now; empty: it should. Loop and metrics must outlive
  /// it. Errors: invalid_value, locked (the port is taken).
  static Result<std::unique_ptr<OperationsPort>> open(Loop& loop, const std::string& address,
                                                      HubMetrics& metrics,
                                                      std::function<std::string()> not_ready);
  [[nodiscard]] std::uint16_t port() const { return listener_->port(); }

 private:
  explicit OperationsPort(std::unique_ptr<Listener> listener) : listener_(std::move(listener)) {}
  std::unique_ptr<Listener> listener_;
};

}  // namespace wasl
