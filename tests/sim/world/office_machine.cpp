#include "tests/sim/world/office_machine.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <deque>

namespace wasl::sim {
namespace {

constexpr Millis kWatchSoon = 300;      // the daemon's own
constexpr Millis kWatchOften = 30'000;  // asked less often than the real one does: the answer is the same
constexpr Millis kErasuresEvery = 60'000;
constexpr int kDraws = 5;
constexpr Millis kConnectLimit = 30'000;
constexpr Millis kBackoffMost = 300'000;

/// As the daemon decides: what no later attempt can mend ends it, and somebody must look.
bool can_mend(Errc code) {
  return code != Errc::caught && code != Errc::wrong_network && code != Errc::unauthorised &&
         code != Errc::unsupported && code != Errc::corrupt;
}

}  // namespace

Status Witness::on_verdicts(const std::vector<VerdictItem>& verdicts) {
  {
    WASL_LET(auto select,
             replica_.database().prepare("SELECT chain, sequence FROM _wasl_pending WHERE state = 4"));
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      promises_.discarded.insert(
          {ChainId::from(select.blob(0)).value_or(ChainId{}), static_cast<Sequence>(select.int64(1))});
    }
  }
  WASL_TRY(replica_.on_verdicts(verdicts));
  for (const VerdictItem& item : verdicts) {
    if (item.verdict.outcome != Outcome::accepted || old_) continue;
    for (std::uint64_t i = 0; i < item.count; ++i) {
      const Promise promise{item.chain, item.first + i};
      if (!promises_.discarded.contains(promise)) promises_.accepted.insert(promise);
    }
  }
  return {};
}

Result<std::optional<bool>> Witness::on_proof(const Proof& proof) {
  auto equal = replica_.on_proof(proof);
  if (equal) on_proved_(*equal);
  return equal;
}

OfficeMachine::OfficeMachine(const World& world, Setting setting)
    : in_(world),
      setting_(std::move(setting)),
      clock_(world.scheduler),
      disk_(setting_.name, clock_, world.dice.next()),
      random_(world.dice.next()) {}

OfficeMachine::~OfficeMachine() { end(false); }

OfficeMachine::Process* OfficeMachine::find(std::uint64_t id) {
  const auto it =
      std::find_if(processes_.begin(), processes_.end(), [&](const auto& p) { return p->id == id; });
  return it == processes_.end() ? nullptr : it->get();
}

// ── Coming into the network ──

namespace {

/// A whole session by hand, without a network between.
std::optional<Error> carry(HubMachine& machine, ClientPort& port, const Bytes& hello_bytes, Millis now,
                           std::optional<Segment> extra, bool push) {
  Hub& hub = machine.hub();
  auto hello = HubSession::admit(hub, hello_bytes);
  if (!hello) return hello.error();
  constexpr std::uint64_t kId = 1ULL << 40;
  HubSession server(hub, kId, std::move(*hello), hello_hash(hello_bytes), now);
  ClientSession::Options options;
  options.network = hub.network();
  options.log_key = hub.log_key().public_key();
  options.hello = hello_hash(hello_bytes);
  options.push = push;
  options.extra = std::move(extra);
  ClientSession client(port, std::move(options), now);
  std::deque<std::shared_ptr<const Bytes>> down;
  std::deque<Bytes> up;
  const auto from_hub = [&](HubSession::Output out) {
    for (auto& frame : out.frames) down.push_back(std::move(frame));
  };
  from_hub(server.start(now));
  for (;;) {
    if (!down.empty()) {
      const auto frame = down.front();
      down.pop_front();
      for (Bytes& answer : client.on_frame(*frame, now).frames) up.push_back(std::move(answer));
      if (down.empty()) from_hub(server.on_writable(now));
    } else if (!up.empty()) {
      const Bytes frame = std::move(up.front());
      up.pop_front();
      from_hub(server.on_frame(frame, now));
      if (!up.empty()) continue;
      for (Bytes& more : client.on_writable(now).frames) up.push_back(std::move(more));
    } else if (!hub.committer().is_idle()) {
      const auto committed = machine.commit_now();
      for (const auto& ruling : committed.rulings) {
        if (ruling.ticket == kId) from_hub(server.on_ruling(ruling.verdicts, ruling.taken, now));
      }
      from_hub(server.on_commit(committed.grown, now));
    } else {
      break;
    }
  }
  if (client.error()) return client.error();
  const auto& verdict = client.extra_verdict();
  if (verdict && verdict->outcome != Outcome::accepted) {
    return Error{Errc::conflict, std::string(explain(verdict->reason)), ""};
  }
  return std::nullopt;
}

}  // namespace

