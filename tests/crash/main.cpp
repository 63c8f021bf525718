// wasl_crash: real replicas and a real hub on simulated disks, ended and cut off at every write and sync.
//
//   wasl_crash                        about 10,000 points
//   WASL_DEEP=1 wasl_crash            about 200,000
//   wasl_crash --scenario seal-one    one scenario; with --index, --cut, --dice and --again one point
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "shared/log/log.hpp"
#include "tests/crash/trial.hpp"

namespace wasl::test {
namespace {

struct Arguments {
  std::string scenario, cut = "death";
  std::optional<std::uint64_t> index, again;
  std::uint64_t dice = 1;
  std::uint64_t points = 10'000;
  bool lying = false;
};

Cut cut_of(const std::string& word) {
  return word == "lose" ? Cut::lose : word == "tear" ? Cut::tear : Cut::death;
}

/// Trouble in the opening after the trouble: at most `room` points. @return how many there are
std::uint64_t enumerate_openings(Trial& trial, std::uint64_t room) {
  const std::uint64_t indexes = trial.steps() + 1;
  const std::uint64_t every = std::max<std::uint64_t>(1, indexes / 6);
  std::uint64_t left = room;
  for (std::uint64_t offset = every / 2; left > 0 && offset < every; ++offset) {
    for (std::uint64_t index = offset; index < indexes && left > 0; index += every) {
      for (const Cut cut : {Cut::death, Cut::tear}) {
        const std::uint64_t opening = trial.opening_steps({index, cut, 1, std::nullopt});
        const std::uint64_t step =
            std::max<std::uint64_t>(1, opening * 12 / std::max<std::uint64_t>(1, room));
        for (std::uint64_t again = 0; again <= opening && left > 0; again += step, --left) {
          trial.check({index, cut, 1, again});
        }
      }
    }
  }
  return room - left;
}

/// `room` points: a quarter in openings where there are as many, each index in each way, then more dice.
void enumerate(Trial& trial, std::uint64_t room) {
  const std::uint64_t indexes = trial.steps() + 1;
  std::uint64_t left = room - enumerate_openings(trial, room / 4);
  const std::uint64_t stride = std::max<std::uint64_t>(1, indexes * 3 / std::max<std::uint64_t>(1, left));
  for (std::uint64_t dice = 1; left > 0; ++dice) {
    for (std::uint64_t index = 0; index < indexes && left > 0; ++index) {
      for (const Cut cut : {Cut::death, Cut::lose, Cut::tear}) {
        // A long scenario: each index once, the ways taking turns.
        if (stride > 1 && (index + dice) % 3 != static_cast<std::uint64_t>(cut)) continue;
        if (dice > 1 && cut == Cut::lose) continue;  // no dice are thrown
        if (left == 0) break;
        trial.check({index, cut, dice, std::nullopt});
        --left;
      }
    }
  }
}

int run(const Arguments& in) {
  using Clock = std::chrono::steady_clock;
  CrashWorld world;
  const CrashWorld::Saved base = world.save();
  if (in.lying) world.disk(Machine::office).lie_about_syncs();
  Verdicts all;
  const auto started = Clock::now();
  const auto seconds_since = [](Clock::time_point t) {
    return std::chrono::duration<double>(Clock::now() - t).count();
  };
  const std::uint64_t room = (in.points + scenarios().size() - 1) / scenarios().size();
  for (const Scenario& scenario : scenarios()) {
    if (!in.scenario.empty() && scenario.name != in.scenario) continue;
    const auto begun = Clock::now();
    Trial trial(world, base, scenario);
    if (in.index) {
      trial.check({*in.index, cut_of(in.cut), in.dice, in.again});
    } else {
      enumerate(trial, room);
    }
    const Verdicts& v = trial.verdicts();
    std::printf("%-26s %5llu steps %6llu points on %6llu disks, %llu lost, %llu corrupt, %.1f s\n",
                scenario.name.c_str(), static_cast<unsigned long long>(trial.steps()),
                static_cast<unsigned long long>(v.points), static_cast<unsigned long long>(v.disks),
                static_cast<unsigned long long>(v.lost), static_cast<unsigned long long>(v.corrupt),
                seconds_since(begun));
    std::fflush(stdout);
    all.points += v.points;
    all.disks += v.disks;
    all.lost += v.lost;
    all.corrupt += v.corrupt;
  }
  std::printf("%llu crash points, %llu lost, %llu corrupt (%.0f s)\n",
              static_cast<unsigned long long>(all.points), static_cast<unsigned long long>(all.lost),
              static_cast<unsigned long long>(all.corrupt), seconds_since(started));
  return all.points > 0 && all.lost + all.corrupt == 0 ? 0 : 1;
}

}  // namespace
}  // namespace wasl::test

int main(int argc, char** argv) {
  wasl::test::Arguments in;
  if (const char* deep = std::getenv("WASL_DEEP"); deep != nullptr && *deep != '\0') in.points = 200'000;
  CLI::App app("Ends and cuts off real replicas and a real hub at every write and sync.", "wasl_crash");
  app.add_option("--scenario", in.scenario, "One scenario");
  app.add_option("--index", in.index, "One point: writes and syncs before the end");
  app.add_option("--cut", in.cut, "death, lose or tear")->capture_default_str();
  app.add_option("--dice", in.dice, "Seed of the dice")->capture_default_str();
  app.add_option("--again", in.again, "The same trouble at this step of the opening after it");
  app.add_option("--points", in.points, "How many points in all")
      ->envname("WASL_CRASH_POINTS")
      ->capture_default_str();
  app.add_flag("--lying", in.lying, "The office's disk lies about syncs: this must be noticed");
  CLI11_PARSE(app, argc, argv);
  if (!wasl::crypto::start()) return 1;
  wasl::log::silence();
  return wasl::test::run(in);
}
