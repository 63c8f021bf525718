#include "tests/sim/world/secretariat.hpp"

#include <algorithm>

#include "shared/authority/person_acts.hpp"

namespace wasl::sim {
namespace {

constexpr Millis kLookEvery = 5'000;

/// By what the office knows.
bool is_unconfirmed(OfficeMachine& office) {
  if (office.unconfirmed) return true;
  const auto authority = office.replica()->authority();
  if (!authority) return true;
  const Device* device = (*authority)->device(office.replica()->device());
  return device == nullptr || waits_for_confirmation(**authority, device->grant);
}

}  // namespace

bool Secretariat::revoke(OfficeMachine& office, RevocationReason reason, Millis since) {
  if (!world_.hub.is_up() || world_.hub.old_heads || world_.hub.disk().failed() > 0 ||
      office.replica() == nullptr)
    return false;
  const auto standing = std::ranges::count_if(world_.offices, [](const auto& one) { return !one->revoked; });
  if (office.revoked || office.may_be_corrupt || world_.cloned || standing < 3) return false;
  const bool knows_nothing = is_unconfirmed(office);
  if (knows_nothing && !world_.faults.is_on(Fault::revoked_unheard)) return false;
  const Status done = world_.hub.revoke({office.replica()->device(), reason, since});
  world_.trace.note("hub", "revokes: " + (done ? std::string("done") : done.error().message));
  office.revoked = done.has_value();
  if (!done) look_whether_revoked(office);
  if (done && knows_nothing) world_.faults.fired(Fault::revoked_unheard);
  world_.decided = world_.decided || done;
  return done.has_value();
}

/// What could not be written may stand all the same.
void Secretariat::look_whether_revoked(OfficeMachine& office) {
  world_.scheduler.after(kLookEvery, [this, &office] {
    if (!world_.hub.is_in_charge() || office.replica() == nullptr) return look_whether_revoked(office);
    const Device* const device = world_.hub.hub().authority().device(office.replica()->device());
    if (device == nullptr || !device->revoked) return;
    office.revoked = true;
    world_.decided = true;
  });
}

bool Secretariat::decide_waiting(bool adopts) {
  if (!world_.hub.is_up() || world_.hub.old_heads || world_.hub.disk().failed() > 0) return false;
  const auto waiting = world_.hub.store().kept_list(true);
  if (!waiting || waiting->empty()) return false;
  const Header& one = (*waiting)[world_.dice.below(waiting->size())].header;
  std::vector<Hash> names;
  for (const KeptSet& kept : *waiting) {
    if (kept.header.source == one.source && kept.header.group == one.group && names.size() < kNamesOfAct)
      names.push_back(kept.name);
  }
  const Status done = adopts ? world_.hub.decide(AdoptAct{names}, one.space)
                             : world_.hub.decide(DiscardAct{one.space, names, DiscardReason::mistaken},
                                                 std::string(kAuthoritySpace));
  world_.trace.note("hub", std::string(adopts ? "adopts " : "discards ") + std::to_string(names.size()) +
                               ": " + (done ? std::string("done") : done.error().message));
  world_.decided = world_.decided || done;
  return done.has_value();
}

}  // namespace wasl::sim
