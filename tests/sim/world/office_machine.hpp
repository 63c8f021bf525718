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

#include "client/attachments/office_files.hpp"
#include "client/replica/replica.hpp"
#include "shared/wire/client_session.hpp"
#include "tests/sim/world/hub_machine.hpp"
#include "tests/sim/world/other_program.hpp"
#include "tests/sim/world/section_machine.hpp"
#include "tests/sim/world/witness.hpp"

namespace wasl::sim {

class OfficeMachine {
 public:
  struct Setting {
    std::string name;
    std::string organisation;
    std::string role = "officer";
    const Schema* schema = nullptr;
    bool live = true;   ///< a daemon; else a sync now and then
    bool near = false;  ///< it knows its section's hub, and calls that one and the network's by turns
  };
  /// Sessions with a hub that recovers, to their end.
  std::uint64_t came_back = 0;
  struct Ports {
    Scheduler& scheduler;
    Faults& faults;
    test::Dice& dice;
    Trace& trace;
    HubMachine& hub;
    SectionMachine* section = nullptr;  ///< null: none in this run
  };

  OfficeMachine(const Ports& ports, Setting setting);
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
  /// Likewise of a command beside whatever runs: a replica is opened for it. @return nothing when it died.
  std::optional<Status> command(const std::function<Status(Replica&)>& work);
  Replica* replica();
  /// Of the first process; null: none runs, or nobody attaches files in this run.
  OfficeFiles* files();

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
  /// files.db is gone, with all chunks.
  void lose_files();

  [[nodiscard]] const Setting& setting() const { return setting_; }
  [[nodiscard]] std::string folder() const { return disk_.folder(); }
  test::SimDisk& disk() { return disk_; }
  /// Others' work that it keeps.
  [[nodiscard]] CarriedWork carried() const { return CarriedWork(disk_.folder() + "/carried.db"); }
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
  static constexpr int kDraws = 5;  ///< of session numbers at once, as the real client
  struct Process {
    std::uint64_t id = 0;
    std::unique_ptr<Replica> replica;
    std::unique_ptr<OfficeFiles> files;
    std::unique_ptr<Witness> witness;
    std::unique_ptr<ClientSession> session;
    std::shared_ptr<Connection> connection;
    std::uint64_t timer = 0;    ///< older timers are void
    std::uint64_t attempt = 0;  ///< older attempts to connect are void
    bool meets_old = false;     ///< its last session is with an old copy of the hub
    bool near = false;          ///< its last session is with its section's hub
    Millis backoff = 1'000;
    int draws_left = kDraws;
    std::int64_t data_version = -1;
    std::optional<FileExchange> exchange{};         ///< of files, beside the session
    std::optional<ClientSession::Output> ending{};  ///< of the session: files are still under way
    std::uint64_t silence = 0;                      ///< older timers are void
    bool pump_planned = false;
  };

  Process* find(std::uint64_t id);
  bool launch();
  void call(std::uint64_t id, const std::function<void(Process&)>& code);
  void connect(Process& process);
  bool draw_again(std::uint64_t id, std::uint64_t attempt);
  void upgrade(std::uint64_t id, std::uint64_t attempt, const Bytes& hello);
  [[nodiscard]] bool would_believe_old(const Bytes& hello) const;
  [[nodiscard]] bool calls_section(const Process& process) const;
  std::optional<Error> call_hub(bool near, const Bytes& hello, const std::shared_ptr<Connection>& connection);
  void leave_section_in_time(const Process& process);
  void take(Process& process, ClientSession::Output out);
  void send(Process& process);
  // office_exchanging.cpp
  bool open_files(Process& process);
  void tidy_files(std::uint64_t id);
  void take_files(Process& process, Result<FileExchange::Frames> frames);
  bool waits_for_files(Process& process, ClientSession::Output& out);
  void arm_silence(Process& process);
  void stop_files(Process& process);
  void plan_pump(Process& process);
  void put_files_aside();
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

  Ports in_;
  Setting setting_;
  MachineClock clock_;
  test::SimDisk disk_;
  test::Dice random_;
  std::shared_ptr<Line> line_ = std::make_shared<Line>();
  std::vector<std::unique_ptr<Process>> processes_;
  OtherProgram tool_;
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
  int corrupt_ = 0;             ///< how often its replica was said to be
  bool failed_ = false;         ///< its disk, in the last process
  bool files_damaged_ = false;  ///< files.db cannot be read
  std::optional<Error> last_error_;
};

}  // namespace wasl::sim