bool OfficeMachine::join(const Invitation& invitation) {
  const crypto::KeyPair key = crypto::KeyPair::from_seed(invitation.seed);
  const NetworkAnchor anchor{invitation.network,
                             invitation.statement,
                             invitation.statement_number,
                             invitation.log_key,
                             invitation.url,
                             invitation.organisation,
                             "en"};
  auto replica = Replica::create(disk_.folder(), anchor, {clock_, random_, *setting_.schema});
  if (!replica) {
    last_error_ = replica.error();
    return false;
  }
  Replica& r = **replica;
  const auto step = [&](const Result<Bytes>& hello, std::optional<Segment> extra, bool push) {
    if (!hello) {
      last_error_ = hello.error();
      return false;
    }
    const auto error = carry(in_.hub, r, *hello, in_.scheduler.steady(), std::move(extra), push);
    if (error) last_error_ = error;
    return !error;
  };
  if (!step(r.make_invitation_hello(key, {}), std::nullopt, false)) return false;
  auto enrolment = r.make_enrolment(key);
  if (!enrolment) {
    last_error_ = enrolment.error();
    return false;
  }
  if (!step(r.make_invitation_hello(key, {}), std::move(*enrolment), false)) return false;
  if (!r.note_enrolled() || !r.prepare_tables()) return false;
  return step(r.make_hello(false, {}), std::nullopt, true);
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
      close_tool();  // the officer does what the words ask for
    }
    return false;
  }
  auto process = std::make_unique<Process>();
  process->id = ++last_id_;
  process->draws_left = kDraws;
  process->replica = std::move(*replica);
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
  close_tool();
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

// ── A session ──

void OfficeMachine::connect(Process& process) {
  process.session.reset();
  process.connection.reset();
  auto hello = process.replica->make_hello(setting_.live, {});
  if (!hello) {
    if (handle(process, hello.error())) retry(process);
    return;
  }
  const std::uint64_t attempt = ++process.attempt;
  const Millis way =
      line_->latency * 2 + static_cast<Millis>(static_cast<double>(hello->size()) / line_->bytes_per_milli);
  in_.scheduler.after(
      way, [this, id = process.id, attempt, hello = std::move(*hello)] { upgrade(id, attempt, hello); });
}

/// Who has not seen more than the old copy of the hub goes on with it: two histories from then on.
bool OfficeMachine::would_believe_old(const Bytes& hello) const {
  if (!in_.hub.old_heads) return false;
  const auto decoded = decode_hello(hello);
  return !decoded || decoded->checkpoint.size <= *in_.hub.old_heads;
}

