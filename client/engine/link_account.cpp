#include "client/engine/link_account.hpp"

#include "client/engine/budget_files.hpp"
#include "client/engine/metered.hpp"

namespace wasl {

Result<LinkAccount> LinkAccount::open(std::filesystem::path folder, Clock& clock) {
  LinkAccount out(std::move(folder), clock);
  WASL_TRY(out.refresh());
  return out;
}

Status LinkAccount::refresh() {
  WASL_LET(budget_, read_budget(folder_));
  usage_ = read_usage(folder_);
  return {};
}

LocalTime LinkAccount::now() const { return local_time(clock_->now()); }

bool LinkAccount::counts() const {
  return budget_.metered == Metered::yes || (budget_.metered == Metered::automatic && link_is_metered());
}

Allowance LinkAccount::allowance() const {
  return counts() ? wasl::allowance(budget_, usage_, now()) : Allowance();
}

Status LinkAccount::note(const LinkTraffic& traffic) {
  const ByteCounts used{traffic.wire_in - noted_.down, traffic.wire_out - noted_.up};
  noted_ = {traffic.wire_in, traffic.wire_out};
  if (used == ByteCounts() || !counts()) return {};
  const std::uint64_t speed = usage_.bits_per_second;
  WASL_LET(usage_, update_usage(folder_, [&](Usage& usage) {
             add_usage(usage, now(), used);
             if (speed != 0) usage.bits_per_second = speed;
           }));
  return {};
}

Status LinkAccount::close(const LinkTraffic& traffic) {
  Status noted = note(traffic);
  noted_ = {};
  return noted;
}

void LinkAccount::learn_speed(const SyncOutcome& outcome) {
  note_speed(usage_, {outcome.traffic.wire_in, outcome.traffic.wire_out}, outcome.took);
}

}  // namespace wasl
