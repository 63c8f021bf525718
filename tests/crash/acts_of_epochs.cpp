// A hub that was restored from an old copy: what an office brings back to it, and how both go on.
#include "tests/crash/act.hpp"
#include "tests/crash/steps.hpp"

namespace wasl::test {
namespace {

constexpr Machine kHub = Machine::hub, kOffice = Machine::office, kSecond = Machine::second;

Result<std::string> size_at_hub(CrashWorld& world) {
  WASL_LET(const Position size, world.hub().size("section/africa"));
  return std::to_string(size);
}

/// The hub's disk of an hour ago, and it knows that.
void restore_hub(CrashWorld& world) {
  world.close(kHub);
  const SimDisk::Image before = world.disk(kHub).image();
  world.open(kHub);
  world.sql(kOffice,
            project("e1") + "INSERT INTO person(id, space, name) VALUES('m1', 'section/africa', 'Awa')");
  for (const Machine machine : {kOffice, kSecond}) must(sync(world, machine));
  world.note = must(size_at_hub(world));
  world.close(kHub);
  world.disk(kHub).restore(before);
  world.open(kHub);
  must(world.hub().committer().begin_recovery());
}

Status bring_back(CrashWorld& world) {
  Status done = sync(world, kOffice);
  WASL_LET(const std::string size, size_at_hub(world));
  if (size == world.note) return {};
  return done ? Status(fail(Errc::later, "not all of it is back")) : done;
}

Status open_epoch(CrashWorld& world) {
  if (!world.hub().is_recovering()) return {};
  return world.place([](NetworkStatement& next) { ++next.epoch; });
}

/// The first session of a new epoch puts right what the office holds.
Status enter_epoch(CrashWorld& world, Machine machine) {
  Status done;
  for (int session = 0; session < 3; ++session) {
    done = sync(world, machine);
    // A program on whose disk something failed is started again before it goes on.
    if (done || (machine == kOffice && world.office().must_reopen())) return done;
  }
  return done;
}

/// What is left to do until everybody is in the new epoch.
void go_on(CrashWorld& world) {
  if (world.hub().is_recovering()) must(bring_back(world));
  must(open_epoch(world));
  must(enter_epoch(world, kOffice));
  world.open(kSecond);
  must(enter_epoch(world, kSecond));
  world.close(kSecond);
}

void brought_back(CrashWorld& world) {
  restore_hub(world);
  must(bring_back(world));
}
void opened(CrashWorld& world) {
  brought_back(world);
  must(open_epoch(world));
  world.sql(kOffice, project("meanwhile"));
}

}  // namespace

std::vector<Act> acts_of_epochs() {
  std::vector<Act> out;
  for (const Machine victim : {kOffice, kHub}) {
    const std::string at = victim == kHub ? "hub-" : "";
    out.push_back({.name = at + "session-brings-back",
                   .victim = victim,
                   .prepare = restore_hub,
                   .run = bring_back,
                   .resume = go_on});
    out.push_back({.name = at + "session-enters-an-epoch",
                   .victim = victim,
                   .prepare = opened,
                   .run = [](CrashWorld& world) { return enter_epoch(world, kOffice); },
                   .resume = go_on});
  }
  out.push_back({.name = "hub-begins-recovery",
                 .victim = kHub,
                 .run = [](CrashWorld& world) { return world.hub().committer().begin_recovery(); },
                 .resume =
                     [](CrashWorld& world) {
                       world.note = must(size_at_hub(world));
                       must(world.hub().committer().begin_recovery());
                       go_on(world);
                     }});
  out.push_back({.name = "hub-opens-an-epoch",
                 .victim = kHub,
                 .prepare = brought_back,
                 .run = open_epoch,
                 .resume = go_on});
  out.push_back({.name = "hub-places-a-statement", .victim = kHub, .run = [](CrashWorld& world) -> Status {
                   if (world.hub().authority().statement().number > 1) return {};
                   return world.place([](NetworkStatement& next) { next.name = "Renamed"; });
                 }});
  return out;
}

}  // namespace wasl::test
