#pragma once
// What the hub remembers of each device's sessions, so that whoever runs it sees who fails to sync, since
// when and why. Bookkeeping, not history. Thread: the Loop's.
#include <map>
#include <optional>
#include <string>

#include "server/hub/hub.hpp"
#include "server/session/session_observer.hpp"

namespace wasl {

struct DeviceJournal {
  std::string program;  ///< as it called itself last; empty: it did not say
  std::string session;  ///< of its newest
  Millis began = 0;     ///< its newest
  Millis ended = 0;     ///< the newest that has ended
  // Since a session of it last came to its end, with a proof.
  std::uint64_t failures = 0;
  Millis failing_since = 0;  ///< 0: nothing has failed
  Millis failed = 0;         ///< last
  std::string code, reason;  ///< why, last

  /// @param seen DeviceNote::last_seen: the hello moves it, and the end of a sync moves it once more.
  [[nodiscard]] bool newest_is_whole(Millis seen) const { return seen > began; }
  [[nodiscard]] bool fails(Millis seen) const {
    return failing_since != 0 && !(began > failed && newest_is_whole(seen));
  }
};

class SessionJournal final : public SessionObserver {
 public:
  /// The hub must outlive it.
  explicit SessionJournal(Hub& hub) : hub_(hub) {}

  void on_opened(const SessionName& session, const std::string& program) override;
  void on_refused(const std::optional<PublicKey>& key, const Error& error) override;
  void on_closed(const SessionName& session, const LinkTraffic& traffic,
                 const std::optional<Error>& error) override;

  /// Durably, as one transaction; nothing when nothing has happened. Call it every now and then and at the
  /// end. What cannot be written is tried again with the next call.
  Status flush();
  /// Nothing: the device has had no session yet.
  static Result<std::optional<DeviceJournal>> read(HubStore& store, const PublicKey& key);

 private:
  /// Null: no device of the network; strangers leave nothing behind.
  DeviceJournal* of(const PublicKey& key);
  void note_failure(DeviceJournal& one, const Error& error);
  Millis last_seen(const PublicKey& key);

  Hub& hub_;
  std::map<PublicKey, DeviceJournal> changed_;
};

}  // namespace wasl
