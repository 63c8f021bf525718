// hub_load: a real hub with real sockets in a process of its own, and crowds of devices that call it. Prints;
// never a pass or a fail, but for what went wrong.
//
//   hub_load idle --sessions 20000      how many links it holds, and what one costs
//   hub_load accept --listeners 50      change sets of ten updates a second, durable; time to a verdict
//   hub_load fanout --sessions 5000     from one commit to everybody connected
//   hub_load storm --sessions 1000      all come back at once, a hundred change sets behind
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>

#include "tests/bench/load/caller.hpp"
#include "tests/bench/load/crowd.hpp"
#include "tests/bench/load/served_hub.hpp"

namespace wasl::bench {
namespace {

constexpr std::size_t kSessionsOfDevice = limits::kSessionsOfKey;
constexpr std::size_t kAtOnce = 200;  // links being made: more would wait in the system's queue
constexpr double kPatience = 300;

struct Wanted {
  std::size_t sessions = 1000;
  std::size_t listeners = 0;
  std::size_t writers = 20;
  std::size_t sets = 40'000;
  std::size_t records = 250;
  std::size_t sets_of_run = 50;
};

double part_of(std::vector<double> all, double part) {
  if (all.empty()) return 0;
  std::ranges::sort(all);
  return all[std::min(all.size() - 1, static_cast<std::size_t>(part * static_cast<double>(all.size())))];
}

/// Callers of one loop, and waiting for what they come to.
class Callers {
 public:
  explicit Callers(std::string url) : url_(std::move(url)) {}

  std::unique_ptr<Caller> caller(Bytes hello) {
    return std::make_unique<Caller>(loop_, url_, std::move(hello));
  }
  void call(Bytes hello) { all_.push_back(caller(std::move(hello))); }
  void run_until(const char* what, const std::function<bool()>& is_there) {
    const double begun = seconds_now();
    while (!is_there()) {
      if (seconds_now() - begun > kPatience) throw std::runtime_error(std::string("in vain: ") + what);
      loop_.run_for(std::chrono::milliseconds(2));
    }
  }
  /// Runs until `is_there`, or says what did not come and ends the program; so does a link that ends.
  void until(const char* what, const std::function<bool()>& is_there) {
    run_until(what, [&] {
      for (const auto& one : all_)
        if (one->has_ended()) throw std::runtime_error(std::string(what) + ": " + one->why());
      return is_there();
    });
  }
  /// Hellos one after another, `kAtOnce` of them under way.
  void call_all(std::vector<Bytes> hellos) {
    for (Bytes& hello : hellos) {
      call(std::move(hello));
      if (all_.size() % kAtOnce == 0) wait_open();
    }
    wait_open();
  }
  void wait_proved() {
    until("a first proof", [&] {
      return std::ranges::all_of(all_, [](const auto& one) { return one->proved_at().has_value(); });
    });
  }
  std::vector<std::unique_ptr<Caller>>& all() { return all_; }
  Loop& loop() { return loop_; }

