#pragma once
// An office's machine: its disk, its clock, and the processes that run on it: the daemon or a sync now and
// then, on the real replica. What the real program does with sockets and timers is done here with the
// simulated ones. Programs of other people write its file directly (`tool`).
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/replica/replica.hpp"
#include "shared/wire/client_session.hpp"
#include "tests/sim/world/hub_machine.hpp"

struct sqlite3;

namespace wasl::sim {

/// Passes what a session says on to the replica, and keeps what the hub promised.
class Witness final : public ClientPort {
 public:
  struct Promise {
    ChainId chain;
    Sequence sequence = 0;
    auto operator<=>(const Promise&) const = default;
  };
  struct Promises {
    std::set<Promise> accepted;
    std::set<Promise> discarded;  ///< of these only the header is accepted, as often as it is offered
  };
  /// @param old an old copy of the hub speaks: its promises are none.
  Witness(Replica& replica, Promises& promises, bool old,
          std::function<void(std::optional<bool> equal)> on_proved)
      : replica_(replica), promises_(promises), old_(old), on_proved_(std::move(on_proved)) {}

  Result<PublicKey> on_statements(const std::vector<SignedStatement>& statements) override {
    return replica_.on_statements(statements);
  }
  Status on_welcome(const Welcome& welcome) override { return replica_.on_welcome(welcome); }
  Result<std::optional<Return>> next_return() override { return replica_.next_return(); }
  Result<std::optional<Segment>> next_push(std::size_t most) override { return replica_.next_push(most); }
  void rewind_push() override { replica_.rewind_push(); }
  Status on_verdicts(const std::vector<VerdictItem>& verdicts) override;
  Status on_entries(Segment segment) override { return replica_.on_entries(std::move(segment)); }
  Result<std::optional<bool>> on_proof(const Proof& proof) override;
  std::vector<Cursor> applied_cursors() override { return replica_.applied_cursors(); }
  Status on_session_end(std::optional<bool> equal) override { return replica_.on_session_end(equal); }
  Status on_lie(const Error& seen, ByteView frame) override { return replica_.on_lie(seen, frame); }
  KnownLogs* known_logs() override { return replica_.known_logs(); }
  void on_not_rebuilt() override { replica_.on_not_rebuilt(); }
  Status on_order(const Segment& order) override { return replica_.on_order(order); }
  Status wipe() override { return replica_.wipe(); }

 private:
  Replica& replica_;
  Promises& promises_;
  bool old_;
  std::function<void(std::optional<bool>)> on_proved_;
};

class OfficeMachine {
 public:
  struct Setting {
    std::string name;
    std::string organisation;
    std::string role = "officer";
    const Schema* schema = nullptr;
    bool live = true;  ///< a daemon; else a sync now and then
  };
  /// Sessions with a hub that recovers, to their end.
  std::uint64_t came_back = 0;
  struct World {
    Scheduler& scheduler;
    Faults& faults;
    test::Dice& dice;
    Trace& trace;
    HubMachine& hub;
  };

  OfficeMachine(const World& world, Setting setting);
  ~OfficeMachine();

  /// Enrols over a link without trouble. @pre the hub is up. @return whether it is in the network.
  bool join(const Invitation& invitation);
  /// Starts as a copy of another machine: the same device twice.
  void become(const test::SimDisk::Image& image);
  void start();

  /// SQL of a program that knows nothing of Wasl. @return whether it was told that the work is saved.
  [[nodiscard]] bool has_notes();  ///< of programs, not sealed yet
  bool tool(const std::string& sql);
  std::vector<std::vector<std::string>> rows(const std::string& query);
  /// Work through the replica of the first process that runs. @return nothing when none runs or it died.
  std::optional<Status> act(const std::function<Status(Replica&)>& work);
  Replica* replica();

  // ── What happens to it ──
  void kill(bool tells = true);
  void cut_power(test::SimDisk::Tear tear);
  void stop_for(Millis duration);
  void resume();
  void second_daemon_for(Millis duration);
  void duplicate_connection();
  void lose(Side from);
  void start_after(Millis wait);
  /// Switched off in good order.
  void shut_down() { kill(); }
  /// Whoever looks after the machine: files are put right by what the program said.
  void remove_replica();

