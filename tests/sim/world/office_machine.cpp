#include "tests/sim/world/office_machine.hpp"

#include <algorithm>

#include "tests/sim/world/enrolment.hpp"

namespace wasl::sim {
namespace {

constexpr Millis kWatchSoon = 300;      // the daemon's own
constexpr Millis kWatchOften = 30'000;  // asked less often than the real one does: the answer is the same
constexpr Millis kErasuresEvery = 60'000;

}  // namespace

OfficeMachine::OfficeMachine(const Ports& ports, Setting setting)
    : in_(ports),
      setting_(std::move(setting)),
      clock_(ports.scheduler),
      disk_(setting_.name, clock_, ports.dice.next()),
      random_(ports.dice.next()),
      tool_(disk_.folder() + "/replica.db") {}

OfficeMachine::~OfficeMachine() { end(false); }

OfficeMachine::Process* OfficeMachine::find(std::uint64_t id) {
  const auto it =
      std::find_if(processes_.begin(), processes_.end(), [&](const auto& p) { return p->id == id; });
  return it == processes_.end() ? nullptr : it->get();
}

bool OfficeMachine::join(const Invitation& invitation) {
  auto error = enrol({in_.hub, disk_.folder(), {clock_, random_, *setting_.schema}, in_.scheduler.steady()},
                     invitation);
  if (error) last_error_ = std::move(error);
  return !error;
}

void OfficeMachine::become(const test::SimDisk::Image& image) { disk_.restore(image); }

// ── Processes ──

void OfficeMachine::start() {
  if (is_running()) return;
  off_ = false;
  if (in_.scheduler.now() < stopped_until_) return start_after(10'000);
  if (!launch()) start_after(10'000 + static_cast<Millis>(in_.dice.below(20'000)));
}

void OfficeMachine::start_after(Millis wait) {
  if (std::exchange(start_planned_, true)) return;
  in_.scheduler.after(wait, [this] {
    start_planned_ = false;
    start();
  });
}

bool OfficeMachine::launch() {
  newest_time_ = std::max(newest_time_, clock_.now());  // opening may seal
  // As the daemon does: after an I/O error the files are checked, at each start they are settled.
  const Replica::Ports ports{clock_, random_, *setting_.schema};
  const bool reopens = std::exchange(failed_, false);
  auto replica = reopens ? Replica::reopen(disk_.folder(), ports) : Replica::open(disk_.folder(), ports);
  if (replica) {
    if (const Status settled = (*replica)->settle(); !settled) replica = tl::unexpected(settled.error());
  }
  if (disk_.killed()) {
    in_.trace.note(setting_.name, "killed while starting");
    in_.faults.fired(Fault::kill_in_recovery);
    if (replica) replica->reset();
    kill();
    return false;
  }
  if (!replica) {
    last_error_ = replica.error();
    in_.trace.note(setting_.name, "does not start: " + replica.error().message);
    if (replica.error().code == Errc::corrupt) {
      if (reopens) give_up_replica();
      failed_ = !reopens;
    }
    if (replica.error().code == Errc::locked) {
      failed_ = reopens;
      tool_.close();  // the officer does what the words ask for
    }
    return false;
  }
  auto process = std::make_unique<Process>();
  process->id = ++last_id_;
  process->replica = std::move(*replica);
  if (!open_files(*process)) {
    process.reset();
    kill();
    return false;
  }
  processes_.push_back(std::move(process));
  Process& started = *processes_.back();
  in_.trace.note(setting_.name, "started");
  const std::uint64_t id = started.id;
  in_.scheduler.after(10, [this, id] {
    call(id, [this](Process& p) {
      if (seal(p)) connect(p);
    });
  });
  watch(id);
  if (started.files != nullptr) tidy_files(id);
  if (in_.faults.is_on(Fault::value_erased)) look_for_erasures(id);
  return true;
}

