#include "tests/sim/world/trouble.hpp"

namespace wasl::sim {
namespace {

const std::vector<Fault> kOfficeFaults = {Fault::half_open_up,
                                          Fault::half_open_down,
                                          Fault::partition_one_way,
                                          Fault::partition_full,
                                          Fault::flapping,
                                          Fault::rate_2g,
                                          Fault::duplicate_connection,
                                          Fault::kill_office_at_write,
                                          Fault::kill_in_recovery,
                                          Fault::stop_for_an_hour,
                                          Fault::disk_full,
                                          Fault::io_error_read,
                                          Fault::io_error_write,
                                          Fault::io_error_sync,
                                          Fault::power_cut,
                                          Fault::power_cut_reordered,
                                          Fault::bit_flip,
                                          Fault::wal_lost,
                                          Fault::clock_2099,
                                          Fault::clock_1970,
                                          Fault::clock_backwards,
                                          Fault::clock_step,
                                          Fault::clock_drift,
                                          Fault::replica_restored,
                                          Fault::disk_cloned,
                                          Fault::two_daemons,
                                          Fault::kill_hub_at_write,
                                          Fault::hub_power_cut,
                                          Fault::hub_io_error,
                                          Fault::hub_restored,
                                          Fault::hub_recovered,
                                          Fault::late_join,
                                          Fault::invitation_reused,
                                          Fault::device_revoked,
                                          Fault::laptop_stolen,
                                          Fault::work_adopted,
                                          Fault::work_discarded,
                                          Fault::section_killed,
                                          Fault::section_cut_off,
                                          Fault::section_disk_lost};

/// What would leave a revoked device without the log by which it knows where its work belongs.
bool takes_the_log(Fault fault) {
  return fault == Fault::bit_flip || fault == Fault::wal_lost || fault == Fault::replica_restored ||
         fault == Fault::disk_cloned;
}

}  // namespace

void Trouble::make() {
  const auto fault = world_.faults.choose(world_.dice, kOfficeFaults);
  if (!fault) return;
  OfficeMachine& office = world_.any_office();
  world_.trace.note(office.setting().name, "trouble: " + std::string(to_word(*fault)));
  if (office.revoked && takes_the_log(*fault)) return;
  if (!strike(*fault, office)) return;
  if (*fault != Fault::kill_office_at_write && *fault != Fault::kill_hub_at_write &&
      *fault != Fault::kill_in_recovery && *fault != Fault::section_killed) {
    world_.faults.fired(*fault);  // those count themselves, when the write comes
  }
}

bool Trouble::strike(Fault fault, OfficeMachine& office) {
  return strike_line(world_, fault, office) || strike_process(world_, fault, office) ||
         strike_disk(world_, fault, office) || strike_clock(world_, fault, office) ||
         strike_section(world_, fault) || strike_people(fault, office);
}

bool Trouble::strike_people(Fault fault, OfficeMachine& office) {
  switch (fault) {
    case Fault::replica_restored:
      return rooms_.operators.restore_replica(office);
    case Fault::disk_cloned:
      return rooms_.operators.clone(office);
    case Fault::hub_restored:
      return rooms_.operators.restore_hub();
    case Fault::device_revoked:
      return rooms_.secretariat.revoke(
          office, world_.dice.chance(0.5) ? RevocationReason::lost : RevocationReason::left, 0);
    case Fault::laptop_stolen:
      return rooms_.secretariat.revoke(
          office, RevocationReason::compromised,
          world_.hub.is_up() ? world_.hub.hub().hub_time() - world_.some_time(0, 600'000) : 0);
    case Fault::work_adopted:
      return rooms_.secretariat.decide_waiting(true);
    case Fault::work_discarded:
      return rooms_.secretariat.decide_waiting(false);
    case Fault::hub_recovered:
      return rooms_.operators.recover_hub();
    case Fault::late_join:
      return rooms_.membership.join_late();
    case Fault::invitation_reused:
      return rooms_.membership.reuse_invitation();
    default:
      return false;
  }
}

}  // namespace wasl::sim
