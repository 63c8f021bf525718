#include "tests/sim/world/membership.hpp"

#include <algorithm>

namespace wasl::sim {
namespace {

constexpr std::string_view kSection = "section-1", kFirstAssociation = "assoc-1";

}  // namespace

void Membership::found() {
  world_.hub.add_organisation("world", "world", "");
  world_.hub.add_organisation(std::string(kSection), "section", "world");
  world_.hub.add_organisation("section-2", "section", "world");
  if (world_.faults.is_on(Fault::section_hub)) found_section();
  const std::uint64_t count = 2 + world_.dice.below(4);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string association = "assoc-" + std::to_string(1 + i / 2);  // two offices of one association
    if (i % 2 == 0)
      world_.hub.add_organisation(association, "association", i < 2 ? std::string(kSection) : "section-2");
    add_office(association);
  }
  for (auto& office : world_.offices) {
    if (world_.faults.strikes(Fault::clocks_apart, world_.dice, 1)) {
      office->clock().step(static_cast<Millis>(world_.dice.below(7'200'000)) - 3'600'000);
    }
    office->start();
  }
}

/// Its dice are its own: without it the rest of a run is as it was.
void Membership::found_section() {
  world_.section =
      std::make_unique<SectionMachine>(SectionMachine::Ports{world_.scheduler, world_.faults, world_.trace,
                                                             world_.hub, world_.versions.in_force},
                                       std::string(kSection), world_.options.seed ^ 0x5EC7);
  const auto invitation = world_.hub.invite(std::string(kSection), "section_hub");
  const auto refused = invitation ? world_.section->join(*invitation) : std::optional(invitation.error());
  if (refused) world_.trace.violation("section", "cannot join: " + refused->message);
}

/// @param confirm its rights begin when a registrar says so.
/// @return nothing when the hub could not take it.
OfficeMachine* Membership::add_office(const std::string& organisation, bool confirm) {
  OfficeMachine::Setting setting;
  setting.name = "office-" + std::to_string(++office_count_);
  setting.organisation = organisation;
  setting.schema = &world_.versions.in_force;
  if (world_.faults.strikes(Fault::version_behind, world_.dice, 0.5)) {
    setting.schema = &world_.versions.behind;
  } else if (world_.faults.strikes(Fault::version_ahead, world_.dice, 0.5)) {
    setting.schema = &world_.versions.ahead;
  }
  setting.live = world_.dice.chance(0.6);
  setting.near = organisation == kFirstAssociation;
  auto office = std::make_unique<OfficeMachine>(world_.ports(), setting);
  office->unconfirmed = confirm;
  const auto invitation = world_.hub.invite(organisation, "officer", confirm);
  if (!invitation || !office->join(*invitation)) {
    if (late_joins_ > 0 || confirm) return nullptr;  // the hub's disk may fail under it
    world_.trace.violation(setting.name,
                           "cannot join: " + (invitation ? office->last_error().value_or(Error{}).message
                                                         : invitation.error().message));
  }
  if (invitation) used_invitations_.push_back(*invitation);
  return &world_.take_in(std::move(office));
}

bool Membership::join_unconfirmed() {
  if (!world_.hub.is_in_charge() || joined_unconfirmed_) return false;
  OfficeMachine* const office = add_office(world_.offices[0]->setting().organisation, true);
  if (office == nullptr) return false;
  joined_unconfirmed_ = true;
  office->start();
  const Millis least = 60'000;
  const Millis wait = least + static_cast<Millis>(world_.persons.dice().below(900'000));
  world_.scheduler.after(wait, [this, office] { confirm(*office); });
  return true;
}

void Membership::shut_out_unheard(Secretariat& secretariat) {
  const auto waiting = std::ranges::find_if(world_.offices, [](const auto& one) { return one->unconfirmed; });
  if (waiting == world_.offices.end()) {
    join_unconfirmed();
    return;
  }
  OfficeMachine& office = **waiting;
  if (!world_.hub.is_in_charge() || office.replica() == nullptr) return;
  office.line().blocked[0] = office.line().blocked[1] = true;
  world_.scheduler.after(60'000, [&office] { office.line().blocked[0] = office.line().blocked[1] = false; });
  if (world_.persons.dice().chance(0.7) && world_.hub.confirm(office.replica()->device()))
    office.unconfirmed = false;
  secretariat.revoke(office, RevocationReason::lost, 0);
}

void Membership::confirm(OfficeMachine& office) {
  if (office.revoked) return;
  const bool sound = world_.hub.is_up() && !world_.hub.old_heads && !world_.hub.is_recovering();
  Status done;
  if (!sound || office.replica() == nullptr || !(done = world_.hub.confirm(office.replica()->device()))) {
    if (!done) world_.trace.note("hub", "does not confirm: " + done.error().message);
    world_.scheduler.after(10'000, [this, &office] { confirm(office); });
    return;
  }
  office.unconfirmed = false;
}

bool Membership::join_late() {
  if (world_.hub.is_recovering()) return false;
  if (!world_.hub.is_up() || world_.hub.disk().failed() > 0 || late_joins_ >= 2 || world_.hub.old_heads)
    return false;
  ++late_joins_;
  OfficeMachine* const office = add_office(world_.offices[0]->setting().organisation);
  if (office != nullptr) office->start();
  return office != nullptr;
}

bool Membership::reuse_invitation() {
  if (!world_.hub.is_up() || used_invitations_.empty() || world_.hub.old_heads || world_.hub.is_recovering())
    return false;
  OfficeMachine::Setting setting = world_.offices[0]->setting();
  setting.name = "intruder-" + std::to_string(++intruders_);
  OfficeMachine intruder(world_.ports(), setting);
  if (intruder.join(used_invitations_[world_.dice.below(used_invitations_.size())])) {
    world_.trace.violation(setting.name, "joined with an invitation that was used");
  }
  return true;
}

}  // namespace wasl::sim