void OfficeMachine::call(std::uint64_t id, const std::function<void(Process&)>& code) {
  if (in_.scheduler.now() < stopped_until_) {
    deferred_.emplace_back([this, id, code] { call(id, code); });
    return;
  }
  Process* process = find(id);
  if (process == nullptr) return;
  newest_time_ = std::max(newest_time_, clock_.now());
  const std::uint64_t failed = disk_.failed();
  outgoing_.clear();
  code(*process);
  if (killed()) return;
  process = find(id);
  if (process == nullptr) return;
  const bool says =
      std::any_of(outgoing_.begin(), outgoing_.end(), [](const auto& o) { return !o.frames.empty(); });
  if (says && in_.faults.strikes(Fault::kill_before_answer, in_.dice, 0.003)) {
    in_.trace.note(setting_.name, "killed between durable and answered");
    kill();
    return start_after(1'000);
  }
  send(*process);
  process = find(id);
  if (says && process != nullptr && in_.faults.strikes(Fault::kill_after_answer, in_.dice, 0.003)) {
    in_.trace.note(setting_.name, "killed after its answer");
    kill();
    return start_after(1'000);
  }
  if (std::exchange(files_damaged_, false) && process != nullptr) return lose_files();
  // After an I/O error nothing in memory is trusted: stop, reopen, check, go on.
  if (process != nullptr && (disk_.failed() != failed || process->replica->must_reopen())) {
    in_.trace.note(setting_.name, "reopens after an I/O error");
    kill();
    failed_ = true;
    start_after(1'000);
  }
}

bool OfficeMachine::killed() {
  if (!disk_.killed()) return false;
  in_.trace.note(setting_.name, "killed at a write");
  in_.faults.fired(Fault::kill_office_at_write);
  kill();
  start_after(1'000 + static_cast<Millis>(in_.dice.below(30'000)));
  return true;
}

void OfficeMachine::end(bool tells) {
  for (const auto& process : processes_) {
    if (process->connection != nullptr) process->connection->die(Side::office, tells);
  }
  processes_.clear();
  tool_.close();
  outgoing_.clear();
  equal_ = false;
}

void OfficeMachine::kill(bool tells) {
  end(tells);
  disk_.revive();
}

void OfficeMachine::cut_power(test::SimDisk::Tear tear) {
  end(false);
  off_ = true;
  disk_.cut_power(tear);
}

void OfficeMachine::stop_for(Millis duration) {
  stopped_until_ = in_.scheduler.now() + duration;
  line_->office_stopped = true;
  in_.scheduler.at(stopped_until_, [this] {
    if (in_.scheduler.now() >= stopped_until_) resume();
  });
}

void OfficeMachine::resume() {
  stopped_until_ = in_.scheduler.now();
  line_->office_stopped = false;
  for (const auto& one : std::exchange(deferred_, {})) one();
}

void OfficeMachine::second_daemon_for(Millis duration) {
  if (processes_.size() != 1) return;
  if (!launch()) {
    if (!is_running()) start_after(10'000);  // what ended the second took the first with it
    return;
  }
  in_.scheduler.after(duration, [this, id = processes_.back()->id] {
    const auto it =
        std::find_if(processes_.begin(), processes_.end(), [&](const auto& p) { return p->id == id; });
    if (it == processes_.end()) return;
    if ((*it)->connection != nullptr) (*it)->connection->die(Side::office, true);
    processes_.erase(it);
  });
}

void OfficeMachine::duplicate_connection() {
  if (processes_.empty() || processes_[0]->connection == nullptr) return;
  Process& process = *processes_[0];
  process.connection->attach(Side::office, {});  // it stands, and nobody listens on this side
  process.connection.reset();
  process.session.reset();
  call(process.id, [this](Process& p) { connect(p); });
}

void OfficeMachine::lose(Side from) {
  if (!processes_.empty() && processes_[0]->connection != nullptr) processes_[0]->connection->lose(from);
}

void OfficeMachine::give_up_replica() {
  on_damaged();
  remove_replica();
}

void OfficeMachine::remove_replica() {
  if (!may_be_corrupt) in_.trace.violation(setting_.name, "corrupt though nothing damaged its files");
  in_.trace.note(setting_.name, "replica.db is put aside");
  kill();
  for (const char* end : {"replica.db", "replica.db-wal"}) disk_.remove(end);
}

void OfficeMachine::watch(std::uint64_t id) {
  in_.scheduler.after(kWatchOften, [this, id] {
    if (find(id) == nullptr) return;
    call(id, [this](Process& p) { seal(p); });
    watch(id);
  });
}

/// As the daemon does: what is in force goes after a session in which the hub said so.
void OfficeMachine::look_for_erasures(std::uint64_t id) {
  in_.scheduler.after(kErasuresEvery, [this, id] {
    if (find(id) == nullptr) return;
    call(id, [this](Process& p) {
      const Status erased = p.replica->carry_out_erasures();
      if (!erased) in_.trace.note(setting_.name, "cannot erase: " + erased.error().message);
      const auto awaits = erased ? p.replica->awaits_erasure() : Result<bool>(false);
      if (!awaits || !*awaits || p.session == nullptr) return;
      p.connection->die(Side::office, true);
      connect(p);
    });
    look_for_erasures(id);
  });
}

bool OfficeMachine::seal(Process& process) {
  const auto version = process.replica->database().data_version();
  if (!version) return handle(process, version.error());
  if (*version == process.data_version) return true;
  const auto sealed = process.replica->seal();
  if (!sealed) return handle(process, sealed.error());
  process.data_version = *version;
  if (!has_notes(process)) on_sealed();
  if (*sealed > 0) {
    equal_ = false;
    in_.trace.note(setting_.name, "sealed " + std::to_string(*sealed));
  }
  if (process.session != nullptr) take(process, process.session->on_local_commit(in_.scheduler.steady()));
  return true;
}

/// Notes wait when the office's rights are not here.
bool OfficeMachine::has_notes(Process& process) {
  auto notes = process.replica->database().prepare("SELECT 1 FROM _wasl_capture LIMIT 1");
  return !notes || notes->step().value_or(true);
}
bool OfficeMachine::has_notes() { return processes_.empty() || has_notes(*processes_[0]); }

// ── Other programs ──

sqlite3* OfficeMachine::tool_connection() {
  return off_ || in_.scheduler.now() < stopped_until_ ? nullptr : tool_.open();
}

bool OfficeMachine::tool(const std::string& sql) {
  const std::uint64_t failed = disk_.failed();
  const auto refused = OtherProgram::run(tool_connection(), sql);
  if (disk_.failed() != failed) tool_.close();
  in_.trace.note(setting_.name, "tool: " + sql.substr(0, 200) + " -> " + refused.value_or("saved"));
  if (killed() || refused) return false;
  if (!processes_.empty()) {
    in_.scheduler.after(kWatchSoon,
                        [this, id = processes_[0]->id] { call(id, [this](Process& p) { seal(p); }); });
  }
  return true;
}

std::vector<std::vector<std::string>> OfficeMachine::rows(const std::string& query) {
  auto out = OtherProgram::rows(tool_connection(), query);
  if (!out || killed()) return {};
  return *std::move(out);
}

OfficeFiles* OfficeMachine::files() { return processes_.empty() ? nullptr : processes_[0]->files.get(); }

Replica* OfficeMachine::replica() { return processes_.empty() ? nullptr : processes_[0]->replica.get(); }

std::optional<Status> OfficeMachine::command(const std::function<Status(Replica&)>& work) {
  if (off_ || in_.scheduler.now() < stopped_until_ || failed_) return std::nullopt;
  newest_time_ = std::max(newest_time_, clock_.now());
  Status done;
  {
    auto replica = Replica::open(disk_.folder(), {clock_, random_, *setting_.schema});
    done = replica ? work(**replica) : tl::unexpected(replica.error());
  }
  if (killed()) return std::nullopt;
  return done;
}

std::optional<Status> OfficeMachine::act(const std::function<Status(Replica&)>& work) {
  if (processes_.empty() || in_.scheduler.now() < stopped_until_) return std::nullopt;
  std::optional<Status> done;
  call(processes_[0]->id, [&](Process& p) {
    done = work(*p.replica);
    if (*done) {
      if (!has_notes(p)) on_sealed();
      if (p.session != nullptr) take(p, p.session->on_local_commit(in_.scheduler.steady()));
    }
  });
  if (!is_running()) return std::nullopt;
  return done;
}

}  // namespace wasl::sim
