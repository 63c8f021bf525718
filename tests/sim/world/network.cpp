#include "tests/sim/world/network.hpp"

#include <algorithm>

namespace wasl::sim {
namespace {

constexpr Millis kRetransmit = 500;  // TCP tries again what a blocked line holds back
constexpr Millis kWatchEvery = 15'000;
constexpr Millis kSilence = 45'000;  // the real channel's pings give up about then
constexpr std::size_t kSegment = 1400;
constexpr std::size_t kHeaderBytes = 40;  // of TCP and IP, a packet

}  // namespace

Connection::Connection(Scheduler& scheduler, Faults& faults, test::Dice& dice, std::shared_ptr<Line> line)
    : scheduler_(scheduler), faults_(faults), dice_(dice), line_(std::move(line)) {
  for (End& end : ends_) end.free_at = end.heard_at = scheduler_.now();
}

void Connection::watch(const std::shared_ptr<Connection>& connection) {
  connection->self_ = connection;
  connection->scheduler_.after(kWatchEvery, [weak = std::weak_ptr(connection)] {
    const auto alive = weak.lock();
    if (!alive || (alive->ends_[0].closed && alive->ends_[1].closed)) return;
    for (const Side side : {Side::office, Side::hub}) {
      End& end = alive->ends_[index(side)];
      if (alive->passes(other(side))) end.heard_at = alive->scheduler_.now();
      if (alive->scheduler_.now() - end.heard_at >= kSilence) alive->end(side);
    }
    watch(alive);
  });
}

bool Connection::passes(Side from) const {
  const End& end = ends_[index(from)];
  return !end.lost && !end.silent && !end.closed && line_->passes(from);
}

void Connection::send(Side from, ByteView frame) {
  End& end = ends_[index(from)];
  if (end.closed || end.lost) return;
  if (faults_.strikes(Fault::cut_mid_frame, dice_, 0.02)) return reset();
  std::size_t packets = frame.size() / kSegment + 1;
  if (faults_.strikes(Fault::one_byte_reads, dice_, 0.05)) packets = frame.size();
  const auto bytes = static_cast<double>(frame.size() + packets * kHeaderBytes);
  const auto takes = static_cast<Millis>(bytes / line_->bytes_per_milli);
  end.free_at = std::max(end.free_at, scheduler_.now()) + takes;
  if (faults_.strikes(Fault::delay, dice_, 0.03)) end.free_at += static_cast<Millis>(dice_.below(30'000));
  // A lost packet is sent again after a second, then two, four: what stands behind it waits.
  if (faults_.strikes(Fault::drop, dice_, 0.05)) end.free_at += (2LL << dice_.below(5)) * 1'000 - 1'000;
  const Millis when = end.arrives_at = std::max(end.arrives_at, end.free_at + line_->latency);
  const auto shared = std::make_shared<const Bytes>(to_bytes(frame));
  const auto deliver = [self = self_.lock(), to = other(from), shared] { self->arrive(to, shared); };
  scheduler_.at(when, deliver);
}

void Connection::arrive(Side to, std::shared_ptr<const Bytes> frame) {
  if (ends_[index(to)].closed || ends_[index(other(to))].lost) return;
  ends_[index(to)].inbox.push_back(std::move(frame));
  pump(to);
}

void Connection::pump(Side to) {
  End& end = ends_[index(to)];
  const auto keep = self_.lock();
  while (!end.inbox.empty() && !end.closed && !end.pumping) {
    if (!line_->passes(other(to))) {
      end.pumping = true;
      scheduler_.after(kRetransmit, [keep, to] {
        keep->ends_[index(to)].pumping = false;
        keep->pump(to);
      });
      return;
    }
    const auto frame = std::move(end.inbox.front());
    end.inbox.pop_front();
    end.heard_at = scheduler_.now();
    if (frame == nullptr) return this->end(to);
    if (const auto take = end.handler.frame) take(*frame);  // a copy: it may close this end
  }
}

void Connection::hold(Side to, Millis duration) {
  if (std::exchange(ends_[index(to)].pumping, true)) return;
  scheduler_.after(duration, [keep = self_.lock(), to] {
    keep->ends_[index(to)].pumping = false;
    keep->pump(to);
  });
}

void Connection::close(Side from) {
  End& end = ends_[index(from)];
  if (end.closed) return;
  end.closed = true;
  end.handler = {};
  if (end.lost) return;
  const Millis when =
      std::max({end.arrives_at, end.free_at + line_->latency, scheduler_.now() + line_->latency}) + 1;
  scheduler_.at(when, [self = self_.lock(), to = other(from)] { self->arrive(to, nullptr); });
}

void Connection::die(Side side, bool tells) {
  if (tells) return close(side);
  End& end = ends_[index(side)];
  end.closed = end.silent = true;
  end.handler = {};
}

void Connection::reset() {
  const auto keep = self_.lock();
  for (const Side side : {Side::office, Side::hub}) {
    scheduler_.after(1, [keep, side] { keep->end(side); });
  }
}

void Connection::end(Side side) {
  End& end = ends_[index(side)];
  if (end.closed) return;
  end.closed = true;
  const Handler handler = std::exchange(end.handler, {});
  if (handler.closed) handler.closed();
}

}  // namespace wasl::sim
