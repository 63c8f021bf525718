#pragma once
// The calling side of a link: a WebSocket, or HTTP POSTs where nothing else gets through. Thread: the Loop's.
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/limits.hpp"
#include "shared/net/channel.hpp"
#include "shared/net/loop.hpp"

namespace wasl {

constexpr std::string_view kSubprotocol = "wasl.1";
constexpr std::string_view kHelloHeader = "Wasl-Hello";  // base64url of the hello's bytes
constexpr std::string_view kUpgradePath = "/wasl";

/// Bounds of one link. The defaults are the ones of the programs; tests shorten the times.
struct LinkOptions {
  /// Nothing was heard for this long: the link is dead. With the time until that is looked at, less than a
  /// minute.
  std::chrono::milliseconds idle_limit{50'000};
  /// Something of ours is on its way and the peer's system acknowledges nothing, heard or not: the link is
  /// dead too. The system itself would wait twice as long after each try; a new link is there sooner.
  /// Longer than the pause of a phone network that changes cells.
  std::chrono::milliseconds stall_limit{15'000};
  /// Only the caller pings, and only when one direction was silent for this long; each costs both sides
  /// 6 bytes and a segment.
  std::chrono::milliseconds ping_every{20'000};
  /// For what is queued and the goodbye.
  std::chrono::milliseconds close_limit{10'000};
  /// A larger message ends the link with 1009. What we send must respect it too.
  std::size_t message_limit_bytes = limits::kFrameBytes;
  /// A peer that reads this slowly is cut: our memory is not its buffer.
  std::size_t queue_limit_bytes = 8 * 1024 * 1024;
  /// on_writable() is called while less than this waits.
  std::size_t writable_below_bytes = 256 * 1024;
};

struct ConnectOptions {
  std::string url{};  ///< as parse_url() takes it
  /// What the upgrade request carries, made for a connection with this binding. What it fails with ends the
  /// attempt.
  std::function<Result<Bytes>(const Hash& binding)> hello{};
  /// A proxy ends TLS before the hub: what ties the hello to the connection is the certificate alone.
  bool binds_certificate = false;
  Bytes tls_session{};                            ///< see TlsExpectation
  std::function<void(Bytes)> keep_tls_session{};  ///< see TlsExpectation
  /// As HTTP POSTs; an address that begins with http:// or https:// says so itself.
  bool by_posts = false;
  std::chrono::milliseconds handshake_limit{30'000};  ///< name, TCP, TLS and upgrade together
  std::chrono::milliseconds answer_limit{30'000};     ///< of that, once the hello has left
  std::chrono::milliseconds waited{0};                ///< by an attempt before this one: for words
  /// TCP to one of the addresses of the name, before the next is tried. The system asks at 0, 1, 3 and 7 s;
  /// later ones would come too rarely for a line that is back.
  std::chrono::milliseconds address_limit{10'000};
  LinkOptions link{};
};

/// Why there is no link.
struct NoChannel {
  enum class How : std::uint8_t {
    unreachable,  ///< no hello has left
    silent,       ///< it has, and nothing came
    broken_off,   ///< it has, and the connection ended, or something came that is no answer
    answered      ///< it has, and somebody opened no link
  };
  Error error;  ///< no_link; invalid_value for a bad URL; what `hello` failed with
  How how = How::unreachable;
  int http_status = 0;  ///< when somebody answered
  std::string body{};   ///< of that answer, at most 4 KiB; a hub sends {"error":{"code","message","hint"}}
};

using ConnectDone = std::function<void(tl::expected<std::unique_ptr<Channel>, NoChannel>)>;

/// An attempt under way. Destroying it gives up: `done` is not called any more. It may be destroyed
/// inside `done`.
class Attempt {
 public:
  virtual ~Attempt() = default;
};

/// Calls `done` once, later. `handler` must live as long as the channel.
[[nodiscard]] std::unique_ptr<Attempt> connect(Loop& loop, ConnectOptions options, ChannelHandler& handler,
                                               ConnectDone done);

struct LinkUrl {
  std::string host;
  std::string port;
  std::string path;
  bool tls = false;
  bool posts = false;         ///< http:// or https://
  std::optional<Hash> pin{};  ///< of the hub's certificate, whoever signed it
};
/// ws://host[:port][/path] or wss://host[:port][/path][#pin=BASE64URL], or the same as http:// and https://;
/// invalid_value for anything else.
Result<LinkUrl> parse_url(std::string_view url);

}  // namespace wasl
