#pragma once
// The machine of a section's hub: its disk, and while it runs the real mirror with its session to the
// network's hub, and the real hub of a section with its links to offices. Its dice are its own. Thread: one.
#include <memory>
#include <optional>
#include <string>

#include "server/section/mirror.hpp"
#include "tests/sim/world/hub_machine.hpp"

namespace wasl::sim {

class SectionMachine {
 public:
  struct Ports {
    Scheduler& scheduler;
    Faults& faults;
    Trace& trace;
    HubMachine& above;
    const Schema& schema;
  };
  SectionMachine(const Ports& ports, std::string organisation, std::uint64_t seed);
  ~SectionMachine();
  SectionMachine(const SectionMachine&) = delete;
  SectionMachine& operator=(const SectionMachine&) = delete;

  /// Joins the network over a link without trouble, and starts. @pre the network's hub is up.
  std::optional<Error> join(const Invitation& invitation);
  /// It has a copy to serve from.
  [[nodiscard]] bool is_serving() const { return process_ != nullptr && process_->hub != nullptr; }
  /// See HubMachine::accept(). @pre is_serving().
  std::optional<Error> accept(ByteView hello, const std::shared_ptr<Connection>& connection);

  // ── What happens to it ──
  void kill();
  void cut_power(test::SimDisk::Tear tear);
  void start_after(Millis wait);
  /// All but its key.
  void lose_disk();
  test::SimDisk& disk() { return disk_; }
  MachineClock& clock() { return clock_; }
  /// Its line to the network's hub.
  Line& line() { return *line_; }

  // ── At rest ──
  [[nodiscard]] const std::string& organisation() const { return organisation_; }
  [[nodiscard]] const PublicKey& device() const { return device_.public_key(); }
  /// @pre is_serving().
  HubStore& store() { return *process_->store; }
  KeptWork& kept() { return *process_->kept; }
  Hub& hub() { return *process_->hub; }

 private:
  struct Process {
    std::uint64_t id = 0;
    std::unique_ptr<HubStore> store;
    std::optional<KeptWork> kept;
    std::optional<SectionStore> section;
    std::optional<Mirror> mirror;
    std::unique_ptr<Hub> hub;  ///< null: nothing is mirrored yet
    std::shared_ptr<HubLinks> links;
    bool commit_planned = false;
    Position erased = 0;  ///< up to which erasure work without entries was looked through
    // Its session with the network's hub.
    std::unique_ptr<ClientSession> session;
    std::shared_ptr<Connection> connection;
    std::uint64_t attempt = 0;  ///< older ones are void
    std::uint64_t timer = 0;
    Millis backoff = 1'000;
    int draws_left = 0;
  };

  void start();
  Status open(Process& process);
  Status serve(Process& process);
  void commit();
  void erase_due(std::uint64_t id);
  void work(const std::function<void()>& code);
  void end_process(bool tells);
  // section_uplink.cpp
  void dial();
  void upgrade(const Bytes& hello);
  void attach(const std::shared_ptr<Connection>& connection);
  void take(ClientSession::Output out);
  void ended(const std::optional<Error>& error);
  void retry();
  void begin_anew();
  void settle();
  void of_this_attempt(Millis wait, const std::function<void()>& code);

  Ports in_;
  const std::string organisation_;
  test::Dice dice_;
  MachineClock clock_;
  test::SimDisk disk_;
  test::Dice random_;
  crypto::KeyPair device_;
  std::shared_ptr<Line> line_ = std::make_shared<Line>();
  std::unique_ptr<Process> process_;
  std::vector<ClientSession::Output> outgoing_;
  std::uint64_t last_id_ = 0;
};

}  // namespace wasl::sim
