#pragma once
// The answering side: one TCP port for links and for plain HTTP pages. Thread: the Loop's.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "shared/net/connect.hpp"
#include "shared/net/tls.hpp"

namespace wasl {

/// Takes the link. `opened` gets the channel, may send at once (the messages leave together with the
/// HTTP answer, the caller has to say nothing first) and returns the handler, which must live as long as
/// the channel.
struct AcceptLink {
  std::function<ChannelHandler&(std::unique_ptr<Channel>)> opened;
};
struct RefuseLink {
  int status = 403;
  std::string json;  ///< {"error":{"code","message","hint"}}, below 4 KiB
};
using UpgradeAnswer = std::variant<AcceptLink, RefuseLink>;

struct HttpAnswer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body{};
  std::vector<std::pair<std::string, std::string>> headers{};
};

/// Who asks for a link.
struct Caller {
  std::string remote;               ///< address:port of the TCP peer
  std::string program{};            ///< as it calls itself (User-Agent): not to be trusted; may be empty
  std::optional<TlsBinding> tls{};  ///< of the connection, when TLS ends here
};

struct ListenOptions {
  std::string address = "127.0.0.1:7707";  ///< numbers only; [::1]:7707 for IPv6; port 0 picks a free one
  std::size_t header_limit_bytes = limits::kRequestBytes;
  std::chrono::milliseconds header_limit{limits::kRequestMillis};  ///< until the request is whole
  std::chrono::milliseconds answer_limit{limits::kAnswerMillis};   ///< until a page has left
  std::chrono::milliseconds linger_limit{limits::kLingerMillis};   ///< until the caller has read it
  /// When more wait to upgrade, the oldest of the address that has most of them is closed: who holds
  /// connections open shuts out nobody.
  std::size_t unupgraded_limit = limits::kStrangers;
  LinkOptions link{};
  std::shared_ptr<const TlsIdentity> tls{};  ///< without it the port speaks no TLS
};

struct ListenCallbacks {
  /// Decides at once.
  std::function<UpgradeAnswer(ByteView hello, const Caller& caller)> on_upgrade;
  /// GET and HEAD without upgrade. Without it everything is 404.
  std::function<HttpAnswer(const std::string& method, const std::string& target)> on_request;
};

/// Destroying it stops accepting and drops who has not upgraded; open channels stay.
class Listener {
 public:
  static Result<std::unique_ptr<Listener>> open(Loop& loop, ListenOptions options, ListenCallbacks callbacks);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  /// For connections that come from now on.
  void show(std::shared_ptr<const TlsIdentity> identity);

 private:
  class State;
  explicit Listener(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace wasl
