// wasl-sim: the whole network in one process, with everything that can go wrong. A seed is a run; the same
// seed is the same run.
#include <malloc.h>
#include <sqlite3.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "shared/crypto/crypto.hpp"
#include "shared/log/log.hpp"
#include "tests/sim/sweep.hpp"

namespace {

using namespace wasl::sim;
using nlohmann::json;

int run_one(const SimulationOptions& options, bool as_json) {
  const SimulationResult result = simulate(options);
  if (as_json) {
    const json document = {
        {"ok", result.ok()},     {"seed", options.seed},    {"operations", options.operations},
        {"trace", result.trace}, {"faults", result.faults}, {"violations", result.violations}};
    std::printf("%s\n", document.dump(-1, ' ', false, json::error_handler_t::replace).c_str());
    return result.ok() ? 0 : 1;
  }
  std::printf("%s\n", command_of(options).c_str());
  for (const auto& [name, count] : result.faults)
    std::printf("  %-24s %llu\n", name.c_str(), static_cast<unsigned long long>(count));
  for (const std::string& words : result.violations) std::printf("  VIOLATION %s\n", words.c_str());
  std::printf("trace %s\n%llu offices, %llu statements saved, %llu change sets, healed in %.0f s: %s\n",
              result.trace.c_str(), static_cast<unsigned long long>(result.offices),
              static_cast<unsigned long long>(result.saved),
              static_cast<unsigned long long>(result.change_sets),
              static_cast<double>(result.healed_in) / 1000, result.ok() ? "ok" : "NOT OK");
  return result.ok() ? 0 : 1;
}

/// One thread, and memory that the next seed uses again: neither locks nor counters of SQLite's, and nothing
/// given back to the system between two files.
void save_time() {
  constexpr int kNever = 1 << 30;
  sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  mallopt(M_MMAP_THRESHOLD, kNever);
  mallopt(M_TRIM_THRESHOLD, kNever);
  mallopt(M_TOP_PAD, 32 << 20);
  mallopt(M_MXFAST, 0);
}

}  // namespace

int main(int argc, char** argv) {
  save_time();
  CLI::App app(
      "The whole network in one process: offices, hub, disks, links and clocks, and what goes wrong.");
  SweepOptions sweeping;
  SimulationOptions& one = sweeping.each;
  std::vector<std::string> without;
  std::vector<std::string> only;
  std::string newest;
  bool as_json = false;
  bool smallest = false;
  sweeping.count = 0;
  app.add_option("--seed", one.seed, "the run (1 when nothing is said)");
  app.add_option("--operations", one.operations, "pieces of work of a run (300)");
  app.add_option("--without", without, "faults that stay off, separated by commas")->delimiter(',');
  app.add_option("--only", only, "the only faults that may be on, separated by commas")->delimiter(',');
  app.add_option("--until", newest, "faults that came into the list behind this one stay off");
  app.add_flag("--json", as_json, "one document on standard output");
  app.add_flag("--show", one.shown, "every step, on standard error");
  app.add_flag("--shrink", smallest, "a failing seed: look for the smallest run that still fails");
  app.add_option("--count", sweeping.count, "run this many seeds, from --seed on");
  app.add_option("--jobs", sweeping.jobs, "with --count: processes at once (1)")->check(CLI::Range(1U, 256U));
  std::uint64_t seconds = 0;
  app.add_option("--seconds", seconds, "with --count: begin no seed after this time (no limit)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000}));
  CLI11_PARSE(app, argc, argv);
  sweeping.most = std::chrono::seconds(seconds);
  if (!one.shown) wasl::log::silence();  // disks fail on purpose

  for (const std::string& name : without) {
    const auto fault = fault_of(name);
    if (!fault) {
      std::fprintf(stderr, "there is no fault %s\n", name.c_str());
      return 2;
    }
    one.without.insert(*fault);
  }
  if (!newest.empty()) {
    const auto last = fault_of(newest);
    if (!last) {
      std::fprintf(stderr, "there is no fault %s\n", newest.c_str());
      return 2;
    }
    for (std::size_t i = static_cast<std::size_t>(*last) + 1; i < kFaults; ++i)
      one.without.insert(static_cast<Fault>(i));
  }
  for (std::size_t i = 0; !only.empty() && i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    if (std::find(only.begin(), only.end(), to_word(fault)) == only.end()) one.without.insert(fault);
  }
  if (sweeping.count > 0) {
    sweeping.from = one.seed;
    std::printf("seeds %llu to %llu, %llu operations each, %u processes\n",
                static_cast<unsigned long long>(one.seed),
                static_cast<unsigned long long>(one.seed + sweeping.count - 1),
                static_cast<unsigned long long>(one.operations), sweeping.jobs);
    return sweep(sweeping) ? 0 : 1;
  }
  return run_one(smallest ? shrink(one) : one, as_json);
}
