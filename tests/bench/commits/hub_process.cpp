#include "tests/bench/commits/hub_process.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <thread>

#include "server/hub/committer.hpp"
#include "server/store/postgres_hub_store.hpp"
#include "tests/bench/commits/followed_log.hpp"

namespace wasl::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kRecordsOfDevice = 20;
constexpr Millis kRenewEvery = 1'000;
constexpr Position kReadAtOnce = 2'000;

Millis wall_millis() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

bool passes(const Error& error) {
  return error.code == Errc::no_link || error.code == Errc::storage_failed || error.code == Errc::locked;
}

/// An office's end: one push is under way, and is pushed again until it is accepted.
class Writer {
 public:
  Writer(test::HubWorld& world, const Device& device, std::size_t sets)
      : pen_(world, device.key, std::string(kFollowedSpace), device.grant), sets_(sets) {
    for (std::size_t i = 0; i < kRecordsOfDevice; ++i)
      records_.push_back({to_hex(pen_.source().chain.view()) + "-" + std::to_string(i), {}});
  }
  [[nodiscard]] const ChainId& chain() const { return pen_.source().chain; }
  [[nodiscard]] std::uint64_t accepted() const { return accepted_; }

  /// Nothing while the last one has no answer.
  std::optional<Segment> next() {
    if (waits_) return std::nullopt;
    if (!segment_) segment_ = write();
    waits_ = true;
    return segment_;
  }
  /// What was pushed is forgotten there: it is pushed again.
  void push_again() { waits_ = false; }
  /// @return false: refused or held, which nothing here deserves.
  bool on_verdicts(const std::vector<VerdictItem>& verdicts) {
    for (const VerdictItem& item : verdicts) {
      if (item.verdict.outcome == Outcome::later) return waits_ = false, true;
      if (item.verdict.outcome != Outcome::accepted) return false;
      answered_ = std::max(answered_, item.first + item.count - 1);
    }
    if (answered_ < written_) return true;
    accepted_ = written_;
    segment_.reset();
    waits_ = false;
    return true;
  }

 private:
  Segment write() {
    std::vector<ChangeSet> sets;
    while (sets.size() < sets_) {
      auto& [id, head] = records_[written_++ % records_.size()];
      std::vector<Operation> operations;
      if (!head) operations.push_back(test::Pen::create("project", id));
      operations.push_back(test::Pen::write_text("project", id, "reference", std::to_string(written_),
                                                 head ? std::vector{*head} : std::vector<Dot>()));
      sets.push_back(pen_.write(std::move(operations)));
      head = sets.back().dot(sets.back().operations.size() - 1);
    }
    return pen_.run(sets);
  }

  test::Pen pen_;
  std::size_t sets_;
  std::vector<std::pair<std::string, std::optional<Dot>>> records_;
  std::optional<Segment> segment_;
  Sequence written_ = 0, answered_ = 0, accepted_ = 0;
  bool waits_ = false;
};

class HubProcess {
 public:
  HubProcess(const HubTask& task, HubCell& cell, Life& life, Board& board)
      : task_(task), cell_(cell), life_(life), board_(board) {
    task_.world.random().state ^= task.seed;
    for (std::size_t i = 0; i < task.devices.size(); ++i) {
      writers_.emplace_back(task.world, *task.devices[i], task.sets_of_push);
      life.chains[i] = writers_.back().chain();
    }
  }

  int run() {
    while (!board_.stop) {
      cell_.leads = false;
      auto store = PostgresHubStore::open_to_share(task_.address);
      if (store) serve(**store);
      for (Writer& one : writers_) one.push_again();
      ++cell_.reopened;
      std::this_thread::sleep_for(20ms);
    }
    return 0;
  }

 private:
  void serve(HubStore& store) {
    task_.world.clock().time = wall_millis();
    Committer committer({store, task_.world.schema(), task_.world.hub().log_key(), task_.world.clock(),
                         task_.world.random()});
    if (!committer.start()) return;
    Millis renewed = 0, rests_until = 0;
    while (!board_.stop && !store.must_reopen()) {
      const Millis now = task_.world.clock().time = wall_millis();
      if (!turn(store, committer, now >= rests_until)) return;
      if (cell_.resign.exchange(false)) {
        if (!committer.resign()) return;
        rests_until = now + 500;
      }
      cell_.leads = !committer.follows();
      if (now - renewed >= kRenewEvery) {
        renewed = now;
        static_cast<void>(store.renew());  // deposed: must_reopen() says so
        static_cast<void>(committer.publish());
      }
      if (committer.follows()) std::this_thread::sleep_for(3ms);
    }
    static_cast<void>(committer.resign());
  }

  /// One round of what a hub that serves does. @return false: it has to open its store again.
  bool turn(HubStore& store, Committer& committer, bool may_lead) {
    for (std::size_t i = 0; i < writers_.size(); ++i)
      if (auto segment = writers_[i].next()) committer.submit(i + 1, *std::move(segment));
    take(committer.commit());
    auto looked = committer.look();
    if (!looked && !passes(looked.error())) return false;
    if (looked) take(*looked);
    if (committer.follows() && may_lead && store.shared()->is_free()) {
      auto led = committer.try_lead();
      if (!led && !passes(led.error())) return false;
      if (led && *led) take(**led);
    }
    return read_on(store);
  }

  void take(const Committer::Committed& outcome) {
    for (const Committer::Ruling& ruling : outcome.rulings) {
      if (ruling.ticket == 0 || ruling.ticket > writers_.size()) continue;
      Writer& writer = writers_[ruling.ticket - 1];
      const std::uint64_t before = writer.accepted();
      if (!writer.on_verdicts(ruling.verdicts)) board_.refused = true;
      life_.acknowledged[ruling.ticket - 1] = writer.accepted();
      board_.acknowledged += writer.accepted() - before;
    }
  }

  /// What offices would be shown. @return false: the store does not answer as it should.
  bool read_on(HubStore& store) {
    const auto info = store.space(kFollowedSpace);
    if (!info) return passes(info.error());
    const Position from = life_.track.seen().count + 1, to = std::min((*info)->size, from + kReadAtOnce - 1);
    if (from > to) return true;
    const auto entries = store.entries(kFollowedSpace, from, to);
    if (!entries) return passes(entries.error());
    if (entries->size() != to - from + 1) ++life_.track.skipped;  // the log says that it has them
    for (const EntryRow& row : *entries) life_.track.see(row.position, row.entry.hash);
    return true;
  }

  const HubTask& task_;
  HubCell& cell_;
  Life& life_;
  Board& board_;
  std::vector<Writer> writers_;
};

}  // namespace

int run_hub(const HubTask& task, HubCell& cell, Life& life, Board& board) {
  return HubProcess(task, cell, life, board).run();
}

}  // namespace wasl::bench
