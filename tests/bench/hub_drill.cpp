// How long a backup of a hub takes beside it, and how long restoring and checking it does: a log of so many
// megabytes, change sets of ten paragraphs. Beside each the same bytes copied and synced by nothing but reads
// and writes. Before that, how long the hub takes to open a log of which nothing is in memory, and to answer.
// Prints; never a pass or a fail, but for what went wrong.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "server/app/backup.hpp"
#include "tests/support/hub_world.hpp"

namespace wasl::bench {
namespace {

constexpr std::size_t kRecords = 5'000;
constexpr std::size_t kSetsOfRun = 5;
constexpr std::size_t kRunsOfPush = 200;
constexpr std::size_t kUpdatesOfSet = 10;
constexpr std::size_t kTextBytes = 400;

struct Spent {
  double wall = 0, processor = 0;
  std::int64_t read = 0;  ///< bytes, from the disk itself
};

Spent now() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return {std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(),
          seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_inblock * 512};
}

void print(const char* what, const Spent& begun, const std::string& more = "") {
  const Spent ended = now();
  std::printf("%s: %.1f s, %.1f s of a core%s\n", what, ended.wall - begun.wall,
              ended.processor - begun.processor, more.c_str());
  std::fflush(stdout);
}

/// Text that a compressor gets little out of, as made as possible: six bits a letter.
std::string paragraph(std::uint64_t& dice) {
  std::string out;
  while (out.size() < kTextBytes) {
    dice = dice * 6364136223846793005ULL + 1442695040888963407ULL;
    for (int i = 0; i < 8; ++i) out += static_cast<char>('0' + (dice >> (16 + 6 * i) & 63));
  }
  return out;
}

/// Every record in turn gets a new text.
void fill(test::HubWorld& world, std::uint64_t bytes) {
  world.add_organisation("ma", "association");
  const auto device = crypto::KeyPair::generate(world.random());
  test::Pen pen(world, device, "network", world.enrol(device, "ma"));
  std::map<std::string, Dot> heads;
  std::uint64_t dice = 1;
  std::size_t next = 0;
  while (std::filesystem::file_size(world.folder() / "hub.db") < bytes) {
    Segment push;
    for (std::size_t r = 0; r < kRunsOfPush; ++r) {
      std::vector<ChangeSet> run;
      for (std::size_t s = 0; s < kSetsOfRun; ++s) {
        std::vector<Operation> operations;
        for (std::size_t k = 0; k < kUpdatesOfSet; ++k, next = (next + 1) % kRecords) {
          const std::string id = "record-" + std::to_string(next);
          const auto head = heads.find(id);
          if (head == heads.end()) operations.push_back(test::Pen::create("project", id));
          operations.push_back(test::Pen::write_text(
              "project", id, "summary", paragraph(dice),
              head == heads.end() ? std::vector<Dot>{} : std::vector<Dot>{head->second}));
          operations.back().address.key = to_bytes("en");
        }
        sort_by_record(operations);
        run.push_back(pen.write(std::move(operations)));
        const ChangeSet& set = run.back();
        for (std::size_t o = 0; o < set.operations.size(); ++o)
          if (set.operations[o].kind == OperationKind::write) heads[set.operations[o].id] = set.dot(o);
      }
      Segment one = pen.run(run);
      push.space = one.space;
      std::move(one.items.begin(), one.items.end(), std::back_inserter(push.items));
    }
    for (const VerdictItem& item : world.push(std::move(push)))
      if (item.verdict.outcome != Outcome::accepted)
        throw std::runtime_error("not accepted: " + item.verdict.detail);
  }
}

void copy_plainly(const std::filesystem::path& from, const std::filesystem::path& to) {
  {
    std::ifstream in(from, std::ios::binary);
    std::ofstream out(to, std::ios::binary);
    out << in.rdbuf();
    if (!out.flush()) throw std::runtime_error("no room for a copy");
  }
  const int file = ::open(to.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 || ::fsync(file) != 0) throw std::runtime_error("a copy that cannot be synced");
  ::close(file);
}

/// Drops the file from the system's memory, as if the machine had just started. In a process of its own: a
/// file that is closed here would take SQLite's locks on it along.
void evict(const std::filesystem::path& path) {
  const pid_t child = ::fork();
  if (child == 0) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool done =
        file >= 0 && ::fsync(file) == 0 && ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0;
    ::_exit(done ? 0 : 1);
  }
  int status = 1;
  if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0)
    throw std::runtime_error("hub.db stays in memory");
}

void start_cold(test::HubWorld& world) {
  world.reopen();  // what waits in the write-ahead log goes into hub.db
  evict(world.folder() / "hub.db");
  const auto read = [](const Spent& begun) {
    return ", " + std::to_string((now().read - begun.read) / 1'000) + " kB read";
  };
  Spent begun = now();
  world.reopen();
  print("cold start: the store, its authority and its heads", begun, read(begun));
  begun = now();
  const Position size = test::must(world.hub().size("network"));
  test::must(world.hub().entries("network", size, {}));
  test::must(world.hub().prove({}, {world.hub().heads().size - 1}));
  print("the newest entries and their proof", begun, read(begun));
  begun = now();
  world.add_organisation("late", "association");
  print("the first commit", begun, read(begun));
}

nlohmann::json must(nlohmann::json document) {
  if (document.contains("error")) throw std::runtime_error(document.dump());
  return document;
}

int run(std::uint64_t megabytes, bool only_start) {
  if (!crypto::start()) return 1;
  test::HubWorld world;
  Spent begun = now();
  fill(world, megabytes * 1'000'000);
  const HubFolder folder{world.folder()};
  print("a log was made", begun);
  start_cold(world);
  if (only_start) return 0;
  const auto place = world.folder() / "backup";

  begun = now();
  const auto done = must(back_up(folder, {place, false, false}));
  print("backup", begun, ", " + std::to_string(done["bytes"].get<std::uint64_t>() / 1'000'000) + " MB");
  begun = now();
  copy_plainly(place / "hub.db", world.folder() / "copy");
  print("the same bytes copied and synced", begun);

  begun = now();
  const auto checked = must(restore({world.folder() / "restored"}, {place, false, true}));
  print("restore, and everything checked", begun,
        ", " + std::to_string(checked["entries"].get<std::uint64_t>()) + " entries, " +
            std::to_string(checked["records"].get<std::uint64_t>()) + " records");
  return 0;
}

}  // namespace
}  // namespace wasl::bench

int main(int argc, char** argv) {
  CLI::App app("How long a backup of a hub takes, and how long restoring and checking it does.", "hub_drill");
  std::uint64_t megabytes = 1'000;
  app.add_option("--megabytes", megabytes, "Size of the log")->capture_default_str();
  bool only_start = false;
  app.add_flag("--only-start", only_start, "Nothing but the cold start");
  CLI11_PARSE(app, argc, argv);
  try {
    return wasl::bench::run(megabytes, only_start);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "hub_drill: %s\n", error.what());
    return 1;
  }
}
