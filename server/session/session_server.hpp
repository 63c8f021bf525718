#pragma once
// The hub's open links: each channel with its session machine. Thread: the Loop's.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "server/hub/hub.hpp"
#include "shared/net/listener.hpp"
#include "shared/net/loop.hpp"

namespace wasl {

class SessionServer {
 public:
  SessionServer(Loop& loop, Hub& hub);
  ~SessionServer();

  /// Errors: invalid_value, locked (the port is taken).
  Status listen(const std::string& address);
  [[nodiscard]] std::uint16_t port() const { return listener_->port(); }
  [[nodiscard]] std::size_t open_links() const { return links_.size(); }
  /// Takes no more links, commits what is queued, says goodbye, then calls `stopped`.
  void stop(std::function<void()> stopped);

 private:
  class Link;
  UpgradeAnswer on_upgrade(ByteView hello, const std::string& remote);
  HttpAnswer on_request(const std::string& target);
  void on_committed(const Committer::Committed& committed);
  void forget(std::uint64_t id);
  /// Ends the oldest links of a key that has as many as it may.
  void make_room(const PublicKey& key);

  Loop& loop_;
  Hub& hub_;
  Timer commit_timer_;
  Timer stop_timer_;
  std::unique_ptr<Listener> listener_;
  std::map<std::uint64_t, std::unique_ptr<Link>> links_;
  std::uint64_t last_id_ = 0;
  std::function<void()> stopped_;
};

}  // namespace wasl
