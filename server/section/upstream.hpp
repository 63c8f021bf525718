#pragma once
// A section's link to the network's hub: dials, feeds a ClientSession with frames and time, and dials again
// when it ends. Thread: the Loop's.
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "server/section/mirror.hpp"
#include "shared/net/connect.hpp"
#include "shared/net/loop.hpp"
#include "shared/wire/client_session.hpp"
#include "shared/wire/file_exchange.hpp"

namespace wasl {

class Upstream final : private ChannelHandler {
 public:
  struct Options {
    std::string url;
    bool live = true;
    const crypto::KeyPair* invitation = nullptr;         ///< speak as this key; must outlive this
    std::optional<Segment> extra{};                      ///< pushed first (an enrolment)
    std::function<std::unique_ptr<FilePort>()> files{};  ///< live: one for each session; none: no files
  };
  struct Ended {
    std::optional<Error> error{};
    std::optional<Verdict> extra_verdict{};
  };
  /// Loop and mirror outlive this. @param ended called when a session is over; live: it is dialled again by
  /// itself unless this object is destroyed meanwhile.
  Upstream(Loop& loop, Mirror& mirror, Random& random, Options options,
           std::function<void(const Ended&)> ended);
  ~Upstream() override;

  void start() { dial(); }
  /// Ends a session that stands and dials again.
  void renew();
  /// Something is to be carried.
  void push();
  /// Files may have come, or are named by now.
  void look_for_files();

  /// For whoever runs the hub.
  struct State {
    bool is_up = false;
    Millis since = 0;     ///< steady: of the link, or of the first try without one
    std::string trouble;  ///< why there is no link; empty: there is one, or none was tried yet
  };
  [[nodiscard]] const State& state() const { return state_; }

 private:
  void dial();
  void on_no_channel(const NoChannel& refused);
  void on_connected(std::unique_ptr<Channel> channel);
  void take(ClientSession::Output output);
  void send_files(Result<FileExchange::Frames> frames);
  void pump_files();
  void end(std::optional<Error> error);
  void on_message(ByteView message) override;
  void on_writable() override;
  void on_closed(const LinkEnd& end) override;

  Loop& loop_;
  Mirror& mirror_;
  Options options_;
  std::function<void(const Ended&)> ended_;
  Timer timer_;
  BackoffTimer retry_;
  std::unique_ptr<Attempt> attempt_;
  std::unique_ptr<Channel> channel_;
  std::unique_ptr<ClientSession> session_;
  std::unique_ptr<FilePort> files_;
  std::optional<FileExchange> exchange_;
  std::optional<Hash> hello_;
  bool binds_certificate_ = false;
  bool bound_anew_ = false;
  int draws_left_ = 5;
  bool closing_ = false;
  State state_;
};

}  // namespace wasl
