#pragma once
// A hub and two offices in one process, each on a simulated disk of its own. Everything that is not on a
// disk is made anew when a machine opens, so a machine that is closed is a machine that has crashed.
// Thread: one.
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "server/hub/hub.hpp"
#include "server/hub/registrar.hpp"
#include "server/store/open_store.hpp"
#include "tests/support/hub_world.hpp"
#include "tests/support/sim_disk.hpp"

namespace wasl::test {

enum class Machine { hub, office, second };

class CrashWorld {
 public:
  /// Founds the network; two offices join and know one project.
  CrashWorld();
  ~CrashWorld();

  // ── All of it, to come back to ──
  struct Saved {
    SimDisk::Image hub, office, second;
    Millis time = 0;
    std::string note;
  };
  Saved save();  ///< closes every machine
  /// @pre every machine is closed. From here on chance follows `seed`.
  void restore(const Saved& saved, std::uint64_t seed);
  /// What the disks hold, in one number.
  [[nodiscard]] std::size_t fingerprint() const;

  // ── Machines ──
  void open(Machine machine);
  void close(Machine machine);
  void close_all();
  /// The process has ended where nothing could be closed: its objects are left behind.
  void abandon();
  SimDisk& disk(Machine machine);
  Hub& hub() { return *hub_; }
  HubStore& store() { return *store_; }
  Registrar& registrar() { return *registrar_; }
  Replica& office() { return *office_; }
  Replica& second() { return *second_; }
  /// Places the first statement in an empty folder, and starts.
  void found();
  /// Places the next network statement, signed by the root.
  Status place(const std::function<void(NetworkStatement&)>& change);
  /// The folder of an office that never joined.
  void make_office(Machine machine, const Invitation& invitation);
  /// Errors as Replica::open gives them; an office that never joined is not_found.
  Status try_open_office();
  Status try_open_hub();
  Replica::Ports ports();

  // ── What people and programs do ──
  /// As any program would: a connection of its own, one transaction. Throws SQLite's words.
  void sql(Machine machine, const std::string& statements);
  std::string rows(Machine machine, const std::string& query);
  CarriedSession sync(Replica& replica, CarryOptions options = {});
  /// One session as the invitation's key.
  CarriedSession speak(Replica& replica, const Invitation& invitation, std::optional<Segment> extra,
                       CarryOptions options = {});
  Invitation invite(const std::string& organisation, const std::string& role = "officer");

  TestClock clock;
  TestRandom random;
  std::string note;  ///< what a scenario keeps for its run, outside every machine

 private:
  std::optional<SimDisks> disks_;
  SimDisk hub_disk_, office_disk_, second_disk_;
  crypto::KeyPair root_, registrar_key_, log_key_;
  std::unique_ptr<HubStore> store_;
  std::unique_ptr<Hub> hub_;
  std::optional<Registrar> registrar_;
  std::unique_ptr<Replica> office_, second_;
};

}  // namespace wasl::test
