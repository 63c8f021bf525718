// The sessions of an office's processes: what the real program does with sockets and timers.
#include <algorithm>

#include "tests/sim/world/office_machine.hpp"

namespace wasl::sim {
namespace {

constexpr Millis kConnectLimit = 30'000;
constexpr Millis kBackoffMost = 300'000;
constexpr Millis kNearMost = 240'000;  // with its section's hub; then somebody asks the network's

/// As the daemon decides: what no later attempt can mend ends it, and somebody must look.
bool can_mend(Errc code) {
  return code != Errc::caught && code != Errc::wrong_network && code != Errc::unauthorised &&
         code != Errc::unsupported && code != Errc::corrupt;
}

}  // namespace

void OfficeMachine::connect(Process& process) {
  process.session.reset();
  process.connection.reset();
  process.near = calls_section(process);
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

bool OfficeMachine::calls_section(const Process& process) const {
  return setting_.near && in_.section != nullptr && !process.near && !revoked && !in_.hub.is_recovering();
}

/// @return why it is not taken.
std::optional<Error> OfficeMachine::call_hub(bool near, const Bytes& hello,
                                             const std::shared_ptr<Connection>& connection) {
  return near ? in_.section->accept(hello, connection) : in_.hub.accept(hello, connection);
}

void OfficeMachine::leave_section_in_time(const Process& process) {
  in_.scheduler.after(kNearMost, [this, id = process.id, attempt = process.attempt] {
    call(id, [this, attempt](Process& p) {
      if (p.attempt != attempt || p.session == nullptr) return;
      p.connection->die(Side::office, true);
      connect(p);
    });
  });
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
  const bool near = process->near;
  const bool silent =
      (!near && would_believe_old(hello)) || !line_->passes(Side::office) || !line_->passes(Side::hub);
  if (silent) return fail_with(kConnectLimit, {Errc::no_link, "nobody answers", ""});
  if (near ? !in_.section->is_serving() : !in_.hub.is_up())
    return fail_with(line_->latency, {Errc::no_link, "refused", ""});
  const auto connection = std::make_shared<Connection>(in_.scheduler, in_.faults, in_.dice, line_);
  Connection::watch(connection);
  ClientSession::Options options;
  options.live = setting_.live;
  options.network = process->replica->network().network;
  options.log_key = process->replica->network().log_key;
  options.hello = hello_hash(hello);
  const auto refused = call_hub(near, hello, connection);
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
    if (!call_hub(near, hello, second)) in_.trace.violation("hub", "took one hello twice");
    process = find(id);
    if (process == nullptr || !connection->is_open(Side::hub)) {
      return fail_with(line_->latency, {Errc::no_link, "the hub is gone", ""});
    }
  }
  process->meets_old = !near && in_.hub.old_heads.has_value();
  if (near) {
    in_.faults.fired(Fault::section_hub);
    leave_section_in_time(*process);
  }
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
  process->ending.reset();
  process->exchange.reset();
  if (process->files != nullptr) process->exchange.emplace(*process->files, FileExchange::End::office);
  connection->attach(Side::office,
                     {.frame =
                          [this, id, attempt](ByteView frame) {
                            call(id, [this, attempt, kept = to_bytes(frame)](Process& p) {
                              if (p.attempt != attempt || p.session == nullptr) return;
                              may_be_caught = may_be_caught || p.meets_old;
                              if (p.exchange && is_file_frame(kept) && p.session->is_welcomed()) {
                                if (p.ending) arm_silence(p);
                                take_files(p, p.exchange->on_frame(kept));
                                return plan_pump(p);
                              }
                              if (is_file_frame(kept)) return;  // it answers a question of before
                              take(p, p.session->on_frame(kept, in_.scheduler.steady()));
                              note_frame(p, kept);
                            });
                          },
                      .closed =
                          [this, id, attempt] {
                            call(id, [this, attempt](Process& p) {
                              if (p.attempt == attempt) ended(p, Error{Errc::no_link, "the link broke", ""});
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

void OfficeMachine::take(Process& process, ClientSession::Output out) {
  if (!waits_for_files(process, out)) outgoing_.push_back(std::move(out));
}

void OfficeMachine::send(Process& process) {
  for (ClientSession::Output& out : std::exchange(outgoing_, {})) {
    if (process.session == nullptr || process.connection == nullptr) return;
    for (const Bytes& frame : out.frames) process.connection->send(Side::office, frame);
    plan_pump(process);
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
  process.exchange.reset();
  process.ending.reset();
  if (process.session != nullptr) {
    if (process.session->summary().equal.has_value()) process.backoff = 1'000;
    if (in_.hub.is_recovering() && !process.near && process.session->is_welcomed() && error &&
        error->code == Errc::later)
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
  if (process.near && !process.replica->must_reopen()) return true;  // the other address is called
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

}  // namespace wasl::sim
