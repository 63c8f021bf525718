#pragma once
// The open links of a hub's process, each with its session machine, and the exchange of files beside it: what
// the real program's SessionServer does with sockets and timers. One lives as long as its process. Thread:
// one.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/hub/hub.hpp"
#include "server/hub/hub_files.hpp"
#include "tests/sim/world/network.hpp"
#include "tests/sim/world/trace.hpp"

namespace wasl::sim {

class HubLinks : public std::enable_shared_from_this<HubLinks> {
 public:
  struct Ports {
    Scheduler& scheduler;
    Trace& trace;
    std::string name;  ///< the machine's
    Hub& hub;
    HubFiles* files = nullptr;  ///< null: nobody attaches files in this run
    /// Runs code of the process by the rules of its machine: what the code wants to send leaves, by send(),
    /// only if the process is still alive after. It may end the process, and with it these links.
    std::function<void(const std::function<void()>&)> work;
    std::function<void()> on_files_damaged = [] {};
  };
  explicit HubLinks(Ports ports);

  /// An upgrade request. @return why it was refused; nothing: the link is attached and the first frames
  /// leave.
  std::optional<Error> accept(ByteView hello, const std::shared_ptr<Connection>& connection);
  /// Every now and then, as the real server: what is wanted of files is asked for again.
  void look_for_files();
  /// What was committed is told to whom it concerns.
  void tell(const Committer::Committed& committed);

  [[nodiscard]] bool has_answers() const { return !outgoing_.empty(); }
  void forget_answers() { outgoing_.clear(); }
  void send();
  /// The process is gone. @param says its system still tells the other ends.
  void die(bool says);

 private:
  struct Link {
    HubSession session;
    std::shared_ptr<Connection> connection;
    std::uint64_t timer = 0;  ///< older timers are void
    std::unique_ptr<FilePort> files{};
    std::optional<FileExchange> exchange{};
    bool pump_planned = false;
  };

  void call(std::uint64_t id, const std::function<HubSession::Output(HubSession&)>& session);
  void take(std::uint64_t id, HubSession::Output out) { outgoing_.emplace_back(id, std::move(out)); }
  void arm(std::uint64_t id, const HubSession::Output& out);
  void on_frame(std::uint64_t id, ByteView frame);
  [[nodiscard]] Link* find(std::uint64_t id);
  // hub_exchanging.cpp
  [[nodiscard]] bool speaks_of_files(const Hello& hello) const;
  HubSession::Output start(Link& link);
  void take_files(std::uint64_t id, Result<FileExchange::Frames> frames);
  void tell_of_files();
  void plan_pump(std::uint64_t id, Link& link);

  Ports in_;
  std::map<std::uint64_t, Link> links_;
  std::vector<std::pair<std::uint64_t, HubSession::Output>> outgoing_;
  std::vector<attachment::FileId> whole_;  ///< by now, and the links have not been told
  bool damaged_ = false;                   ///< a chunk is, and the links have not been asked for it
  std::uint64_t last_ = 0;
  bool gone_ = false;
};

}  // namespace wasl::sim
