#pragma once
// What the hub counts, as Prometheus reads it. Thread: the Loop's.
#include <filesystem>
#include <memory>
#include <string>

#include "server/session/session_observer.hpp"
#include "server/session/session_server.hpp"

namespace wasl {

class HubMetrics final : public SessionObserver {
 public:
  struct Sources {
    Hub& hub;
    SessionServer& sessions;
    const HubFiles& files;
    std::filesystem::path database;
    std::filesystem::path certificate;  ///< empty: none of its own
  };
  /// The sources must outlive it. It counts from here on.
  explicit HubMetrics(Sources sources);
  ~HubMetrics() override;

  /// In Prometheus' text format 0.0.4. Reads the store: counts, never what is counted.
  std::string text();
  static const char* content_type() { return "text/plain; version=0.0.4; charset=utf-8"; }

  void on_opened(const SessionName& session, const std::string& program) override;
  void on_refused(const std::optional<PublicKey>& key, const Error& error) override;
  void on_closed(const SessionName& session, const LinkTraffic& traffic,
                 const std::optional<Error>& error) override;
  void on_committed(const Committer::Committed& committed) override;
  void on_commit_took(std::chrono::duration<double> seconds) override;

 private:
  struct State;
  void look();
  void look_at_what_waits();
  void look_at_others(SharedStore& shared);

  std::unique_ptr<State> state_;
};

}  // namespace wasl
