// An office's end of the exchange of files, beside its sessions: what the real SyncRun and daemon do.
#include <algorithm>

#include "tests/sim/world/office_machine.hpp"

namespace wasl::sim {
namespace {

constexpr Millis kSilence = 60'000;     // without a frame of files: the rest comes another time
constexpr Millis kTidyEvery = 300'000;  // seldomer than the daemon: nobody waits for the room

bool says_done(const ClientSession::Output& out) {
  return std::ranges::any_of(out.frames,
                             [](const Bytes& frame) { return frame_kind(frame) == FrameKind::done; });
}

}  // namespace

/// Without them work goes on. A files.db that cannot be read is put aside: what the hub has comes again.
/// @return false when the machine ended under it.
bool OfficeMachine::open_files(Process& process) {
  if (!in_.faults.is_on(Fault::file_attached)) return true;
  auto files = OfficeFiles::open(disk_.folder(), *process.replica, clock_);
  if (!files && files.error().code == Errc::corrupt && !disk_.killed()) {
    put_files_aside();
    files = OfficeFiles::open(disk_.folder(), *process.replica, clock_);
  }
  if (files) process.files = *std::move(files);
  if (!disk_.killed()) return true;
  in_.trace.note(setting_.name, "killed while starting");
  in_.faults.fired(Fault::kill_in_recovery);
  return false;
}

void OfficeMachine::put_files_aside() {
  in_.trace.note(setting_.name, "files.db is put aside");
  for (const char* name : {"files.db", "files.db-wal"}) disk_.remove(name);
}

void OfficeMachine::lose_files() {
  kill();
  put_files_aside();
  start_after(1'000);
}

void OfficeMachine::tidy_files(std::uint64_t id) {
  in_.scheduler.after(kTidyEvery, [this, id] {
    if (find(id) == nullptr) return;
    call(id, [this](Process& p) {
      const auto tidied = p.files->tidy_up();
      files_damaged_ = !tidied && tidied.error().code == Errc::corrupt;
      if (p.exchange && !p.ending && p.session != nullptr) take_files(p, p.exchange->on_time());
    });
    tidy_files(id);
  });
}

/// A session that is done ends when files have gone, or nobody has said anything of them for a while.
/// @return whether this is its end, kept back.
bool OfficeMachine::waits_for_files(Process& process, ClientSession::Output& out) {
  const bool done = says_done(out);
  if (!done || !process.exchange) return false;
  process.exchange->note_accepted(process.session->summary().accepted);
  if (!process.exchange->is_greeted()) return false;
  if (out.close && !process.session->error()) {
    process.ending = std::move(out);
    arm_silence(process);
  } else {
    outgoing_.push_back(std::move(out));
  }
  take_files(process, process.exchange->refresh());
  return true;
}

void OfficeMachine::arm_silence(Process& process) {
  in_.scheduler.after(kSilence, [this, id = process.id, number = ++process.silence] {
    call(id, [this, number](Process& p) {
      if (p.silence == number && p.ending) stop_files(p);
    });
  });
}

void OfficeMachine::take_files(Process& process, Result<FileExchange::Frames> frames) {
  if (!frames) {
    in_.trace.note(setting_.name, "files ended: " + frames.error().message);
    if (frames.error().code == Errc::malformed)
      in_.trace.violation(setting_.name, "the hub's frame of files: " + frames.error().message);
    files_damaged_ = frames.error().code == Errc::corrupt;
    return stop_files(process);
  }
  ClientSession::Output out;
  out.frames = *std::move(frames);
  if (!out.frames.empty()) outgoing_.push_back(std::move(out));
  if (process.ending && process.exchange->is_idle()) stop_files(process);
}

/// Whatever became of them, the session ends as it would have without files.
void OfficeMachine::stop_files(Process& process) {
  process.exchange.reset();
  if (!process.ending) return;
  outgoing_.push_back(*std::exchange(process.ending, std::nullopt));
}

/// When the line is free: at most one chunk waits, and what is pushed waits for no more than that.
void OfficeMachine::plan_pump(Process& process) {
  if (!process.exchange || process.connection == nullptr || std::exchange(process.pump_planned, true)) return;
  in_.scheduler.at(process.connection->free_at(Side::office) + 1, [this, id = process.id] {
    call(id, [this](Process& p) {
      p.pump_planned = false;
      if (!p.exchange || p.connection == nullptr) return;
      if (p.connection->free_at(Side::office) > in_.scheduler.now()) return plan_pump(p);
      if (!p.exchange->is_idle()) take_files(p, p.exchange->on_room());
    });
  });
}

}  // namespace wasl::sim
