#include "tests/sim/sweep.hpp"

#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <functional>
#include <new>
#include <nlohmann/json.hpp>
#include <system_error>

namespace wasl::sim {
namespace {

using nlohmann::json;
using Steady = std::chrono::steady_clock;

json to_json(const SimulationOptions& options, const SimulationResult& result) {
  return {{"seed", options.seed},          {"trace", result.trace},
          {"faults", result.faults},       {"violations", result.violations},
          {"saved", result.saved},         {"change_sets", result.change_sets},
          {"healed_in", result.healed_in}, {"offices", result.offices}};
}

/// One worker: the next seed that nobody took, a line of JSON each.
void work(const SweepOptions& options, Steady::time_point started, std::atomic<std::uint64_t>& next,
          FILE* out) {
  for (std::uint64_t i = next++; i < options.count; i = next++) {
    if (options.most.count() > 0 && Steady::now() - started >= options.most) return;
    SimulationOptions one = options.each;
    one.seed = options.from + i;
    SimulationResult result = simulate(one);
    if (options.repeat_every > 0 && i % options.repeat_every == 0 && simulate(one).trace != result.trace)
      result.violations.emplace_back("the same seed left another trace");
    std::fprintf(out, "%s\n",
                 to_json(one, result).dump(-1, ' ', false, json::error_handler_t::replace).c_str());
    std::fflush(out);
  }
}

/// A counter that forked processes share.
class SharedCounter {
 public:
  SharedCounter()
      : page_(mmap(nullptr, sizeof(std::atomic<std::uint64_t>), PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (page_ == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
    new (page_) std::atomic<std::uint64_t>(0);
  }
  ~SharedCounter() { munmap(page_, sizeof(std::atomic<std::uint64_t>)); }
  SharedCounter(const SharedCounter&) = delete;
  SharedCounter& operator=(const SharedCounter&) = delete;

  std::atomic<std::uint64_t>& operator*() { return *static_cast<std::atomic<std::uint64_t>*>(page_); }

 private:
  void* page_;
};

struct Worker {
  pid_t process = -1;
  int lines = -1;    ///< the pipe's reading end, -1 when it has ended
  std::string part;  ///< of a line that has not come whole
};

struct Totals {
  std::uint64_t seeds = 0, failed = 0, saved = 0, change_sets = 0;
  std::vector<std::int64_t> healed;
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>>
      faults;  ///< seeds with it on, times it struck

  void add(const SweepOptions& options, const json& line) {
    ++seeds;
    saved += line["saved"].get<std::uint64_t>();
    change_sets += line["change_sets"].get<std::uint64_t>();
    healed.push_back(line["healed_in"].get<std::int64_t>());
    for (const auto& [name, count] : line["faults"].items()) {
      faults[name].first += 1;
      faults[name].second += count.get<std::uint64_t>();
    }
    if (line["violations"].empty()) return;
    ++failed;
    SimulationOptions one = options.each;
    one.seed = line["seed"].get<std::uint64_t>();
    std::printf("FAILED  %s\n", command_of(one).c_str());
    for (const auto& words : line["violations"])
      std::printf("        %s\n", words.get<std::string>().c_str());
    std::fflush(stdout);
  }
};

/// @return whether every fault struck.
bool report(Totals& totals, const SweepOptions& options) {
  std::sort(totals.healed.begin(), totals.healed.end());
  const auto part = [&](double p) {
    if (totals.healed.empty()) return 0.0;
    return static_cast<double>(
               totals.healed[static_cast<std::size_t>(p * static_cast<double>(totals.healed.size() - 1))]) /
           1000;
  };
  bool all = true;
  std::printf("%-24s %8s %10s\n", "fault", "seeds", "struck");
  for (std::size_t i = 0; i < kFaults; ++i) {
    const std::string name(to_word(static_cast<Fault>(i)));
    const auto [seeds, struck] = totals.faults[name];
    const bool never = struck == 0 && !options.each.without.contains(static_cast<Fault>(i));
    all = all && !never;
    std::printf("%-24s %8llu %10llu%s\n", name.c_str(), static_cast<unsigned long long>(seeds),
                static_cast<unsigned long long>(struck), never ? "  NEVER" : "");
  }
  std::printf(
      "%llu seeds of %llu operations: %llu failed; %llu statements saved, %llu change sets accepted; "
      "healed in %.0f s (median), %.0f s (p99), %.0f s (most) of their time\n",
      static_cast<unsigned long long>(totals.seeds), static_cast<unsigned long long>(options.each.operations),
      static_cast<unsigned long long>(totals.failed), static_cast<unsigned long long>(totals.saved),
      static_cast<unsigned long long>(totals.change_sets), part(0.5), part(0.99), part(1));
  return all;
}

/// Hands over each line as it comes, from whichever worker: one that waits for its reader does no work.
void read_lines(std::vector<Worker>& workers, const std::function<void(const std::string&)>& each) {
  std::vector<pollfd> waiting(workers.size());
  char block[65536];
  while (true) {
    bool open = false;
    for (std::size_t i = 0; i < workers.size(); ++i) {
      waiting[i] = {workers[i].lines, POLLIN, 0};
      open = open || workers[i].lines >= 0;
    }
    if (!open) return;
    if (poll(waiting.data(), waiting.size(), -1) < 0) {
      if (errno == EINTR) continue;
      throw std::system_error(errno, std::generic_category(), "poll");
    }
    for (std::size_t i = 0; i < workers.size(); ++i) {
      if (waiting[i].revents == 0) continue;
      Worker& worker = workers[i];
      const ssize_t size = ::read(worker.lines, block, sizeof block);
      if (size < 0 && errno == EINTR) continue;
      if (size <= 0) {
        ::close(worker.lines);
        worker.lines = -1;
        continue;
      }
      worker.part.append(block, static_cast<std::size_t>(size));
      for (std::size_t end; (end = worker.part.find('\n')) != std::string::npos;
           worker.part.erase(0, end + 1))
        each(worker.part.substr(0, end));
    }
  }
}

}  // namespace

bool sweep(const SweepOptions& options) {
  const Steady::time_point started = Steady::now();
  SharedCounter next;
  std::vector<Worker> workers;
  std::fflush(stdout);
  for (unsigned i = 0; i < options.jobs; ++i) {
    int ends[2];
    if (pipe(ends) != 0) return false;
    const pid_t process = fork();
    if (process == 0) {
      ::close(ends[0]);
      FILE* out = fdopen(ends[1], "w");
      work(options, started, *next, out);
      std::fclose(out);
      _exit(0);
    }
    ::close(ends[1]);
    workers.push_back({process, ends[0], {}});
  }
  Totals totals;
  read_lines(workers, [&](const std::string& line) { totals.add(options, json::parse(line)); });
  bool whole = true;
  for (const Worker& worker : workers) {
    int status = 0;
    waitpid(worker.process, &status, 0);
    whole = whole && status == 0;
  }
  const bool out_of_time =
      options.most.count() > 0 && totals.seeds > 0 && Steady::now() - started >= options.most;
  if (whole && out_of_time && totals.seeds < options.count) {
    std::printf("%llu of %llu seeds: the time that was given is over\n",
                static_cast<unsigned long long>(totals.seeds),
                static_cast<unsigned long long>(options.count));
  } else if (!whole || totals.seeds != options.count) {
    std::printf("a worker died after %llu of %llu seeds: run the seeds one by one\n",
                static_cast<unsigned long long>(totals.seeds),
                static_cast<unsigned long long>(options.count));
    return false;
  }
  return report(totals, options) && totals.failed == 0;
}

SimulationOptions shrink(SimulationOptions failing) {
  const auto fails = [](const SimulationOptions& options) { return !simulate(options).ok(); };
  for (std::uint64_t step = failing.operations / 2; step > 0; step /= 2) {
    SimulationOptions smaller = failing;
    while (smaller.operations > step) {
      smaller.operations -= step;
      if (!fails(smaller)) break;
      failing = smaller;
    }
  }
  for (std::size_t i = 0; i < kFaults; ++i) {
    SimulationOptions smaller = failing;
    if (smaller.without.insert(static_cast<Fault>(i)).second && fails(smaller)) failing = smaller;
  }
  return failing;
}

std::string command_of(const SimulationOptions& options) {
  std::string out = "wasl-sim --seed " + std::to_string(options.seed) + " --operations " +
                    std::to_string(options.operations);
  std::string without;
  for (const Fault fault : options.without)
    without += (without.empty() ? "" : ",") + std::string(to_word(fault));
  return without.empty() ? out : out + " --without " + without;
}

}  // namespace wasl::sim
