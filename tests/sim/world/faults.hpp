#pragma once
// The names of what can go wrong, and how often it did. A seed switches on its own subset.
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/sim_disk.hpp"

namespace wasl::sim {

enum class Fault : std::uint8_t {
  // the network
  drop,
  delay,
  duplicate,
  reorder,
  cut_mid_frame,
  one_byte_reads,
  half_open_up,
  half_open_down,
  partition_one_way,
  partition_full,
  flapping,
  rate_2g,
  duplicate_connection,
  // processes
  kill_office_at_write,
  kill_hub_at_write,
  kill_in_recovery,
  kill_before_answer,
  kill_after_answer,
  stop_for_an_hour,
  // disks
  disk_full,
  io_error_read,
  io_error_write,
  io_error_sync,
  power_cut,
  power_cut_reordered,
  hub_power_cut,
  hub_io_error,
  bit_flip,
  wal_lost,
  // clocks
  clock_2099,
  clock_1970,
  clock_backwards,
  clock_step,
  clock_drift,
  clocks_apart,
  // versions
  version_behind,
  version_ahead,
  // membership
  invitation_reused,
  late_join,
  unauthorised_write,
  // operators
  replica_restored,
  disk_cloned,
  two_daemons,
  hub_restored,  ///< an old copy serves as if nothing were
  // decisions of persons
  device_revoked,
  laptop_stolen,
  work_adopted,
  work_discarded,
  hub_recovered,  ///< an old copy that knows: it takes back, and a new epoch begins
  value_erased,
  erasure_withdrawn,
  record_published,
  edition_withdrawn,
  descriptions_published,
  confirmation_awaited,  ///< an office joins, and its rights begin later
  // files
  file_attached,
  office_chunk_flipped,
  hub_chunk_flipped,
  office_files_lost,  ///< files.db, with all chunks
  hub_files_lost,
  // membership
  revoked_unheard,  ///< a device is shut out before it has heard that it was confirmed
  // a section's hub
  section_hub,  ///< it stands between its offices and the network's hub; counts their sessions with it
  section_killed,
  section_cut_off,    ///< from the network's hub
  section_disk_lost,  ///< all but its key
  // the hub's housekeeping
  deleted_collected,  ///< records that are dead go for good; who was away for too long did not know
  // sticks
  bundle_to_hub,     ///< its answer comes back, or not
  bundle_to_office,  ///< what an office has proved, and what it holds without an entry
  bundle_again,      ///< one of long ago
  bundle_damaged,
};
constexpr std::size_t kFaults = static_cast<std::size_t>(Fault::bundle_damaged) + 1;

std::string_view to_word(Fault fault);
std::optional<Fault> fault_of(std::string_view word);

class Faults {
 public:
  /// Each fault is on with a probability that the seed chooses too. A fault added at the end of the list
  /// leaves what a seed means for the others as it was.
  Faults(std::uint64_t seed, test::Dice& dice);

  void switch_off(Fault fault) { on_[index(fault)] = 0; }
  [[nodiscard]] bool is_on(Fault fault) const { return on_[index(fault)] > 0; }
  /// Chooses among those of `candidates` that are on, by their weights; nothing when none is.
  std::optional<Fault> choose(test::Dice& dice, const std::vector<Fault>& candidates) const;
  void fired(Fault fault) { ++fired_[index(fault)]; }
  [[nodiscard]] std::uint64_t count(Fault fault) const { return fired_[index(fault)]; }
  /// Those switched on, by name.
  [[nodiscard]] std::map<std::string, std::uint64_t> counts() const;
  /// From now on nothing goes wrong.
  void end() { ended_ = true; }
  /// Whether it happens now: it is on, nothing has ended it, and the dice say so.
  bool strikes(Fault fault, test::Dice& dice, double probability);

 private:
  static std::size_t index(Fault fault) { return static_cast<std::size_t>(fault); }
  std::array<double, kFaults> on_{};  ///< weight; 0: off
  std::array<std::uint64_t, kFaults> fired_{};
  bool ended_ = false;
};

}  // namespace wasl::sim
