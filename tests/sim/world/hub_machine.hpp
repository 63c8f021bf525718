#pragma once
// The hub's machine: its disk, its clock, and while it runs the real hub with its links.
#include <memory>
#include <optional>
#include <string>

#include "server/hub/registrar.hpp"
#include "server/store/open_store.hpp"
#include "tests/sim/world/hub_links.hpp"

namespace wasl::sim {

class HubMachine {
 public:
  HubMachine(Scheduler& scheduler, const Schema& schema, Faults& faults, test::Dice& dice, Trace& trace);
  ~HubMachine();

  [[nodiscard]] bool is_up() const { return process_ != nullptr; }
  /// It is up, sound, and speaks for the network: persons can act at it.
  [[nodiscard]] bool is_in_charge() const {
    return is_up() && !old_heads && !is_recovering() && disk_.failed() == 0;
  }
  /// @pre is_up().
  Hub& hub() { return process_->hub; }
  HubStore& store() { return *process_->store; }
  /// Null: nobody attaches files in this run.
  HubFiles* files() { return process_->files.get(); }
  /// @param confirm the device gets its rights by a later confirm().
  Result<Invitation> invite(const std::string& organisation, const std::string& role, bool confirm = false);
  Status confirm(const PublicKey& device);
  /// Gives a person's key all rights, as an administrator has them.
  Status enrol(const PublicKey& person) { return process_->registrar->enrol_administrator(person); }
  Status publish(const Schema& descriptions);
  void add_organisation(const std::string& id, const std::string& kind, const std::string& parent);
  Status revoke(const RevokeAct& revoke) { return process_->registrar->revoke(revoke); }
  /// An administrator's act; outside `authority` an adoption. Whoever it is is enrolled at the first.
  Status decide(const Act& act, const std::string& space);
  [[nodiscard]] const Schema& schema() const { return schema_; }
  [[nodiscard]] const NetworkId& network() const { return network_; }
  [[nodiscard]] const PublicKey& log_key() const { return log_key_.public_key(); }

  /// An upgrade request. @return why it was refused; nothing: the link is attached and the first frames
  /// leave.
  std::optional<Error> accept(ByteView hello, const std::shared_ptr<Connection>& connection);

  /// A commit that no link asked for. What it has to say to the links leaves.
  Committer::Committed commit_now();

  /// What an operator's command does in the hub's process.
  void command(const std::function<Status(Hub&)>& code);

  /// Whatever is dead of the space by `floor` goes for good. @return how many records.
  Result<std::size_t> collect(const std::string& space, Position floor);

  // ── What happens to it ──
  void kill();
  void cut_power(test::SimDisk::Tear tear);
  /// files.db is gone, with all chunks.
  void lose_files();
  void start_after(Millis wait);
  /// A copy of the disk, as a backup makes it.
  [[nodiscard]] test::SimDisk::Image image() const { return disk_.image(); }
  void restore(const test::SimDisk::Image& image);
  /// An old copy takes the disk's place, and the operator says so.
  void recover(const test::SimDisk::Image& image);
  [[nodiscard]] bool is_recovering() const {
    return told_to_recover_ || (process_ != nullptr && process_->hub.is_recovering());
  }
  /// The roots sign a statement that opens the next epoch. @return whether it is in force.
  bool open_epoch();
  /// How many heads the old copy had that serves now instead of the newest.
  std::optional<std::uint64_t> old_heads;
  test::SimDisk& disk() { return disk_; }
  MachineClock& clock() { return clock_; }
  [[nodiscard]] bool is_idle() const;
  [[nodiscard]] std::uint64_t commits() const { return commits_; }

 private:
  struct Process {
    std::unique_ptr<HubStore> store;
    Hub hub;
    std::optional<Registrar> registrar;
    std::unique_ptr<HubFiles> files;
    std::shared_ptr<HubLinks> links;
    bool commit_planned = false;
    Process(std::unique_ptr<HubStore> opened, const Committer::Ports& ports)
        : store(std::move(opened)), hub(ports) {}
  };

  void found();
  void start();
  void erase_due(std::uint64_t start);
  /// Runs code of the process. What it wants to send leaves only if it is still alive after.
  void work(const std::function<void()>& code);
  void commit();
  void end_process(bool tells);
  Status open_files();

  Scheduler& scheduler_;
  const Schema& schema_;
  Faults& faults_;
  test::Dice& dice_;
  Trace& trace_;
  MachineClock clock_;
  test::SimDisk disk_;
  test::Dice random_;
  crypto::KeyPair root_, registrar_key_, log_key_, administrator_;
  NetworkId network_;
  std::unique_ptr<Process> process_;
  std::uint64_t commits_ = 0;
  std::uint64_t starts_ = 0;
  bool failed_ = false;         ///< its disk, in the last process
  bool files_damaged_ = false;  ///< files.db cannot be read
  bool told_to_recover_ = false;
};

}  // namespace wasl::sim
