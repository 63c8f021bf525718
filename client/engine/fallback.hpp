#pragma once
// When a sync goes by HTTP POSTs because something between office and hub breaks WebSockets. Pure.
#include <cstdint>
#include <optional>
#include <string>

#include "shared/base/environment.hpp"
#include "shared/net/connect.hpp"

namespace wasl {

enum class Carrier : std::uint8_t { web_socket, posts };

/// What stood in the way of a WebSocket.
enum class Obstacle : std::uint8_t {
  none = 0,
  refused = 1,  ///< somebody answered the upgrade who is not the hub
  silent = 2,   ///< nobody answered it, though the connection stood
  cut = 3       ///< the connection was cut at the upgrade, or before the hub's first word
};

/// What is kept from one link to the next.
struct CarrierMemory {
  Obstacle obstacle = Obstacle::none;  ///< met by the last link; none: it was a WebSocket
  std::uint64_t status = 0;            ///< of HTTP, when it was refused
  std::uint64_t times = 0;             ///< in a row
  Millis since = 0;                    ///< hub's or not: the clock's, when it was met last
  std::string network{};               ///< where, as network_mark() calls it
  friend bool operator==(const CarrierMemory&, const CarrierMemory&) = default;
};

/// How long POSTs are the first choice, once they are.
constexpr Millis kPostsFor = 24 * 60 * 60 * Millis{1'000};

/// A WebSocket, unless one was broken here lately in a way that no passing trouble explains: a refusal of
/// the upgrade in words that are not the hub's once, anything else twice in a row.
Carrier first_carrier(const CarrierMemory& memory, Millis now, const std::string& network);

/// What a link that did not come about says of the way to the hub. None: the other carrier would fare no
/// better, or the hub itself has answered. @param is_hub whether the answer is in the hub's form.
Obstacle obstacle_of(const NoChannel& refused, bool is_hub);

/// After a link by POSTs, where a WebSocket met this.
CarrierMemory after_posts(const CarrierMemory& before, Obstacle met, int status, Millis now,
                          const std::string& network);

/// "the upgrade to a WebSocket was answered with HTTP 403, not by the hub", …; empty for none.
std::string why_words(const CarrierMemory& memory);

}  // namespace wasl
