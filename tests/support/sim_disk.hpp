#pragma once
// Disks in memory under SQLite's VFS: what was written and not yet made durable is kept apart, so that a
// power cut can lose, reorder and tear it; any call can fail, once or for ever; the process can end at any
// write. The file names begin with the machine's name: "/office-1/replica.db" is a file of "office-1".
// Thread: one; one set of disks a process.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/environment.hpp"

namespace wasl::test {

/// Splitmix64: the same on every machine, and cheap.
class Dice final : public Random {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  /// 0 … bound - 1.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  bool chance(double probability) { return static_cast<double>(next() >> 11) * 0x1p-53 < probability; }
  void fill(std::span<Byte> out) override;

 private:
  std::uint64_t state_;
};

enum class DiskCall { read, write, sync };  // `write`: also making, shortening and removing files

/// One machine's disk.
class SimDisk {
 public:
  /// What fails next. Counting starts when it is set.
  struct Failure {
    DiskCall call = DiskCall::write;
    std::uint64_t after = 0;  ///< calls of this kind that still work
    bool for_ever = false;
    int code = 0;  ///< of SQLite: SQLITE_IOERR_WRITE, SQLITE_FULL, …
  };

  /// @param clock what SQL's 'now' says here; must outlive the disk.
  SimDisk(std::string name, Clock& clock, std::uint64_t seed);
  ~SimDisk();
  SimDisk(const SimDisk&) = delete;
  SimDisk& operator=(const SimDisk&) = delete;

  [[nodiscard]] std::string folder() const { return "/" + name_; }

  // ── Trouble to come ──
  void fail(const Failure& failure) { failure_ = failure; }
  void mend() { failure_.reset(); }
  [[nodiscard]] std::uint64_t failed() const { return failed_; }  ///< calls that were made to fail
  void set_room(std::optional<std::uint64_t> bytes) { room_ = bytes; }
  /// From here on a sync says yes and makes nothing durable, as a bad medium does.
  void lie_about_syncs() { lies_ = true; }
  /// The process ends before the write or sync of this number, counted from now: nothing it does after
  /// leaves a trace. A write may be cut in its middle.
  void kill_after(std::uint64_t writes_and_syncs) { kill_at_ = steps_ + writes_and_syncs; }
  void no_kill() { kill_at_.reset(); }
  [[nodiscard]] bool killed() const { return killed_; }
  /// Writes and syncs so far: what kill_after counts.
  [[nodiscard]] std::uint64_t steps() const { return steps_; }

  // ── Trouble now ── @pre every connection of this machine is closed, but for power_cut's own closing.
  /// The process is gone, the system's cache is not. Call when its objects are destroyed.
  void revive();
  /// The same where nothing can be closed any more: whoever has files open keeps them, and nobody sees it.
  void abandon();
  enum class Tear { lose, keep, reorder };
  /// What no sync covers is lost, kept or torn at any place, as the dice say. Includes revive().
  void cut_power(Tear tear);
  /// What the dice say from here on follows from `seed` alone.
  void reseed(std::uint64_t seed) { dice_ = Dice(seed); }
  bool flip_bit(const std::string& file);
  /// In these bytes, where they stand in the file.
  bool flip_bit_in(const std::string& file, ByteView bytes);
  bool remove(const std::string& file);
  [[nodiscard]] std::vector<std::string> files() const;
  [[nodiscard]] std::uint64_t size(const std::string& file) const;
  [[nodiscard]] std::optional<Bytes> content(const std::string& file) const;

  /// A copy of all files, as an administrator makes it while nothing runs.
  using Image = std::map<std::string, Bytes>;
  [[nodiscard]] Image image() const;
  void restore(const Image& image);

  struct File;    // for the VFS
  struct Opened;  // for the VFS

 private:
  friend struct SimVfs;
  int before(DiskCall call);
  void sync_names();

  std::string name_;
  Clock& clock_;
  Dice dice_;
  std::map<std::string, std::shared_ptr<File>> files_;
  std::map<std::string, Bytes> unlinked_;  ///< removed, and no sync of the folder has said so
  std::optional<Failure> failure_;
  std::optional<std::uint64_t> room_;
  std::optional<std::uint64_t> kill_at_;
  std::uint64_t steps_ = 0;
  std::uint64_t failed_ = 0;
  bool killed_ = false;
  bool lies_ = false;
};

/// Whether a call of a simulated disk is under way: its memory is not that of the program above it.
bool inside_disk();

/// Makes the simulated disks SQLite's default VFS for as long as it lives, and its random numbers follow the
/// seed.
class SimDisks {
 public:
  explicit SimDisks(std::uint64_t seed);
  ~SimDisks();
  SimDisks(const SimDisks&) = delete;
  SimDisks& operator=(const SimDisks&) = delete;
};

}  // namespace wasl::test
