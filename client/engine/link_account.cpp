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
  metered_.reset();
  return {};
}

LocalTime LinkAccount::now() const { return local_time(clock_->now()); }

bool LinkAccount::counts() const {
  if (budget_.metered != Metered::automatic) return budget_.metered == Metered::yes;
  if (!metered_) metered_ = link_is_metered();
  return *metered_;
}

Allowance LinkAccount::allowance() const {
  return counts() ? wasl::allowance(budget_, usage_, now()) : Allowance();
}

Status LinkAccount::add(const LinkTraffic& traffic, Millis took) {
  const ByteCounts used{traffic.wire_in - noted_.down, traffic.wire_out - noted_.up};
  noted_ = {traffic.wire_in, traffic.wire_out};
  const bool counted = counts();
  if (used == ByteCounts() || (!counted && took == 0)) return {};
  WASL_LET(usage_, update_usage(folder_, [&](Usage& usage) {
             if (counted) add_usage(usage, now(), used);
             note_speed(usage, used, took);
           }));
  return {};
}

Status LinkAccount::close(const LinkTraffic& traffic, Millis took) {
  Status added = add(traffic, took);
  noted_ = {};
  return added;
}

}  // namespace wasl
