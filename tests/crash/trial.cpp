#include "tests/crash/trial.hpp"

#include <cstdio>

#include "tests/crash/settling.hpp"

namespace wasl::test {
namespace {

constexpr std::uint64_t kPrepareSeed = 99, kSettleSeed = 77, kAgainSeed = 55;
constexpr Millis kPause = 3'600'000;  // until somebody switches it on again
constexpr std::size_t kAll = SIZE_MAX;

void cut(SimDisk& disk, Cut how) {
  switch (how) {
    case Cut::death:
      return disk.revive();
    case Cut::lose:
      return disk.cut_power(SimDisk::Tear::lose);
    case Cut::tear:
      return disk.cut_power(SimDisk::Tear::reorder);
  }
}

}  // namespace

std::string_view to_word(Cut cut) { return cut == Cut::death ? "death" : cut == Cut::lose ? "lose" : "tear"; }

Trial::Trial(CrashWorld& world, const CrashWorld::Saved& base, const Scenario& scenario)
    : world_(world), scenario_(scenario) {
  world_.restore(base, kPrepareSeed);
  for (const Machine machine : {Machine::hub, Machine::office, Machine::second}) world_.open(machine);
  scenario_.prepare(world_);
  saved_ = world_.save();
  begin(1);
  const SimDisk& disk = world_.disk(scenario_.victim);
  const std::uint64_t before = disk.steps();
  const std::size_t marks = run(kAll);
  steps_ = disk.steps() - before;
  world_.close_all();
  for (std::size_t k = 0; k <= marks; ++k) {
    begin(1);
    run(k);
    world_.close_all();
    expected_.push_back(settle());
  }
}

void Trial::begin(std::uint64_t seed) {
  world_.restore(saved_, seed);
  for (const Machine machine : scenario_.open) world_.open(machine);
}

std::size_t Trial::run(std::size_t most) {
  SimDisk& victim = world_.disk(scenario_.victim);
  std::size_t done = 0;
  const auto mark = [&] {
    if (victim.killed()) throw Ended{};
    if (++done == most) throw Ended{};
  };
  if (most == 0) return 0;
  try {
    scenario_.run(world_, mark);
  } catch (const Ended&) {
  } catch (const std::runtime_error&) {
    if (!victim.killed()) throw;
  }
  return done;
}

void Trial::end(const Point& point) {
  SimDisk& victim = world_.disk(scenario_.victim);
  victim.kill_after(0);  // closing leaves no trace
  world_.close_all();
  cut(victim, point.cut);
}

std::size_t Trial::interrupt(const Point& point) {
  begin(point.dice);
  world_.disk(scenario_.victim).kill_after(point.index);
  const std::size_t done = run(kAll);
  end(point);
  return done;
}

void Trial::interrupt_opening(const Point& point) {
  SimDisk& victim = world_.disk(scenario_.victim);
  victim.reseed(point.dice + kAgainSeed);
  victim.kill_after(*point.again);
  if (scenario_.victim == Machine::hub) {
    (void)world_.try_open_hub();
  } else {
    (void)world_.try_open_office();
  }
  end(point);
}

std::uint64_t Trial::opening_steps(const Point& point) {
  interrupt(point);
  SimDisk& victim = world_.disk(scenario_.victim);
  const std::uint64_t before = victim.steps();
  interrupt_opening({point.index, point.cut, point.dice, SIZE_MAX / 2});
  return victim.steps() - before;
}

std::string Trial::settle() {
  world_.clock.time = saved_.time + kPause;
  world_.random.state = TestRandom().state + kSettleSeed;
  std::string out = test::settle(world_, scenario_);
  world_.close_all();
  return out;
}

void Trial::check(const Point& point) {
  ++verdicts_.points;
  try {
    const std::size_t done = interrupt(point);
    if (point.again) interrupt_opening(point);
    if (!seen_.insert({world_.fingerprint(), done}).second) return;
    ++verdicts_.disks;
    const std::string now = settle();
    if (now == expected_[done]) return;
    if (done + 1 < expected_.size() && now == expected_[done + 1]) return;
    report(point, std::to_string(done) + " steps were acknowledged\n" + difference(expected_[done], now),
           false);
  } catch (const std::runtime_error& error) {
    report(point, error.what(), true);
    world_.close_all();
  }
}

void Trial::report(const Point& point, const std::string& what, bool corrupt) {
  ++(corrupt ? verdicts_.corrupt : verdicts_.lost);
  std::printf("%s: %s\n  again: wasl_crash --scenario %s --index %llu --cut %s --dice %llu%s\n",
              scenario_.name.c_str(), what.c_str(), scenario_.name.c_str(),
              static_cast<unsigned long long>(point.index), std::string(to_word(point.cut)).c_str(),
              static_cast<unsigned long long>(point.dice),
              point.again ? (" --again " + std::to_string(*point.again)).c_str() : "");
}

}  // namespace wasl::test
