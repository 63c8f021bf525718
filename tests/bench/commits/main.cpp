// hub_commits: the real committers of several processes over one PostgreSQL commit at once, while backends
// are terminated, transactions deadlock or run out of time, and processes are killed, stopped past their
// lease and asked to hand over. Readers follow by position all the while. At the end the whole log is read:
// no position may be missing, no reader may have skipped one, seen one twice or seen another entry at its
// place, and nothing that was acknowledged may be gone. Prints a line; fails when something of it is not so.
//
//   WASL_POSTGRES='host=/run/postgresql dbname=… user=…' hub_commits --sets 1000000
//
// The database must be for this alone, its user a superuser: the run sets how long statements may take there.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <map>
#include <new>
#include <random>
#include <thread>

#include "server/hub/history_check.hpp"
#include "server/store/postgres_hub_store.hpp"
#include "shared/log/log.hpp"
#include "tests/bench/commits/followed_log.hpp"
#include "tests/bench/commits/hub_process.hpp"
#include "tests/bench/commits/trouble.hpp"

namespace wasl::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Wanted {
  std::uint64_t sets = 10'000;
  std::size_t hubs = 3;
  std::size_t readers = 2;
  std::size_t sets_of_push = 5;
  double trouble_every = 6;  ///< seconds between kills, stops and hand-overs
  double most_seconds = 7'200;
  std::uint64_t seed = 1;
  std::string through;
};

/// A database's own settings: also sessions behind a pooler have them. A statement's time counts from the
/// first of a pipeline on: where a machine is busy and pushes are large, hardly a commit gets through.
class DatabaseSettings {
 public:
  DatabaseSettings(const std::string& address, const std::string& schema) : address_(address) {
    set("SET deadlock_timeout = '20ms'");
    set("SET statement_timeout = '250ms'");
    set("SET search_path = \"" + schema + "\"");
  }
  ~DatabaseSettings() {
    try {
      set("RESET ALL");
    } catch (const std::runtime_error&) {
      return;  // it was for this run alone
    }
  }
  DatabaseSettings(const DatabaseSettings&) = delete;
  DatabaseSettings& operator=(const DatabaseSettings&) = delete;

 private:
  void set(const std::string& what) {
    const auto connection = test::must(PostgresConnection::open(address_));
    const auto name = test::must(connection->query("SELECT quote_ident(current_database())"));
    test::must(connection->script("ALTER DATABASE " + std::string(name.text(0, 0)) + " " + what));
  }
  std::string address_;
};

