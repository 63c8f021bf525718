// wasl_faults: memory, statements and disks that fail at the Nth call, once or from there on, under
// everything that offices and the hub do. Each act ends well or with an error in words; once the trouble is
// over it works, and nothing is half done.
//
//   wasl_faults                    some of the calls of each act; WASL_DEEP=1: all of them
//   wasl_faults --act seal --fault write --after 7 [--for-ever]     one of them
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <set>

#include "shared/log/log.hpp"
#include "tests/crash/act.hpp"
#include "tests/crash/failing_memory.hpp"
#include "tests/crash/failing_statements.hpp"
#include "tests/crash/settling.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

namespace wasl::test {
namespace {

#if defined(__SANITIZE_ADDRESS__)
bool leaks() { return __lsan_do_recoverable_leak_check() != 0; }
#else
bool leaks() { return false; }
#endif

constexpr unsigned kSeconds = 120;  // of one trouble, which takes less than one: it goes round for ever

enum class Fault { memory, statement, read, write, sync, room };
constexpr Fault kFaults[] = {Fault::memory, Fault::statement, Fault::read,
                             Fault::write,  Fault::sync,      Fault::room};

std::string word(Fault fault) {
  switch (fault) {
    case Fault::memory:
      return "memory";
    case Fault::statement:
      return "statement";
    case Fault::read:
      return "read";
    case Fault::write:
      return "write";
    case Fault::sync:
      return "sync";
    case Fault::room:
      return "room";
  }
  return {};
}

struct Trouble {
  Fault fault = Fault::memory;
  std::uint64_t after = 0;
  bool for_ever = false;
};

class Trial {
 public:
  Trial(CrashWorld& world, const CrashWorld::Saved& base, const Act& act) : world_(world), act_(act) {
    world_.restore(base, 99);
    for (const Machine machine : {Machine::hub, Machine::office, Machine::second}) world_.open(machine);
    act_.prepare(world_);
    saved_ = world_.save();
    if (act_.is_sound) {
      begin();
      before_ = settle();
    }
    begin();
    watch_statements();
    must(run_act());
    places_ = watched_statements();
    after_ = settle();
  }

  /// Of the act's statements those at a place of the program where no act before has failed.
  std::vector<std::uint64_t> fresh_statements() {
    static std::set<SqlPlace> tried;
    std::vector<std::uint64_t> fresh;
    for (std::uint64_t i = 0; i < places_.size(); ++i) {
      if (tried.insert(places_[i]).second) fresh.push_back(i);
    }
    return fresh;
  }

  /// @return false: the act was over before the trouble came.
  bool check(const Trouble& trouble) {
    if (trouble.fault == Fault::statement && trouble.after >= places_.size()) return false;
    // Where memory runs out in a destructor the process ends at once, so each such trouble gets its own.
    const Found found = trouble.fault == Fault::memory ? check_apart(trouble) : check_here(trouble);
    if (found == Found::nothing) return false;
    ++checks;
    wrong += found == Found::wrong ? 1 : 0;
    return true;
  }

  std::uint64_t checks = 0, wrong = 0;

 private:
  enum class Ended { well, in_words, by_exception };
  enum class Found { right, wrong, nothing };

  Found check_here(const Trouble& trouble) {
    begin();
    Found found = Found::nothing;
    try {
      arm(trouble);
      const Ended ended = run();
      if (mend(trouble) > 0) found = judge(trouble, ended);
    } catch (const std::exception& error) {
      mend(trouble);
      found = report(trouble, error.what());
    }
    world_.close_all();
    return found;
  }
  Found check_apart(const Trouble& trouble) {
    std::fflush(stdout);
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(kSeconds);
      ending_ = [this, trouble] {
        mend(trouble);
        world_.abandon();
        return judge(trouble, Ended::by_exception);
      };
      std::set_terminate([] {
        const auto found = ending_();
        std::fflush(stdout);
        std::_Exit(static_cast<int>(found));
      });
      const Found found = check_here(trouble);
      std::fflush(stdout);
      std::_Exit(leaks() ? static_cast<int>(report(trouble, "memory leaks")) : static_cast<int>(found));
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status)) return static_cast<Found>(WEXITSTATUS(status));
    if (WTERMSIG(status) == SIGALRM) return report(trouble, "does not end");
    return report(trouble, "ended by signal " + std::to_string(WTERMSIG(status)));
  }

