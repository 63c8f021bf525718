#include "tests/sim/world/faults.hpp"

namespace wasl::sim {
namespace {

constexpr std::array<std::string_view, kFaults> kWords = {
    "drop",
    "delay",
    "duplicate",
    "reorder",
    "cut_mid_frame",
    "one_byte_reads",
    "half_open_up",
    "half_open_down",
    "partition_one_way",
    "partition_full",
    "flapping",
    "rate_2g",
    "duplicate_connection",
    "kill_office_at_write",
    "kill_hub_at_write",
    "kill_in_recovery",
    "kill_before_answer",
    "kill_after_answer",
    "stop_for_an_hour",
    "disk_full",
    "io_error_read",
    "io_error_write",
    "io_error_sync",
    "power_cut",
    "power_cut_reordered",
    "hub_power_cut",
    "hub_io_error",
    "bit_flip",
    "wal_lost",
    "clock_2099",
    "clock_1970",
    "clock_backwards",
    "clock_step",
    "clock_drift",
    "clocks_apart",
    "version_behind",
    "version_ahead",
    "invitation_reused",
    "late_join",
    "unauthorised_write",
    "replica_restored",
    "disk_cloned",
    "two_daemons",
    "hub_restored",
    "device_revoked",
    "laptop_stolen",
    "work_adopted",
    "work_discarded",
    "hub_recovered",
    "value_erased",
    "erasure_withdrawn",
    "record_published",
    "edition_withdrawn",
    "descriptions_published",
    "confirmation_awaited",
    "file_attached",
    "office_chunk_flipped",
    "hub_chunk_flipped",
    "office_files_lost",
    "hub_files_lost",
    "revoked_unheard",
    "section_hub",
    "section_killed",
    "section_cut_off",
    "section_disk_lost",
    "deleted_collected",
    "bundle_to_hub",
    "bundle_to_office",
    "bundle_again",
    "bundle_damaged",
};

/// These drew their weights from the run's own dice; later ones have dice of their own.
constexpr std::size_t kFirstFaults = static_cast<std::size_t>(Fault::two_daemons) + 1;

}  // namespace

std::string_view to_word(Fault fault) { return kWords[static_cast<std::size_t>(fault)]; }

std::optional<Fault> fault_of(std::string_view word) {
  for (std::size_t i = 0; i < kFaults; ++i) {
    if (kWords[i] == word) return static_cast<Fault>(i);
  }
  return std::nullopt;
}

Faults::Faults(std::uint64_t seed, test::Dice& dice) {
  const double density = 0.1 + 0.5 * static_cast<double>(dice.below(1000)) / 1000.0;
  for (std::size_t i = 0; i < kFaults; ++i) {
    test::Dice own(seed ^ (i << 32));
    test::Dice& from = i < kFirstFaults ? dice : own;
    const double drawn = 0.1 + static_cast<double>(from.below(1000)) / 1000.0;
    on_[i] = from.chance(density) ? drawn : 0;
  }
}

std::optional<Fault> Faults::choose(test::Dice& dice, const std::vector<Fault>& candidates) const {
  double whole = 0;
  for (const Fault fault : candidates) whole += on_[index(fault)];
  if (whole <= 0 || ended_) return std::nullopt;
  double at = whole * static_cast<double>(dice.below(1'000'000)) / 1e6;
  for (const Fault fault : candidates) {
    at -= on_[index(fault)];
    if (at < 0) return fault;
  }
  return std::nullopt;
}

std::map<std::string, std::uint64_t> Faults::counts() const {
  std::map<std::string, std::uint64_t> counts;
  for (std::size_t i = 0; i < kFaults; ++i) {
    if (on_[i] > 0) counts[std::string(kWords[i])] = fired_[i];
  }
  return counts;
}

bool Faults::strikes(Fault fault, test::Dice& dice, double probability) {
  if (ended_ || !is_on(fault) || !dice.chance(probability * on_[index(fault)])) return false;
  fired(fault);
  return true;
}

}  // namespace wasl::sim