void OfficeMachine::upgrade(std::uint64_t id, std::uint64_t attempt, const Bytes& hello) {
  Process* process = find(id);
  if (process == nullptr || process->attempt != attempt) return;
  const auto fail_with = [&](Millis wait, const Error& error) {
    in_.scheduler.after(wait, [this, id, attempt, error] {
      call(id, [this, attempt, error](Process& p) {  // a machine that stopped runs it later
        if (p.attempt == attempt) ended(p, error);
      });
    });
  };
  const bool silent = would_believe_old(hello) || !line_->passes(Side::office) || !line_->passes(Side::hub);
  if (silent) return fail_with(kConnectLimit, {Errc::no_link, "nobody answers", ""});
  if (!in_.hub.is_up()) return fail_with(line_->latency, {Errc::no_link, "refused", ""});
  const auto connection = std::make_shared<Connection>(in_.scheduler, in_.faults, in_.dice, line_);
  Connection::watch(connection);
  ClientSession::Options options;
  options.live = setting_.live;
  options.network = process->replica->network().network;
  options.log_key = process->replica->network().log_key;
  options.hello = hello_hash(hello);
  const auto refused = in_.hub.accept(hello, connection);
  process = find(id);
  if (process == nullptr) return connection->die(Side::office, true);
  if (refused) {
    connection->die(Side::office, false);
    if (refused->code == Errc::conflict) {
      call(id, [](Process& p) { static_cast<void>(p.replica->on_counter_used()); });
      if (draw_again(id, attempt)) return;
    }
    return fail_with(line_->latency, *refused);
  }
  if (in_.faults.strikes(Fault::duplicate, in_.dice, 0.1)) {
    const auto second = std::make_shared<Connection>(in_.scheduler, in_.faults, in_.dice, line_);
    Connection::watch(second);
    if (!in_.hub.accept(hello, second)) in_.trace.violation("hub", "took one hello twice");
    process = find(id);
    if (process == nullptr || !connection->is_open(Side::hub)) {
      return fail_with(line_->latency, {Errc::no_link, "the hub is gone", ""});
    }
  }
  process->meets_old = in_.hub.old_heads.has_value();
  process->witness = std::make_unique<Witness>(
      *process->replica, promises_, process->meets_old,
      [this, old = process->meets_old](std::optional<bool> equal) {
        if (old) in_.trace.violation(setting_.name, "took the proof of an old copy of the hub");
        if (equal != true) return;
        equal_ = true;
        may_be_caught = false;
        on_equal(*this);
      });
  process->session =
      std::make_unique<ClientSession>(*process->witness, std::move(options), in_.scheduler.steady());
  process->connection = connection;
  connection->attach(Side::office, {.frame =
                                        [this, id, attempt](ByteView frame) {
                                          call(id, [this, attempt, kept = to_bytes(frame)](Process& p) {
                                            if (p.attempt != attempt || p.session == nullptr) return;
                                            may_be_caught = may_be_caught || p.meets_old;
                                            take(p, p.session->on_frame(kept, in_.scheduler.steady()));
                                            note_frame(p, kept);
                                          });
                                        },
                                    .closed =
                                        [this, id, attempt] {
                                          call(id, [this, attempt](Process& p) {
                                            if (p.attempt == attempt)
                                              ended(p, Error{Errc::no_link, "the link broke", ""});
                                          });
                                        }});
  call(id, [this](Process& p) { take(p, p.session->on_time(in_.scheduler.steady())); });
}

/// As the real client: a few times at once, before it waits like after any other failure.
bool OfficeMachine::draw_again(std::uint64_t id, std::uint64_t attempt) {
  Process* const process = find(id);
  if (process == nullptr || process->draws_left == 0) return false;
  --process->draws_left;
  in_.scheduler.after(line_->latency, [this, id, attempt] {
    call(id, [this, attempt](Process& p) {
      if (p.attempt == attempt) connect(p);
    });
  });
  return true;
}

void OfficeMachine::note_frame(const Process& process, ByteView frame) {
  const SessionSummary& summary = process.session->summary();
  in_.trace.note(setting_.name, "took frame " + std::to_string(frame.empty() ? 0 : frame[0]) + " of " +
                                    std::to_string(frame.size()) + " bytes: sent " +
                                    std::to_string(summary.sent_sets) + ", accepted " +
                                    std::to_string(summary.accepted) + ", held " +
                                    std::to_string(summary.held) + ", refused " +
                                    std::to_string(summary.refused) + ", equal " +
                                    (!summary.equal   ? "unknown"
                                     : *summary.equal ? "yes"
                                                      : "no"));
}

void OfficeMachine::take(Process&, ClientSession::Output out) { outgoing_.push_back(std::move(out)); }

void OfficeMachine::send(Process& process) {
  for (ClientSession::Output& out : std::exchange(outgoing_, {})) {
    if (process.session == nullptr || process.connection == nullptr) return;
    for (const Bytes& frame : out.frames) process.connection->send(Side::office, frame);
    if (out.close) {
      process.connection->close(Side::office);
      return ended(process, process.session->error());
    }
    if (!out.frames.empty()) {  // what was queued leaves: the channel says that it can take more
      in_.scheduler.after(20, [this, id = process.id, attempt = process.attempt] {
        call(id, [this, attempt](Process& p) {
          if (p.attempt == attempt && p.session != nullptr)
            take(p, p.session->on_writable(in_.scheduler.steady()));
        });
      });
    }
    if (!out.wake_at) continue;
    const std::uint64_t timer = ++process.timer;
    in_.scheduler.at(Scheduler::kStart + *out.wake_at, [this, id = process.id, timer] {
      call(id, [this, timer](Process& p) {
        if (p.timer == timer && p.session != nullptr) take(p, p.session->on_time(in_.scheduler.steady()));
      });
    });
  }
}