  void begin() {
    world_.restore(saved_, 1);
    for (const Machine machine : act_.open) world_.open(machine);
  }
  std::string settle() {
    world_.close_all();
    world_.clock.time = saved_.time + 3'600'000;
    std::string out = test::settle(world_, {.name = act_.name, .run = {}, .resume = act_.resume});
    world_.close_all();
    return out;
  }
  void arm(const Trouble& trouble) {
    SimDisk& disk = world_.disk(act_.victim);
    switch (trouble.fault) {
      case Fault::memory:
        return fail_memory(trouble.after, trouble.for_ever);
      case Fault::statement:
        return fail_statements(places_.at(trouble.after), trouble.for_ever);
      case Fault::read:
        return disk.fail({DiskCall::read, trouble.after, trouble.for_ever, SQLITE_IOERR_READ});
      case Fault::write:
        return disk.fail({DiskCall::write, trouble.after, trouble.for_ever, SQLITE_IOERR_WRITE});
      case Fault::sync:
        return disk.fail({DiskCall::sync, trouble.after, trouble.for_ever, SQLITE_IOERR_FSYNC});
      case Fault::room:
        return disk.fail({DiskCall::write, trouble.after, trouble.for_ever, SQLITE_FULL});
    }
  }
  /// @return how many calls have failed.
  std::uint64_t mend(const Trouble& trouble) {
    if (trouble.fault == Fault::memory) return mend_memory();
    if (trouble.fault == Fault::statement) return mend_statements();
    SimDisk& disk = world_.disk(act_.victim);
    disk.mend();
    return disk.failed() - std::exchange(failed_before_, disk.failed());
  }
  /// The same frames lead to a statement, whether it is watched or fails.
  [[gnu::noinline]] Status run_act() {
    begin_places();
    return act_.run(world_);
  }
  Ended run() {
    try {
      return run_act() ? Ended::well : Ended::in_words;
    } catch (const std::bad_alloc&) {
      return Ended::by_exception;  // the process ends
    }
  }
  /// Odd calls: the act is asked again and works. Even ones: what is there is all of it or nothing.
  Found judge(const Trouble& trouble, Ended ended) {
    const bool again = (trouble.after % 2 == 1 || !act_.is_sound) && ended != Ended::well;
    if (again) {
      reopen_what_must_be(ended);
      must(act_.run(world_));
    }
    const std::string now = settle();
    if (now == after_ || (act_.is_sound && now == before_ && !again && ended != Ended::well))
      return Found::right;
    return report(trouble, (again ? "done again, the state is another one\n"
                                  : "the state is neither that before nor that after\n") +
                               difference(after_, now));
  }
  void reopen_what_must_be(Ended ended) {
    for (const Machine machine : act_.open) {
      if (ended != Ended::by_exception && !must_reopen(machine)) continue;
      world_.close(machine);
      world_.open(machine);
    }
  }
  bool must_reopen(Machine machine) {
    return machine == Machine::hub ? world_.store().must_reopen() : world_.office().must_reopen();
  }
  Found report(const Trouble& trouble, const std::string& what) {
    std::printf("%s: %s\n  again: wasl_faults --act %s --fault %s --after %llu%s\n", act_.name.c_str(),
                what.c_str(), act_.name.c_str(), word(trouble.fault).c_str(),
                static_cast<unsigned long long>(trouble.after), trouble.for_ever ? " --for-ever" : "");
    return Found::wrong;
  }

  CrashWorld& world_;
  const Act& act_;
  CrashWorld::Saved saved_;
  std::string before_, after_;
  std::vector<SqlPlace> places_;
  std::uint64_t failed_before_ = 0;
  static std::function<Found()> ending_;
};
std::function<Trial::Found()> Trial::ending_;

/// The first calls one by one, then fewer and fewer: most of an act's calls are like the one before.
void enumerate(Trial& trial, Fault fault, bool for_ever, std::uint64_t each, std::uint64_t every) {
  if (fault == Fault::statement && !for_ever) {
    static std::uint64_t places = 0;
    for (const std::uint64_t at : trial.fresh_statements()) {
      if (places++ % every == 0) trial.check({fault, at, false});
    }
    return;
  }
  std::uint64_t step = 1;
  std::uint64_t at_step = 0;
  for (std::uint64_t after = 0; trial.check({fault, after, for_ever}); after += step) {
    if (each > 0 && ++at_step == each) {
      at_step = 0;
      step = step * 2 + 1;
    }
  }
}

struct Arguments {
  std::string act, fault;
  std::optional<std::uint64_t> after;
  bool for_ever = false, once = false;
  std::uint64_t each = 8, every = 1;
};

int run(const Arguments& in) {
  CrashWorld world;
  const CrashWorld::Saved base = world.save();
  std::uint64_t checks = 0, wrong = 0, acts_run = 0;
  for (const Act& act : acts()) {
    if (!in.act.empty() && act.name != in.act) continue;
    Trial trial(world, base, act);
    for (const Fault fault : kFaults) {
      if (!in.fault.empty() && word(fault) != in.fault) continue;
      for (const bool for_ever : {false, true}) {
        if ((in.after && for_ever != in.for_ever) || (in.once && for_ever)) continue;
        in.after ? void(trial.check({fault, *in.after, for_ever}))
                 : enumerate(trial, fault, for_ever, in.each, in.every);
      }
    }
    std::printf("%-24s %6llu faults, %llu wrong\n", act.name.c_str(),
                static_cast<unsigned long long>(trial.checks), static_cast<unsigned long long>(trial.wrong));
    std::fflush(stdout);
    checks += trial.checks;
    wrong += trial.wrong;
    ++acts_run;
  }
  std::printf("%llu faults in %llu acts, %llu wrong\n", static_cast<unsigned long long>(checks),
              static_cast<unsigned long long>(acts_run), static_cast<unsigned long long>(wrong));
  return checks > 0 && wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace wasl::test

int main(int argc, char** argv) {
  wasl::test::watch_sqlite_memory();
  wasl::test::Arguments in;
  if (const char* deep = std::getenv("WASL_DEEP"); deep != nullptr && *deep != '\0') in.each = 0;
  CLI::App app("Lets memory and disks fail under everything that offices and the hub do.", "wasl_faults");
  app.add_option("--act", in.act, "One act");
  app.add_option("--fault", in.fault, "memory, statement, read, write, sync or room");
  app.add_option("--after", in.after, "Calls that still work");
  app.add_flag("--for-ever", in.for_ever, "All calls from there on fail");
  app.add_flag("--once", in.once, "No call fails for ever");
  app.add_option("--each", in.each, "Calls before the steps grow; 0: every call")
      ->envname("WASL_FAULTS_EACH")
      ->capture_default_str();
  app.add_option("--every", in.every, "Of the program's places with a statement, every how many-th")
      ->envname("WASL_FAULTS_EVERY")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (!wasl::crypto::start()) return 1;
  wasl::log::silence();
  return wasl::test::run(in);
}