class Run {
 public:
  explicit Run(const Wanted& wanted) : wanted_(wanted), dice_(wanted.seed) {
    void* const room =
        ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED) throw std::runtime_error("no memory to share");
    board_ = new (room) Board;
    world_.clock().time = std::chrono::duration_cast<std::chrono::milliseconds>(
                              std::chrono::system_clock::now().time_since_epoch())
                              .count();
    world_.add_organisation("ma", "association");
    for (std::size_t i = 0; i < wanted.hubs * kDevicesOfHub; ++i) {
      devices_.push_back({crypto::KeyPair::generate(world_.random()), {}});
      devices_.back().grant = world_.enrol(devices_.back().key, "ma");
    }
    test::must(world_.store().shared()->resign());
    const auto place = world_.test_store().address();
    const std::string options = " options='-c search_path=\"" + world_.folder().filename().string() + "\"";
    settings_.emplace(*test::postgres_address(), world_.folder().filename().string());
    address_ = wanted.through.empty() ? place : wanted.through;
    patient_ = *test::postgres_address() + " application_name=trouble" + options +
               " -c statement_timeout=0 -c deadlock_timeout=60s'";
    judge_ = *test::postgres_address() + " application_name=judge" + options + " -c statement_timeout=0'";
  }
  ~Run() {
    end_all();
    ::munmap(board_, sizeof(Board));
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  /// @return whether everything is as it must be.
  bool run() {
    const auto counts_before = counts();
    const auto begun = Clock::now();
    for (std::size_t i = 0; i < wanted_.hubs; ++i) start_hub(i);
    for (std::size_t i = 0; i < wanted_.readers; ++i)
      others_.push_back(child([&] { return run_reader(address_, board_->readers[i], *board_); }));
    others_.push_back(child([&] { return make_trouble(patient_, wanted_.seed, *board_); }));
    auto next = begun + pause();
    while (board_->acknowledged < wanted_.sets && !board_->refused &&
           Clock::now() - begun < std::chrono::duration<double>(wanted_.most_seconds)) {
      std::this_thread::sleep_for(20ms);
      revive();
      if (Clock::now() < next) continue;
      disturb();
      next = Clock::now() + pause();
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
    board_->stop = true;
    for (auto& [hub, pid] : running_) wait_for(pid);
    running_.clear();
    return judge(seconds, counts_before);
  }

 private:
  struct Counts {
    std::int64_t rolled_back = 0, deadlocks = 0;
  };

  std::chrono::milliseconds pause() {
    return std::chrono::milliseconds(static_cast<std::int64_t>(
        wanted_.trouble_every * 1e3 * (0.5 + static_cast<double>(dice_() % 1000) / 1000)));
  }

  template <class Work>
  pid_t child(const Work& work) {
    const pid_t pid = ::fork();
    if (pid < 0) throw std::runtime_error("no process more");
    if (pid > 0) return pid;
    log::silence();
    int code = 1;
    try {
      code = work();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "hub_commits: a process: %s\n", error.what());
    }
    ::_exit(code);  // nothing of the parent is destroyed here
  }

  void start_hub(std::size_t hub) {
    const std::size_t life = lives_[hub]++;
    running_[hub] = child([&] {
      HubTask task{world_, address_, {}, wanted_.sets_of_push, (hub + 1) * 1'000'003 + life * 7919};
      for (std::size_t i = 0; i < kDevicesOfHub; ++i)
        task.devices.push_back(&devices_[hub * kDevicesOfHub + i]);
      return run_hub(task, board_->hubs[hub], board_->hubs[hub].lives[life], *board_);
    });
  }

  static void wait_for(pid_t pid) {
    const auto begun = Clock::now();
    while (::waitpid(pid, nullptr, WNOHANG) == 0) {
      std::this_thread::sleep_for(10ms);
      if (Clock::now() - begun > 30s) ::kill(pid, SIGKILL);
    }
  }

  std::size_t leading() const {
    for (const auto& [hub, pid] : running_)
      if (board_->hubs[hub].leads) return hub;
    return dice_victim();
  }
  std::size_t dice_victim() const { return (kills_ + stops_) % wanted_.hubs; }

  void disturb() {
    const auto kind = dice_() % 5;
    const std::size_t hub = leading();
    if (kind == 4) {
      ++hand_overs_;
      board_->hubs[hub].resign = true;
    } else if (kind == 3) {
      ++stops_;
      ::kill(running_[hub], SIGSTOP);
      woken_.emplace_back(Clock::now() + 5500ms, running_[hub]);  // past its lease
    } else if (lives_[hub] < kLivesOfHub) {
      ++kills_;
      const std::size_t victim = kind == 2 ? dice_victim() : hub;
      ::kill(running_[victim], SIGKILL);
      wait_for(running_[victim]);
      std::erase_if(woken_, [&](const auto& one) { return one.second == running_[victim]; });
      board_->hubs[victim].leads = false;
      start_hub(victim);
    }
  }

  void revive() {
    while (!woken_.empty() && woken_.front().first <= Clock::now()) {
      ::kill(woken_.front().second, SIGCONT);
      woken_.erase(woken_.begin());
    }
  }

  void end_all() {
    for (const auto& [when, pid] : woken_) ::kill(pid, SIGCONT);
    for (const auto& [hub, pid] : running_) ::kill(pid, SIGKILL);
    for (const pid_t pid : others_) ::kill(pid, SIGKILL);
    for (const auto& [hub, pid] : running_) ::waitpid(pid, nullptr, 0);
    for (const pid_t pid : others_) ::waitpid(pid, nullptr, 0);
  }

  Counts counts() const {
    const auto connection = test::must(PostgresConnection::open(judge_));
    const auto rows = test::must(connection->query(
        "SELECT xact_rollback, deadlocks FROM pg_stat_database WHERE datname = current_database()"));
    return {rows.int64(0, 0), rows.int64(0, 1)};
  }

  bool judge(double seconds, const Counts& before) {
    for (const auto& [when, pid] : woken_) ::kill(pid, SIGCONT);
    const auto store = test::must(PostgresHubStore::open_to_read(judge_));
    const Position size = test::must(store->space(kFollowedSpace))->size;
    board_->final_size = size;
    std::uint64_t late = 0;
    for (const pid_t pid : others_) wait_for(pid);
    others_.clear();
    std::multimap<std::uint64_t, std::uint64_t> seen;  // how many entries, and their digest
    std::uint64_t skipped = 0, repeated = 0, lost = 0, other = 0, acknowledged = 0, tracks = 0;
    const auto count = [&](const Track& track) {
      if (track.seen().count == 0) return;
      ++tracks;
      skipped += track.skipped;
      repeated += track.repeated;
      seen.emplace(track.seen().count, track.seen().digest);
    };
    for (std::size_t i = 0; i < wanted_.readers; ++i) {
      count(board_->readers[i]);
      late += board_->readers[i].seen().count < size ? 1 : 0;
    }
    for (std::size_t hub = 0; hub < wanted_.hubs; ++hub) {
      for (std::size_t life = 0; life < lives_[hub]; ++life) {
        const Life& one = board_->hubs[hub].lives[life];
        count(one.track);
        for (std::size_t i = 0; i < kDevicesOfHub; ++i) {
          const std::uint64_t said = one.acknowledged[i];
          acknowledged += said;
          if (said == 0) continue;
          const Source source{devices_[hub * kDevicesOfHub + i].key.public_key(), one.chains[i]};
          lost += said - std::min(said, test::must(store->chain_end(source)).last);
        }
      }
    }
    std::uint64_t missing = 0, digest = 0;
    for (Position at = 0; at < size;) {
      const auto entries = test::must(store->entries(kFollowedSpace, at + 1, std::min(size, at + 5'000)));
      for (const EntryRow& row : entries) {
        if (row.position != at + 1) ++missing;
        at = row.position;
        digest = Track::after(digest, row.entry.hash);
        const auto [from, to] = seen.equal_range(at);
        other += static_cast<std::uint64_t>(
            std::count_if(from, to, [&](const auto& one) { return one.second != digest; }));
      }
      if (entries.empty()) throw std::runtime_error("the log ends before its size");
    }
    const auto checked = check_history(*store, "");
    const auto connection = test::must(PostgresConnection::open(judge_));
    const auto fence = test::must(connection->query("SELECT commits, fence FROM hub_fence WHERE one = 1"));
    const Counts after = counts();
    std::uint64_t reopened = 0;
    for (std::size_t hub = 0; hub < wanted_.hubs; ++hub) reopened += board_->hubs[hub].reopened;
    std::printf(
        "commits: %llu change sets acknowledged, %llu positions given by %lld transactions of %zu hubs in "
        "%.0f s; "
        "%llu killed, %llu stopped past their lease, %llu handed over: %lld leads in all, %llu stores opened "
        "again; "
        "%lld transactions rolled back, %lld by deadlock; %llu backends terminated, %llu locks crossed, %llu "
        "rows "
        "held up; %llu readers: %llu skipped, %llu seen twice, %llu with another entry at its place, %llu "
        "not at "
        "the end; %llu positions missing, %llu acknowledged and gone; history %s\n",
        ull(acknowledged), ull(size), static_cast<long long>(fence.int64(0, 0)), wanted_.hubs, seconds,
        ull(kills_), ull(stops_), ull(hand_overs_), static_cast<long long>(fence.int64(0, 1)), ull(reopened),
        static_cast<long long>(after.rolled_back - before.rolled_back),
        static_cast<long long>(after.deadlocks - before.deadlocks), ull(board_->terminated),
        ull(board_->crossed), ull(board_->held_up), ull(tracks), ull(skipped), ull(repeated), ull(other),
        ull(late), ull(missing), ull(lost), checked ? "as signed" : checked.error().message.c_str());
    if (board_->refused) std::printf("commits: a change set was refused or held\n");
    return checked.has_value() && !board_->refused && acknowledged >= wanted_.sets &&
           skipped + repeated + other + late + missing + lost == 0;
  }

  static unsigned long long ull(std::uint64_t number) { return number; }

  Wanted wanted_;
  std::mt19937_64 dice_;
  test::HubWorld world_{built_in_schema(), test::StoreKind::postgres};
  std::vector<Device> devices_;
  std::optional<DatabaseSettings> settings_;
  std::string address_, patient_, judge_;
  Board* board_ = nullptr;
  std::map<std::size_t, pid_t> running_;
  std::map<std::size_t, std::size_t> lives_;
  std::vector<pid_t> others_;
  std::vector<std::pair<Clock::time_point, pid_t>> woken_;  ///< stopped, and when they are to go on
  std::uint64_t kills_ = 0, stops_ = 0, hand_overs_ = 0;
};

int run(int argc, char** argv) {
  CLI::App app("Commits of several hubs at once, with aborts and kills, and readers by position.",
               "hub_commits");
  Wanted wanted;
  app.add_option("--sets", wanted.sets, "Change sets that are acknowledged in the end")
      ->capture_default_str();
  app.add_option("--hubs", wanted.hubs, "Processes")->check(CLI::Range(1, 8))->capture_default_str();
  app.add_option("--readers", wanted.readers, "Processes that follow by position")
      ->check(CLI::Range(1, 4))
      ->capture_default_str();
  app.add_option("--sets-of-push", wanted.sets_of_push, "Change sets that a device pushes at once")
      ->check(CLI::Range(1, 60))
      ->capture_default_str();
  app.add_option("--trouble-every", wanted.trouble_every,
                 "Seconds between kills, stops and hand-overs, on average")
      ->capture_default_str();
  app.add_option("--seed", wanted.seed, "Of the dice")->capture_default_str();
  app.add_option("--through", wanted.through, "Address by which the hubs and readers go: a pooler");
  CLI11_PARSE(app, argc, argv);
  if (!crypto::start()) return 1;
  if (!test::postgres_address()) {
    std::fprintf(stderr, "hub_commits: WASL_POSTGRES names no server\n");
    return 1;
  }
  std::printf("seed %llu\n", static_cast<unsigned long long>(wanted.seed));
  std::fflush(stdout);
  return Run(wanted).run() ? 0 : 1;
}

}  // namespace
}  // namespace wasl::bench

int main(int argc, char** argv) {
  try {
    return wasl::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "hub_commits: %s\n", error.what());
    return 1;
  }
}
