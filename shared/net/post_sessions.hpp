#pragma once
// Inside shared/net only: the hub's end of sessions that go by HTTP POSTs. No sockets: the listener brings
// whole POSTs and carries the answers. Thread: the Loop's.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "shared/net/listener.hpp"

namespace wasl {

struct PostLimits {
  std::chrono::milliseconds wait{5'000};      ///< for something to say, before the answer that says nothing
  std::chrono::milliseconds gather{10};       ///< for more, once there is something
  std::chrono::milliseconds silence{60'000};  ///< without a POST: the session is over
  std::size_t sessions = 1024;                ///< in all
  std::size_t calls = 3;                  ///< of one session, under way at once: a lost one and its repeats
  std::size_t answer_bytes = 128 * 1024;  ///< one answer brings about so much, or one larger frame
};

class PostSessions {
 public:
  using Accept = std::function<UpgradeAnswer(ByteView hello, const Caller& caller)>;
  using Reply = std::function<void(HttpAnswer)>;

  PostSessions(Loop& loop, const LinkOptions& link, const PostLimits& limits, Accept accept);
  ~PostSessions();
  PostSessions(const PostSessions&) = delete;
  PostSessions& operator=(const PostSessions&) = delete;

  /// One POST of a session that is being read and answered. While there is one the session stays.
  class Call;
  /// Errors, as the answer to give: 404 there is no such session, 429 too many of its POSTs are under way.
  tl::expected<std::unique_ptr<Call>, HttpAnswer> begin(const std::string& session);

  struct Opened {
    HttpAnswer answer;
    std::unique_ptr<Call> call{};  ///< until the answer has left; none: refused
  };
  /// The first POST, which brings the hello.
  Opened open(ByteView body, const Caller& caller);
  /// Another one, whole. `reply` is called once, at once or later, or not at all when the sessions end.
  /// @param waits whether the caller has time until there is something to say.
  void take(const Call& call, std::uint64_t number, bool waits, ByteView body, Reply reply);
  /// Nobody can ask any more: what is said from now on reaches who waits already.
  void stop_listening();

 private:
  class Link;
  class End;
  Loop& loop_;
  LinkOptions link_;
  PostLimits limits_;
  Accept accept_;
  std::map<std::string, std::shared_ptr<Link>> links_;
  bool is_listening_ = true;
};

class PostSessions::Call {
 public:
  explicit Call(std::shared_ptr<Link> link);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

 private:
  friend class PostSessions;
  std::shared_ptr<Link> link_;
};

}  // namespace wasl
