#pragma once
// Who counts or remembers what sessions do. Thread: the Loop's; nothing here may block long or throw.
#include <chrono>
#include <string>

#include "server/hub/committer.hpp"
#include "shared/net/channel.hpp"

namespace wasl {

/// One session, as its observers name it.
struct SessionName {
  std::string id;  ///< as in the logs of both sides
  PublicKey key;
};

class SessionObserver {
 public:
  virtual ~SessionObserver() = default;
  /// @param program of the office, as it says: "wasl/0.1.0"; empty: it does not say.
  virtual void on_opened(const SessionName& /*session*/, const std::string& /*program*/) {}
  /// @param key of a hello that its key has signed; nothing: nobody knows who it was.
  virtual void on_refused(const std::optional<PublicKey>& /*key*/, const Error& /*error*/) {}
  /// @param error what ended it before its time; nothing: one side closed it properly.
  virtual void on_closed(const SessionName& /*session*/, const LinkTraffic& /*traffic*/,
                         const std::optional<Error>& /*error*/) {}
  virtual void on_committed(const Committer::Committed& /*committed*/) {}
  /// How long a commit took that committed something.
  virtual void on_commit_took(std::chrono::duration<double> /*seconds*/) {}
};

}  // namespace wasl
