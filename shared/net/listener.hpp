#pragma once
// The answering side: one TCP port for links and for plain HTTP pages. Thread: the Loop's.
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "shared/net/connect.hpp"

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

struct ListenOptions {
  std::string address = "127.0.0.1:7707";     ///< numbers only; [::1]:7707 for IPv6; port 0 picks a free one
  std::size_t header_limit_bytes = 8 * 1024;  ///< a hello of 1 KiB and what proxies add
  std::chrono::milliseconds header_limit{10'000};  ///< until the request is whole
  std::chrono::milliseconds answer_limit{60'000};  ///< until a page has left
  std::size_t unupgraded_limit = 64;               ///< further connections are closed unheard
  LinkOptions link{};
};

struct ListenCallbacks {
  /// Decides at once. `remote` is address:port of the TCP peer.
  std::function<UpgradeAnswer(ByteView hello, const std::string& remote)> on_upgrade;
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

 private:
  class State;
  explicit Listener(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace wasl