 private:
  void wait_open() {
    until("a link", [&] {
      return std::all_of(all_.begin() + static_cast<std::ptrdiff_t>(opened_), all_.end(),
                         [](const auto& one) { return one->is_open(); });
    });
    opened_ = all_.size();
  }
  std::string url_;
  Loop loop_;
  std::size_t opened_ = 0;
  std::vector<std::unique_ptr<Caller>> all_;
};

std::vector<Bytes> hellos(Crowd& crowd, std::size_t sessions, std::size_t from) {
  std::vector<Bytes> out;
  const std::size_t devices = crowd.size() - from;
  for (std::size_t i = 0; i < sessions; ++i) out.push_back(crowd.hello(from + i % devices, true));
  return out;
}

void idle(const Wanted& wanted) {
  Crowd crowd((wanted.sessions + kSessionsOfDevice - 1) / kSessionsOfDevice);
  auto ready = hellos(crowd, wanted.sessions, 0);
  ServedHub hub(crowd.world());
  Callers callers(hub.url());
  const std::uint64_t before = hub.memory();
  const double begun = seconds_now(), cpu = hub.cpu_seconds();
  callers.call_all(std::move(ready));
  callers.wait_proved();
  const double took = seconds_now() - begun;
  callers.loop().run_for(std::chrono::seconds(3));
  const double bytes = static_cast<double>(hub.memory() - before);
  std::printf(
      "idle: %zu sessions in %.0f MB, %.1f KB each; %.0f made a second, %.2f ms of the hub's core each\n",
      wanted.sessions, bytes / 1e6, bytes / 1e3 / static_cast<double>(wanted.sessions),
      static_cast<double>(wanted.sessions) / took,
      (hub.cpu_seconds() - cpu) * 1e3 / static_cast<double>(wanted.sessions));
}

void accept(const Wanted& wanted) {
  const std::size_t sets_of_run = wanted.sets_of_run;
  Crowd crowd(wanted.writers +
              std::max<std::size_t>(1, (wanted.listeners + kSessionsOfDevice - 1) / kSessionsOfDevice));
  std::vector<std::vector<Bytes>> frames;
  for (std::size_t i = 0; i < wanted.writers; ++i)
    crowd.create_records(i, wanted.records / kRecordsOfSet * kRecordsOfSet);
  for (std::size_t i = 0; i < wanted.writers; ++i)
    frames.push_back(crowd.writings(i, wanted.sets / wanted.writers / sets_of_run, sets_of_run));
  std::vector<Bytes> of_writers;
  for (std::size_t i = 0; i < wanted.writers; ++i) of_writers.push_back(crowd.hello(i, true));
  auto of_listeners = hellos(crowd, wanted.listeners, wanted.writers);
  ServedHub hub(crowd.world());
  Callers callers(hub.url());
  callers.call_all(std::move(of_writers));
  callers.call_all(std::move(of_listeners));
  callers.wait_proved();
  const double begun = seconds_now(), cpu = hub.cpu_seconds();
  for (std::size_t i = 0; i < wanted.writers; ++i)
    callers.all()[i]->push(std::move(frames[i]), sets_of_run, std::max<std::size_t>(4, 200 / sets_of_run));
  callers.until("verdicts", [&] {
    return std::all_of(callers.all().begin(),
                       callers.all().begin() + static_cast<std::ptrdiff_t>(wanted.writers),
                       [](const auto& one) { return one->has_pushed_all(); });
  });
  const double took = seconds_now() - begun;
  std::uint64_t accepted = 0, others = 0;
  std::vector<double> waits;
  for (std::size_t i = 0; i < wanted.writers; ++i) {
    const Caller& one = *callers.all()[i];
    accepted += one.accepted();
    others += one.others();
    waits.insert(waits.end(), one.answered_in().begin(), one.answered_in().end());
  }
  std::printf(
      "accept: %.0f change sets of 10 updates a second, durable, from %zu writers with %zu listeners "
      "(%llu accepted, %llu not; %.2f s of the hub's core); a verdict on %zu, under one signature, after p50 "
      "%.0f ms, "
      "p99 %.0f ms\n",
      static_cast<double>(accepted) / took, wanted.writers, wanted.listeners,
      static_cast<unsigned long long>(accepted), static_cast<unsigned long long>(others),
      hub.cpu_seconds() - cpu, sets_of_run, part_of(waits, 0.5) * 1e3, part_of(waits, 0.99) * 1e3);
}

void fanout(const Wanted& wanted) {
  constexpr std::size_t kRounds = 5;
  Crowd crowd(1 + (wanted.sessions + kSessionsOfDevice - 1) / kSessionsOfDevice);
  crowd.create_records(0);
  auto frames = crowd.writings(0, kRounds, 1);
  std::vector<Bytes> ready{crowd.hello(0, true)};
  for (Bytes& one : hellos(crowd, wanted.sessions, 1)) ready.push_back(std::move(one));
  ServedHub hub(crowd.world());
  Callers callers(hub.url());
  callers.call_all(std::move(ready));
  callers.wait_proved();
  std::vector<double> delays;
  for (std::size_t round = 0; round < kRounds; ++round) {
    callers.loop().run_for(std::chrono::seconds(2));
    std::vector<std::size_t> before;
    for (const auto& one : callers.all()) before.push_back(one->entries_at().size());
    const double begun = seconds_now();
    callers.all()[0]->push({std::move(frames[round])}, 1, 1);
    callers.until("a change at everybody", [&] {
      for (std::size_t i = 1; i < callers.all().size(); ++i)
        if (callers.all()[i]->entries_at().size() == before[i]) return false;
      return true;
    });
    for (std::size_t i = 1; i < callers.all().size(); ++i)
      delays.push_back(callers.all()[i]->entries_at()[before[i]] - begun);
  }
  std::printf(
      "fan-out: one change set to %zu connected offices: p50 %.0f ms, p99 %.0f ms after it left its author\n",
      wanted.sessions, part_of(delays, 0.5) * 1e3, part_of(delays, 0.99) * 1e3);
}

void storm(const Wanted& wanted) {
  constexpr std::size_t kBehind = 100;
  Crowd crowd(1 + wanted.sessions);
  crowd.create_records(0);
  for (std::size_t i = 0; i < kBehind; ++i) crowd.write_one(0);
  std::vector<Bytes> ready;
  for (std::size_t i = 1; i <= wanted.sessions; ++i) ready.push_back(crowd.hello(i, false, kBehind));
  ServedHub hub(crowd.world());
  Callers callers(hub.url());
  const double begun = seconds_now(), cpu = hub.cpu_seconds();
  for (Bytes& hello : ready) callers.call(std::move(hello));
  // As offices do: who was turned away because too many knocked comes again a second or two later.
  std::map<std::size_t, double> again;
  std::size_t turned_away = 0;
  const auto all_proved = [&] {
    for (std::size_t i = 0; i < callers.all().size(); ++i) {
      auto& one = callers.all()[i];
      if (!one->has_ended() || one->proved_at()) continue;
      const auto [due, fresh] = again.try_emplace(i, seconds_now() + 1 + static_cast<double>(i % 997) / 997);
      if (fresh) ++turned_away;
      if (seconds_now() < due->second) continue;
      again.erase(due);
      one = callers.caller(crowd.hello(i + 1, false, kBehind));
    }
    return std::ranges::all_of(callers.all(), [](const auto& one) { return one->proved_at().has_value(); });
  };
  callers.run_until("a proof for everybody", all_proved);
  std::vector<double> ends;
  std::uint64_t bytes = 0;
  for (const auto& one : callers.all()) {
    ends.push_back(*one->proved_at() - begun);
    bytes += one->bytes_in();
    if (one->entries_at().empty()) throw std::runtime_error("a proof without what it proves");
  }
  std::printf(
      "storm: %zu offices, each %zu change sets behind, all called at once: everything and its proof after "
      "p50 %.2f s, the last %.2f s; %zu were turned away and came again; %.1f KB each, %.2f s of the hub's "
      "core\n",
      wanted.sessions, kBehind, part_of(ends, 0.5), part_of(ends, 1), turned_away,
      static_cast<double>(bytes) / 1e3 / static_cast<double>(wanted.sessions), hub.cpu_seconds() - cpu);
}

void raise_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int run(int argc, char** argv) {
  CLI::App app("How much a hub holds and how fast it answers, with real sockets.", "hub_load");
  app.require_subcommand(1);
  Wanted wanted;
  const auto add = [&](const char* name, const char* what, void (*measure)(const Wanted&)) {
    CLI::App* sub = app.add_subcommand(name, what);
    sub->callback([&wanted, measure] { measure(wanted); });
    return sub;
  };
  for (CLI::App* one :
       {add("idle", "Links that are held", idle), add("fanout", "One commit to everybody", fanout),
        add("storm", "All come back at once", storm)})
    one->add_option("--sessions", wanted.sessions, "How many")->capture_default_str();
  CLI::App* accepting = add("accept", "What is taken a second", accept);
  accepting->add_option("--listeners", wanted.listeners, "Offices that get every commit")
      ->capture_default_str();
  accepting->add_option("--writers", wanted.writers, "Devices that push at once")->capture_default_str();
  accepting->add_option("--sets", wanted.sets, "Change sets in all")->capture_default_str();
  accepting->add_option("--sets-of-run", wanted.sets_of_run, "Change sets under one signature")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, std::size_t{50}));
  accepting->add_option("--records", wanted.records, "Records that each device writes in turn")
      ->capture_default_str()
      ->check(CLI::Range(kRecordsOfSet, std::size_t{100'000}));
  if (!crypto::start()) return 1;
  raise_descriptors();
  CLI11_PARSE(app, argc, argv);
  return 0;
}

}  // namespace
}  // namespace wasl::bench

int main(int argc, char** argv) {
  try {
    return wasl::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "hub_load: %s\n", error.what());
    return 1;
  }
}
