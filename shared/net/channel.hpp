#pragma once
// One link that carries whole binary messages in order. Engine and session know only this; the WebSocket
// behind it, and the wire of a simulation, implement it.
// Thread: the Loop's. Nothing here blocks.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"

namespace wasl {

/// RFC 6455 section 7.4.1, the ones we send.
enum class CloseCode : std::uint16_t {
  normal = 1000,
  going_away = 1001,
  protocol = 1002,
  policy = 1008,
  too_big = 1009
};

/// How a link ended.
struct LinkEnd {
  std::optional<Error> error{};  ///< nothing: one side closed it properly (normal or going away)
  std::uint16_t code = 0;        ///< of the close frame; 0: there was none
  std::string reason{};          ///< of the close frame, the peer's words: not to be trusted
};

/// What the owner of a channel is told. No call comes after on_closed(), nor after the channel is
/// destroyed; each of them may destroy the channel. None comes from inside a call to the channel.
class ChannelHandler {
 public:
  virtual ~ChannelHandler() = default;
  virtual void on_message(ByteView message) = 0;  ///< the view holds until it returns
  virtual void on_writable() {}                   ///< a message has left and little waits: send more
  virtual void on_closed(const LinkEnd& end) = 0;
};

/// Bytes since the link began. Upgrade: the HTTP headers. Payload: whole messages, without the 2 to 14
/// bytes of frame header that each has. Wire: what an operator bills, with TLS, what was sent again and the
/// headers of TCP and IP.
struct LinkTraffic {
  std::uint64_t payload_out = 0;
  std::uint64_t payload_in = 0;
  std::uint64_t messages_out = 0;
  std::uint64_t messages_in = 0;
  std::uint64_t upgrade_out = 0;
  std::uint64_t upgrade_in = 0;
  std::uint64_t wire_out = 0;
  std::uint64_t wire_in = 0;
};

/// Destroying it ends the link at once, without a farewell and without on_closed().
class Channel {
 public:
  virtual ~Channel() = default;
  /// Queues the message. One immutable message may be queued on many channels. Ignored after close().
  virtual void send(std::shared_ptr<const Bytes> message) = 0;
  /// Sends what is queued, says goodbye and then calls on_closed(); no further on_message().
  virtual void close(CloseCode code, std::string_view reason) = 0;
  /// Bytes of messages that the system has not taken yet.
  [[nodiscard]] virtual std::size_t queued_bytes() const = 0;
  [[nodiscard]] virtual const LinkTraffic& traffic() const = 0;
};

}  // namespace wasl
