// The hub's end of the exchange of files, beside its sessions: what the real SessionServer does.
#include <algorithm>

#include "tests/sim/world/hub_machine.hpp"

namespace wasl::sim {

/// A files.db that cannot be read is put aside: offices bring its chunks again.
Status HubMachine::open_files() {
  if (!faults_.is_on(Fault::file_attached)) return {};
  auto files = HubFiles::open(disk_.folder(), process_->hub);
  if (!files && files.error().code == Errc::corrupt) {
    trace_.note("hub", "files.db is put aside");
    for (const char* name : {"files.db", "files.db-wal"}) disk_.remove(name);
    files = HubFiles::open(disk_.folder(), process_->hub);
  }
  if (!files) return tl::unexpected(files.error());
  process_->files = *std::move(files);
  process_->files->on_whole([this](const attachment::FileId& file) { process_->whole.push_back(file); });
  process_->files->on_damaged([this] { process_->damaged = true; });
  return {};
}

bool HubMachine::speaks_of_files(const Hello& hello) const {
  return process_->files != nullptr && !process_->hub.is_recovering() && (hello.flags & kHelloFiles) != 0 &&
         process_->hub.authority().device(hello.device) != nullptr;
}

/// The greeting stands behind the welcome, which proves who speaks.
HubSession::Output HubMachine::start_link(Link& link) {
  HubSession::Output out = link.session.start(scheduler_.steady());
  const auto welcome = std::ranges::find_if(
      out.frames, [](const auto& frame) { return frame_kind(*frame) == FrameKind::welcome; });
  if (link.files == nullptr || welcome == out.frames.end()) return out;
  link.exchange.emplace(*link.files, FileExchange::End::hub);
  std::vector<std::shared_ptr<const Bytes>> first{std::make_shared<const Bytes>(FileExchange::greeting())};
  auto lost = link.exchange->refresh();
  if (!lost) {
    trace_.note("hub", "no files: " + lost.error().message);
    link.exchange.reset();
    return out;
  }
  for (Bytes& frame : *lost) first.push_back(std::make_shared<const Bytes>(std::move(frame)));
  out.frames.insert(welcome + 1, first.begin(), first.end());
  return out;
}

void HubMachine::on_file_frame(std::uint64_t id, ByteView frame) {
  work([&] { take_files(id, process_->links.at(id).exchange->on_frame(frame)); });
  if (process_ != nullptr && process_->links.contains(id)) plan_pump(id, process_->links.at(id));
}

void HubMachine::take_files(std::uint64_t id, Result<FileExchange::Frames> frames) {
  HubSession::Output out;
  if (frames) {
    for (Bytes& frame : *frames) out.frames.push_back(std::make_shared<const Bytes>(std::move(frame)));
  } else {
    trace_.note("hub", "files ended: " + frames.error().message);
    if (frames.error().code == Errc::malformed)
      trace_.violation("hub", "an honest office's frame of files: " + frames.error().message);
    process_->links.at(id).exchange.reset();
    const Error said = words_for_office(frames.error());
    out.frames.push_back(std::make_shared<const Bytes>(
        encode(Problem{std::string(to_word(said.code)), said.message, said.hint})));
    out.close = HubSession::Close{said.code == Errc::later, said.message};
    files_damaged_ = files_damaged_ || frames.error().code == Errc::corrupt;
  }
  if (!out.frames.empty()) take(id, std::move(out));
  tell_of_files();
}

void HubMachine::tell_of_files() {
  if (std::exchange(process_->damaged, false)) {
    for (auto& [id, link] : process_->links) {
      if (link.exchange) take_files(id, link.exchange->refresh());
    }
  }
  for (const attachment::FileId& file : std::exchange(process_->whole, {})) {
    for (auto& [id, link] : process_->links) {
      if (link.exchange) take_files(id, link.exchange->tell_held(file));
    }
  }
}

/// When the line is free: at most one chunk waits, and entries wait for no more than that.
void HubMachine::plan_pump(std::uint64_t id, Link& link) {
  if (!link.exchange || std::exchange(link.pump_planned, true)) return;
  scheduler_.at(link.connection->free_at(Side::hub) + 1, [this, id, process = process_.get()] {
    if (process_.get() != process || !process_->links.contains(id)) return;
    Link& there = process_->links.at(id);
    there.pump_planned = false;
    if (there.connection->free_at(Side::hub) > scheduler_.now()) return plan_pump(id, there);
    if (!there.exchange || there.exchange->is_idle()) return;
    work([&] { take_files(id, there.exchange->on_room()); });
  });
}

void HubMachine::lose_files() {
  end_process(true);
  disk_.revive();
  for (const char* name : {"files.db", "files.db-wal"}) disk_.remove(name);
  start_after(500);
}

}  // namespace wasl::sim
