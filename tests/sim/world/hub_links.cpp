#include "tests/sim/world/hub_links.hpp"

namespace wasl::sim {

HubLinks::HubLinks(Ports ports) : in_(std::move(ports)) {
  if (in_.files == nullptr) return;
  in_.files->on_whole([this](const attachment::FileId& file) { whole_.push_back(file); });
  in_.files->on_damaged([this] { damaged_ = true; });
}

HubLinks::Link* HubLinks::find(std::uint64_t id) {
  const auto it = links_.find(id);
  return gone_ || it == links_.end() ? nullptr : &it->second;
}

std::optional<Error> HubLinks::accept(ByteView hello_bytes, const std::shared_ptr<Connection>& connection) {
  std::optional<Error> refused;
  const auto self = shared_from_this();
  in_.work([&] {
    auto hello = HubSession::admit(in_.hub, hello_bytes);
    if (!hello) {
      refused = hello.error();
      return;
    }
    const std::uint64_t id = ++last_;
    const PublicKey device = hello->device;
    const bool with_files = speaks_of_files(*hello);
    Link& link = links_
                     .emplace(id, Link{HubSession(in_.hub, id, std::move(*hello), hello_hash(hello_bytes),
                                                  in_.scheduler.steady()),
                                       connection})
                     .first->second;
    if (with_files) link.files = in_.files->port_for(device);
    const auto frame_came = [weak = weak_from_this(), id](ByteView frame) {
      if (const auto links = weak.lock()) links->on_frame(id, frame);
    };
    const auto closed = [weak = weak_from_this(), id] {
      if (const auto links = weak.lock()) links->links_.erase(id);
    };
    connection->attach(Side::hub, {.frame = frame_came, .closed = closed});
    take(id, start(link));
  });
  if (gone_ && !refused) refused = Error{Errc::no_link, "the hub died", ""};
  return refused;
}

void HubLinks::on_frame(std::uint64_t id, ByteView frame) {
  Link* const link = find(id);
  if (link == nullptr) return;
  if (!link->exchange || !is_file_frame(frame))
    return call(id, [&](HubSession& session) { return session.on_frame(frame, in_.scheduler.steady()); });
  const auto self = shared_from_this();
  in_.work([&] { take_files(id, link->exchange->on_frame(frame)); });
  if (Link* const there = find(id)) plan_pump(id, *there);
}

void HubLinks::tell(const Committer::Committed& committed) {
  const Millis now = in_.scheduler.steady();
  for (const Committer::Ruling& ruling : committed.rulings) {
    const auto it = links_.find(ruling.ticket);
    if (it == links_.end()) continue;
    take(ruling.ticket, it->second.session.on_ruling(ruling.verdicts, ruling.taken, now));
  }
  for (auto& [id, link] : links_) {
    const auto decided = committed.decided.find(link.session.key());
    if (decided != committed.decided.end()) take(id, link.session.on_decided(decided->second, now));
  }
  if (committed.kept)
    for (auto& [id, link] : links_) take(id, link.session.on_kept(now));
  for (auto& [id, link] : links_) take(id, link.session.on_commit(committed.grown, now));
}

void HubLinks::send() {
  for (auto& [id, out] : std::exchange(outgoing_, {})) {
    const auto it = links_.find(id);
    if (it == links_.end()) continue;
    Link& link = it->second;
    for (const auto& frame : out.frames) link.connection->send(Side::hub, *frame);
    plan_pump(id, link);
    if (out.close) {
      link.connection->close(Side::hub);
      links_.erase(it);
      continue;
    }
    ++link.timer;
    arm(id, out);
  }
}

void HubLinks::arm(std::uint64_t id, const HubSession::Output& out) {
  if (!out.frames.empty()) {  // what was queued leaves: the channel says that it can take more
    in_.scheduler.after(20, [weak = weak_from_this(), id] {
      const auto links = weak.lock();
      if (!links) return;
      links->call(id,
                  [&](HubSession& session) { return session.on_writable(links->in_.scheduler.steady()); });
    });
  }
  if (!out.wake_at) return;
  in_.scheduler.at(
      Scheduler::kStart + *out.wake_at, [weak = weak_from_this(), id, timer = links_.at(id).timer] {
        const auto links = weak.lock();
        const Link* const link = links ? links->find(id) : nullptr;
        if (link == nullptr || link->timer != timer) return;
        links->call(id, [&](HubSession& session) { return session.on_time(links->in_.scheduler.steady()); });
      });
}

void HubLinks::call(std::uint64_t id, const std::function<HubSession::Output(HubSession&)>& session) {
  if (gone_) return;
  const auto self = shared_from_this();
  in_.work([&] {
    if (Link* const link = find(id)) take(id, session(link->session));
  });
}

void HubLinks::die(bool says) {
  gone_ = true;
  for (auto& [id, link] : links_) link.connection->die(Side::hub, says);
  links_.clear();
  outgoing_.clear();
}

}  // namespace wasl::sim