  [[nodiscard]] const Setting& setting() const { return setting_; }
  [[nodiscard]] std::string folder() const { return disk_.folder(); }
  test::SimDisk& disk() { return disk_; }
  MachineClock& clock() { return clock_; }
  Line& line() { return *line_; }
  [[nodiscard]] const std::set<Witness::Promise>& promises() const { return promises_.accepted; }
  [[nodiscard]] bool is_running() const { return !processes_.empty(); }
  [[nodiscard]] bool has_fork() const { return forked_; }
  [[nodiscard]] std::optional<Error> last_error() const { return last_error_; }
  [[nodiscard]] Millis newest_time() const { return newest_time_; }
  /// The last session ended or stands with "equal", and since.
  [[nodiscard]] bool is_equal() const { return equal_; }
  std::function<void()> on_sealed = [] {};
  std::function<void()> on_damaged = [] {};  ///< its replica.db cannot be read, and is put aside
  std::function<void(OfficeMachine&)> on_equal = [](OfficeMachine&) {};
  /// An old copy of the hub spoke to it, and what it said may still stand beside what the hub says.
  bool may_be_caught = false;
  bool may_be_corrupt = false;  ///< something damaged its files
  bool revoked = false;         ///< its key: it hands over what it has, and learns nothing more
  bool unconfirmed = false;     ///< nobody has compared its fingerprint yet, or it has not heard of it
  bool went_back = false;       ///< an older copy of its folder took its place

 private:
  struct Process {
    std::uint64_t id = 0;
    std::unique_ptr<Replica> replica;
    std::unique_ptr<Witness> witness;
    std::unique_ptr<ClientSession> session;
    std::shared_ptr<Connection> connection;
    std::uint64_t timer = 0;    ///< older timers are void
    std::uint64_t attempt = 0;  ///< older attempts to connect are void
    bool meets_old = false;     ///< its last session is with an old copy of the hub
    Millis backoff = 1'000;
    int draws_left = 0;  ///< of session numbers, before it waits
    std::int64_t data_version = -1;
  };

  Process* find(std::uint64_t id);
  bool launch();
  void call(std::uint64_t id, const std::function<void(Process&)>& code);
  void connect(Process& process);
  bool draw_again(std::uint64_t id, std::uint64_t attempt);
  void upgrade(std::uint64_t id, std::uint64_t attempt, const Bytes& hello);
  [[nodiscard]] bool would_believe_old(const Bytes& hello) const;
  void take(Process& process, ClientSession::Output out);
  void send(Process& process);
  void note_frame(const Process& process, ByteView frame);
  void ended(Process& process, std::optional<Error> error);
  void retry(Process& process);
  void watch(std::uint64_t id);
  void look_for_erasures(std::uint64_t id);
  /// @return whether the process still runs.
  bool seal(Process& process);
  static bool has_notes(Process& process);
  /// @return whether the process still runs.
  bool handle(Process& process, const Error& error);
  void end(bool tells);
  void give_up_replica();
  bool killed();
  sqlite3* tool_connection();
  void close_tool();

  World in_;
  Setting setting_;
  MachineClock clock_;
  test::SimDisk disk_;
  test::Dice random_;
  std::shared_ptr<Line> line_ = std::make_shared<Line>();
  std::vector<std::unique_ptr<Process>> processes_;
  sqlite3* tool_ = nullptr;
  std::vector<ClientSession::Output> outgoing_;
  Witness::Promises promises_;
  std::uint64_t last_id_ = 0;
  Millis stopped_until_ = 0;
  std::vector<std::function<void()>> deferred_;  ///< what the stopped processes will find to do
  Millis newest_time_ = 0;
  bool equal_ = false;
  bool off_ = false;  ///< no power
  bool forked_ = false;
  bool start_planned_ = false;
  int corrupt_ = 0;      ///< how often its replica was said to be
  bool failed_ = false;  ///< its disk, in the last process
  std::optional<Error> last_error_;
};

}  // namespace wasl::sim
