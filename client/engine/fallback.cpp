#include "client/engine/fallback.hpp"

namespace wasl {
namespace {

/// A proxy says 5xx also while the hub behind it starts again.
bool may_pass(const CarrierMemory& memory) {
  return memory.obstacle != Obstacle::refused || memory.status >= 500 || memory.status == 429 ||
         memory.status == 408;
}

}  // namespace

Carrier first_carrier(const CarrierMemory& memory, Millis now, const std::string& network) {
  const bool is_old = now < memory.since || now - memory.since >= kPostsFor;
  if (memory.obstacle == Obstacle::none || is_old || memory.network != network) return Carrier::web_socket;
  return memory.times < 2 && may_pass(memory) ? Carrier::web_socket : Carrier::posts;
}

Obstacle obstacle_of(const NoChannel& refused, bool is_hub) {
  switch (refused.how) {
    case NoChannel::How::unreachable:
      return Obstacle::none;
    case NoChannel::How::silent:
      return Obstacle::silent;
    case NoChannel::How::broken_off:
      return Obstacle::cut;
    case NoChannel::How::answered:
      return is_hub ? Obstacle::none : Obstacle::refused;
  }
  return Obstacle::none;
}

CarrierMemory after_posts(const CarrierMemory& before, Obstacle met, int status, Millis now,
                          const std::string& network) {
  const bool again = before.obstacle != Obstacle::none && before.network == network && now >= before.since &&
                     now - before.since < kPostsFor;
  return {met, static_cast<std::uint64_t>(status), again ? before.times + 1 : 1, now, network};
}

std::string why_words(const CarrierMemory& memory) {
  switch (memory.obstacle) {
    case Obstacle::none:
      return "";
    case Obstacle::refused:
      return "the upgrade to a WebSocket was answered with HTTP " + std::to_string(memory.status) +
             ", and not by the hub";
    case Obstacle::silent:
      return "nobody answered the upgrade to a WebSocket";
    case Obstacle::cut:
      return "the connection was cut at the upgrade to a WebSocket";
  }
  return "";
}

}  // namespace wasl
