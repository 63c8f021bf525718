#include "tests/sim/world/ending.hpp"

#include <sqlite3.h>

#include <algorithm>

namespace wasl::sim {
namespace {

constexpr std::uint64_t kWorkWhileErasing = 20;
constexpr Millis kBeforeErasing = 600'000;

}  // namespace

void Ending::judge() {
  if (!world_.trace.violations().empty()) return;
  judge_files();
  judge_all();
  wait_for_erasures();
  if (!world_.trace.violations().empty()) return;
  rest_.start_one_anew();
  Judgement after(world_.hub, world_.versions, world_.trace);
  if (erasing_) after.check_erased(personal_, world_.machines(), world_.section.get());
  for (const auto& office : world_.offices) {
    if (office->replica() == nullptr || office->revoked) continue;
    after.check_office(*office);
    after.check_withdrawal(*office);
  }
  for (const std::string& name : world_.hub.hub().authority().spaces()) {
    if (const auto info = world_.hub.store().space(name)) change_sets_ += (*info)->size;
  }
}

/// Whoever reads a damaged chunk knows of it, and the next sessions bring it back. Until then other files of
/// its space are not said to be whole, so that what is damaged in them is noticed after.
void Ending::judge_files() {
  if (!world_.faults.is_on(Fault::file_attached)) return;
  while (world_.trace.violations().empty() && attaching_.read_all() > 0) {
    for (const auto& office : world_.offices) {
      office->kill();
      office->start_after(10);
    }
    rest_.heal();
  }
}

void Ending::judge_all() {
  Judgement judgement(world_.hub, world_.versions, world_.trace);
  judgement.check_logs();
  judgement.check_confirmations();
  judgement.check_signed(world_.persons.signed_work());
  if (world_.section != nullptr) judgement.check_section(*world_.section);
  for (const auto& office : world_.offices) {
    judgement.check_promises(*office, office->replica()->device(), newest_time_of(*office));
    if (office->revoked) continue;
    judgement.check_office(*office);
    judgement.check_scope(*office);
  }
  judgement.check_survivors(world_.survivors, world_.machines());
}

/// All go home until the last erasure is about to come into force. Some are back before, some behind it,
/// and while values go everywhere, people work and machines fail.
void Ending::wait_for_erasures() {
  Judgement before(world_.hub, world_.versions, world_.trace);
  const auto due = before.last_due();
  if (!due || !world_.trace.violations().empty()) return;
  erasing_ = true;
  personal_ = before.personal_values(world_.machines());
  world_.trace.note("world", "goes home");
  for (const auto& office : world_.offices) office->shut_down();
  const Millis wait = *due - world_.hub.hub().hub_time() - kBeforeErasing;
  world_.scheduler.run_until(world_.scheduler.now() + std::max<Millis>(0, wait));
  for (const auto& office : world_.offices) {
    office->start_after(world_.persons.dice().chance(0.5) ? 10 : time_while_erasing());
    const Millis when = time_while_erasing();
    world_.scheduler.after(when, [this, &office = *office] { fail_while_erasing(office); });
  }
  if (world_.persons.dice().chance(0.5))
    world_.scheduler.after(kBeforeErasing - 60'000,
                           [this] { world_.hub.disk().kill_after(world_.persons.dice().below(60)); });
  for (std::uint64_t i = 0; i < kWorkWhileErasing; ++i) {
    world_.scheduler.run_until(world_.scheduler.now() +
                               2 * kBeforeErasing / static_cast<Millis>(kWorkWhileErasing));
    world_.work.step(world_.any_office());
  }
  rest_.heal();
  world_.scheduler.run_until(world_.scheduler.now() +
                             kBeforeErasing / 2);  // a file that somebody reads is tried again
  rest_.heal();
  if (!world_.trace.violations().empty()) return;
  Judgement judgement(world_.hub, world_.versions, world_.trace);
  judgement.check_erased(personal_, world_.machines(), world_.section.get());
  world_.survivors.discarded(judgement.erased_tokens(personal_));
  judge_all();
}

Millis Ending::time_while_erasing() {
  return static_cast<Millis>(world_.persons.dice().below(2 * static_cast<std::uint64_t>(kBeforeErasing)));
}

void Ending::fail_while_erasing(OfficeMachine& office) {
  test::Dice& dice = world_.persons.dice();
  switch (dice.below(8)) {
    case 0:
    case 1:
      return office.disk().kill_after(dice.below(200));
    case 2:
      office.cut_power(dice.chance(0.5) ? test::SimDisk::Tear::lose : test::SimDisk::Tear::reorder);
      return office.start_after(world_.some_time(5'000, 300'000));
    case 3:
      return office.disk().fail({test::DiskCall::write, dice.below(100), false, SQLITE_IOERR_WRITE});
    case 4:
      return office.second_daemon_for(world_.some_time(60'000, 600'000));
    default:
      return;
  }
}

/// As far as any machine with this device's key ever believed.
Millis Ending::newest_time_of(OfficeMachine& office) {
  Millis newest = 0;
  for (const auto& one : world_.offices) {
    if (one->replica() != nullptr && one->replica()->device() == office.replica()->device())
      newest = std::max(newest, one->newest_time());
  }
  return newest;
}

}  // namespace wasl::sim
