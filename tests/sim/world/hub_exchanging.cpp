// The hub's end of the exchange of files, beside its sessions: what the real SessionServer does.
#include <algorithm>

#include "tests/sim/world/hub_links.hpp"

namespace wasl::sim {

bool HubLinks::speaks_of_files(const Hello& hello) const {
  return in_.files != nullptr && !in_.hub.is_recovering() && (hello.flags & kHelloFiles) != 0 &&
         in_.hub.authority().device(hello.device) != nullptr;
}

/// The greeting stands behind the welcome, which proves who speaks.
HubSession::Output HubLinks::start(Link& link) {
  HubSession::Output out = link.session.start(in_.scheduler.steady());
  const auto welcome = std::ranges::find_if(
      out.frames, [](const auto& frame) { return frame_kind(*frame) == FrameKind::welcome; });
  if (link.files == nullptr || welcome == out.frames.end()) return out;
  link.exchange.emplace(*link.files, FileExchange::End::hub);
  std::vector<std::shared_ptr<const Bytes>> first{std::make_shared<const Bytes>(FileExchange::greeting())};
  auto lost = link.exchange->refresh();
  if (!lost) {
    in_.trace.note(in_.name, "no files: " + lost.error().message);
    link.exchange.reset();
    return out;
  }
  for (Bytes& frame : *lost) first.push_back(std::make_shared<const Bytes>(std::move(frame)));
  out.frames.insert(welcome + 1, first.begin(), first.end());
  return out;
}

void HubLinks::take_files(std::uint64_t id, Result<FileExchange::Frames> frames) {
  HubSession::Output out;
  if (frames) {
    for (Bytes& frame : *frames) out.frames.push_back(std::make_shared<const Bytes>(std::move(frame)));
  } else {
    in_.trace.note(in_.name, "files ended: " + frames.error().message);
    if (frames.error().code == Errc::malformed)
      in_.trace.violation(in_.name, "an honest office's frame of files: " + frames.error().message);
    links_.at(id).exchange.reset();
    const Error said = words_for_office(frames.error());
    out.frames.push_back(std::make_shared<const Bytes>(
        encode(Problem{std::string(to_word(said.code)), said.message, said.hint})));
    out.close = HubSession::Close{said.code == Errc::later, said.message};
    if (frames.error().code == Errc::corrupt) in_.on_files_damaged();
  }
  if (!out.frames.empty()) take(id, std::move(out));
  tell_of_files();
}

void HubLinks::look_for_files() {
  for (auto& [id, link] : links_) {
    if (link.exchange) take_files(id, link.exchange->on_time());
  }
}

void HubLinks::tell_of_files() {
  if (std::exchange(damaged_, false)) {
    for (auto& [id, link] : links_) {
      if (link.exchange) take_files(id, link.exchange->refresh());
    }
  }
  for (const attachment::FileId& file : std::exchange(whole_, {})) {
    for (auto& [id, link] : links_) {
      if (link.exchange) take_files(id, link.exchange->tell_held(file));
    }
  }
}

/// When the line is free: at most one chunk waits, and entries wait for no more than that.
void HubLinks::plan_pump(std::uint64_t id, Link& link) {
  if (!link.exchange || std::exchange(link.pump_planned, true)) return;
  in_.scheduler.at(link.connection->free_at(Side::hub) + 1, [weak = weak_from_this(), id] {
    const auto links = weak.lock();
    Link* const there = links ? links->find(id) : nullptr;
    if (there == nullptr) return;
    there->pump_planned = false;
    if (there->connection->free_at(Side::hub) > links->in_.scheduler.now())
      return links->plan_pump(id, *there);
    if (!there->exchange || there->exchange->is_idle()) return;
    links->in_.work([&] { links->take_files(id, there->exchange->on_room()); });
  });
}

}  // namespace wasl::sim
