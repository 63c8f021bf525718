#pragma once
// The hub's open links: each channel with its session machine. Thread: the Loop's.
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/hub/hub_files.hpp"
#include "server/session/session_observer.hpp"
#include "shared/base/limits.hpp"
#include "shared/net/listener.hpp"
#include "shared/net/loop.hpp"

namespace wasl {

class SessionServer {
 public:
  SessionServer(Loop& loop, Hub& hub);
  ~SessionServer();

  /// Must outlive the server.
  void tell(SessionObserver& observer) { observers_.push_back(&observer); }

  struct Options {
    std::string address{};
    std::shared_ptr<const TlsIdentity> tls{};    ///< none: the port speaks no TLS
    std::optional<Hash> proxy_certificate{};     ///< pin of what a proxy shows that ends TLS before this port
    std::size_t strangers = limits::kStrangers;  ///< see ListenOptions::unupgraded_limit
  };
  /// Errors: invalid_value, locked (the port is taken).
  Status listen(const Options& options);
  /// Sessions that come from now on exchange files too; must outlive this.
  void serve_files(HubFiles& files);
  /// For connections that come from now on.
  void show(std::shared_ptr<const TlsIdentity> identity) { listener_->show(std::move(identity)); }
  [[nodiscard]] std::uint16_t port() const { return listener_->port(); }
  [[nodiscard]] std::size_t open_links() const { return links_.size(); }
  /// Of all open links together.
  [[nodiscard]] LinkTraffic open_traffic() const;
  /// Takes no more links, commits what is queued, says goodbye, then calls `stopped`; after `most` in any
  /// case.
  void stop(std::chrono::milliseconds most, std::function<void()> stopped);

  /// What came to be whole or damaged, by whatever way, is told to who may read it.
  void tell_of_files();
  /// About once a second: what has waited too long for an answer is told so as well.
  void pass_files_on();

 private:
  class Link;
  UpgradeAnswer on_upgrade(ByteView hello, const Caller& caller);
  Result<Hello> look_and_admit(ByteView hello_bytes, const std::vector<Hash>& bindings);
  HttpAnswer on_request(const std::string& target);
  void on_committed(const Committer::Committed& committed);
  UpgradeAnswer refuse(const Hash& hello, ByteView hello_bytes, const Caller& caller, const Error& error);
  void commit();
  void forget(std::uint64_t id);
  [[nodiscard]] bool speaks_of_files(const Hello& hello) const;
  /// Ends the oldest links of a key that has as many as it may.
  void make_room(const PublicKey& key);

  Loop& loop_;
  Hub& hub_;
  HubFiles* files_ = nullptr;
  std::vector<attachment::FileId> whole_;  ///< by now, and the links have not been told
  bool files_damaged_ = false;             ///< a chunk is, and the links have not been asked for it
  Timer commit_timer_;
  Timer stop_timer_;
  std::optional<Hash> proxy_certificate_;
  std::unique_ptr<Listener> listener_;
  std::map<std::uint64_t, std::unique_ptr<Link>> links_;
  std::uint64_t last_id_ = 0;
  std::vector<SessionObserver*> observers_;
  std::function<void()> stopped_;
};

}  // namespace wasl
