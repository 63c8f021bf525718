#include "server/metrics/operations_port.hpp"

namespace wasl {
namespace {

HttpAnswer in_text(int status, std::string words) {
  return {status, "text/plain; charset=utf-8", std::move(words) + "\n", {{"Cache-Control", "no-store"}}};
}

/// Whoever gets an answer knows that the event loop runs: that is what /healthz says.
HttpAnswer answer(const std::string& target, HubMetrics& metrics,
                  const std::function<std::string()>& not_ready) {
  if (target == "/metrics")
    return {200, HubMetrics::content_type(), metrics.text(), {{"Cache-Control", "no-store"}}};
  if (target == "/healthz") return in_text(200, "the hub runs");
  if (target != "/readyz") return in_text(404, "here are /metrics, /healthz and /readyz");
  const std::string why = not_ready();
  return why.empty() ? in_text(200, "ready") : in_text(503, why);
}

}  // namespace

Result<std::unique_ptr<OperationsPort>> OperationsPort::open(Loop& loop, const std::string& address,
                                                             HubMetrics& metrics,
                                                             std::function<std::string()> not_ready) {
  ListenOptions options;
  options.address = address;
  ListenCallbacks callbacks;
  callbacks.on_upgrade = [](ByteView, const Caller&) -> UpgradeAnswer {
    return RefuseLink{
        404,
        R"({"error":{"code":"not_found","message":"offices connect to the hub's other port","hint":""}})"};
  };
  callbacks.on_request = [&metrics, not_ready = std::move(not_ready)](const std::string&,
                                                                      const std::string& target) {
    return answer(target, metrics, not_ready);
  };
  WASL_LET(auto listener, Listener::open(loop, std::move(options), std::move(callbacks)));
  return std::unique_ptr<OperationsPort>(new OperationsPort(std::move(listener)));
}

}  // namespace wasl