void OfficeMachine::ended(Process& process, std::optional<Error> error) {
  process.draws_left = kDraws;
  if (process.session != nullptr) {
    if (process.session->summary().equal.has_value()) process.backoff = 1'000;
    if (in_.hub.is_recovering() && process.session->is_welcomed() && error && error->code == Errc::later)
      ++came_back;
  }
  process.session.reset();
  if (process.connection != nullptr && in_.faults.strikes(Fault::reorder, in_.dice, 0.3))
    process.connection->hold(Side::hub, 1'000 + static_cast<Millis>(in_.dice.below(20'000)));
  process.connection.reset();
  in_.trace.note(setting_.name, "session ended: " + (error ? error->message : std::string("well")));
  if (error && !handle(process, *error)) return;
  if (error) return retry(process);
  const Millis pause = 20'000 + static_cast<Millis>(in_.dice.below(60'000));
  in_.scheduler.after(pause, [this, id = process.id] {
    call(id, [this](Process& p) {
      if (seal(p) && p.session == nullptr) connect(p);
    });
  });
}

void OfficeMachine::retry(Process& process) {
  const Millis wait =
      process.backoff / 2 +
      static_cast<Millis>(in_.dice.below(static_cast<std::uint64_t>(process.backoff / 2) + 1));
  process.backoff = std::min(process.backoff * 2, kBackoffMost);
  in_.scheduler.after(wait, [this, id = process.id, attempt = process.attempt] {
    call(id, [this, attempt](Process& p) {
      if (p.attempt == attempt && p.session == nullptr) connect(p);
    });
  });
}

bool OfficeMachine::handle(Process& process, const Error& error) {
  last_error_ = error;
  in_.trace.note(setting_.name, "error: " + std::string(to_word(error.code)) + " " + error.message);
  if (error.code == Errc::caught && !may_be_caught && !process.meets_old) {
    in_.trace.violation(setting_.name, "an honest hub was caught: " + error.message);
  }
  if (can_mend(error.code)) return true;
  // Told at each session; its programs go on, and so does what it hands over.
  if (revoked && error.code == Errc::unauthorised) return true;
  if (error.code == Errc::corrupt) {
    failed_ = true;  // as the daemon: it is checked and put aside if it is damaged
    if (++corrupt_ > 3) give_up_replica();
  }
  if (find(process.id) != nullptr) kill();
  start_after(60'000 + static_cast<Millis>(in_.dice.below(120'000)));
  return false;
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

/// The other program keeps the file open, as a spreadsheet does, until the machine stops.
sqlite3* OfficeMachine::tool_connection() {
  if (off_ || in_.scheduler.now() < stopped_until_) return nullptr;
  if (tool_ == nullptr && sqlite3_open_v2((folder() + "/replica.db").c_str(), &tool_, SQLITE_OPEN_READWRITE,
                                          nullptr) != SQLITE_OK) {
    close_tool();
  }
  return tool_;
}

void OfficeMachine::close_tool() { sqlite3_close(std::exchange(tool_, nullptr)); }

bool OfficeMachine::tool(const std::string& sql) {
  const std::uint64_t failed = disk_.failed();
  sqlite3* db = tool_connection();
  const int code = db == nullptr ? SQLITE_CANTOPEN : sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr);
  const std::string words = code == SQLITE_OK ? "saved" : db == nullptr ? "no file" : sqlite3_errmsg(db);
  if (db != nullptr && sqlite3_get_autocommit(db) == 0)
    sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr);
  if (disk_.failed() != failed) close_tool();
  in_.trace.note(setting_.name, "tool: " + sql.substr(0, 200) + " -> " + words);
  if (killed() || code != SQLITE_OK) return false;
  if (!processes_.empty()) {
    in_.scheduler.after(kWatchSoon,
                        [this, id = processes_[0]->id] { call(id, [this](Process& p) { seal(p); }); });
  }
  return true;
}

std::vector<std::vector<std::string>> OfficeMachine::rows(const std::string& query) {
  std::vector<std::vector<std::string>> out;
  sqlite3_stmt* select = nullptr;
  sqlite3* db = tool_connection();
  if (db == nullptr || sqlite3_prepare_v2(db, query.c_str(), -1, &select, nullptr) != SQLITE_OK) return out;
  while (sqlite3_step(select) == SQLITE_ROW) {
    std::vector<std::string> row;
    for (int i = 0; i < sqlite3_column_count(select); ++i) {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(select, i));
      row.emplace_back(text == nullptr ? "" : text);
    }
    out.push_back(std::move(row));
  }
  sqlite3_finalize(select);
  if (killed()) out.clear();
  return out;
}

Replica* OfficeMachine::replica() { return processes_.empty() ? nullptr : processes_[0]->replica.get(); }

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
