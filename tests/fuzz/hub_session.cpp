// A peer with a key of the network says to a real hub what it likes, when it likes. Whatever the hub answers
// an office can read, what is over stays over, and the next session of an honest office begins.
#include "tests/fuzz/office_world.hpp"

namespace wasl::fuzz {
namespace {

using test::must;

constexpr std::uint64_t kTicket = 1;
constexpr std::uint64_t kHonestCounter = std::uint64_t{1} << 50;
constexpr std::size_t kStepsMost = 48;

/// A hub with one section and one enrolled device: no replica behind it.
struct Start {
  Start() : world(small_schema()), device(crypto::KeyPair::from_seed(known_key(9).seed())) {
    world.add_organisation("asia", "section");
    grant = world.enrol(device, "asia");
  }
  test::HubWorld world;
  crypto::KeyPair device;
  Hash grant;
};

const Start& start_once() {
  static const Start start;
  return start;
}

class Peer {
 public:
  explicit Peer(ByteView input)
      : feed_(input),
        world_(start_once().world),
        device_(start_once().device),
        pens_{{world_, device_, "section/asia", start_once().grant},
              {world_, device_, "network", start_once().grant},
              {world_, device_, std::string(kAuthoritySpace), start_once().grant}} {}

  void run() {
    open(honest_hello());
    for (std::size_t i = 0; i < kStepsMost && !feed_.empty(); ++i) step();
    while (!world_.hub().committer().is_idle()) commit();
    ++world_.clock().time;
    counter_ = kHonestCounter;
    open(honest_hello());
    WASL_ASSERT(session_ && !closed_);
  }

 private:
  [[nodiscard]] Millis now() { return world_.clock().now(); }

  Hello honest_hello() {
    Hello hello;
    hello.network = world_.network();
    hello.device = device_.public_key();
    hello.hub = world_.hub().log_key().public_key();
    hello.counter = ++counter_;
    return hello;
  }

  Hello odd_hello() {
    Hello hello = honest_hello();
    hello.flags = feed_.byte();
    hello.counter = feed_.flag() ? counter_ : feed_.number() % kHonestCounter;
    hello.checkpoint = {feed_.number(), feed_.flag() ? world_.hub().heads().root : feed_.fixed<Hash>()};
    for (std::size_t left = feed_.below(5); left > 0; --left) {
      static const std::vector<std::string> spaces{"authority", "public", "network", "section/asia", "x"};
      hello.cursors.push_back({feed_.one_of(spaces), feed_.number() >> 1, feed_.flag()});
    }
    return hello;
  }

  void open(const Hello& hello) {
    const Bytes bytes = encode(hello, device_);
    const auto admitted = HubSession::admit(world_.hub(), bytes);
    if (!admitted) return;
    session_.emplace(world_.hub(), kTicket, *admitted, hello_hash(bytes), now());
    hello_ = hello_hash(bytes);
    backlog_.end();
    closed_ = false;
    take(session_->start(now()));
  }

  /// Every frame is one that an office can read.
  void take(const HubSession::Output& out) {
    WASL_ASSERT(!closed_ || (out.frames.empty() && !out.close));
    for (const auto& frame : out.frames) {
      WASL_ASSERT(frame->size() <= limits::kFrameBytes);
      switch (frame_kind(*frame).value()) {
        case FrameKind::welcome:
          must(decode_welcome(*frame, hello_, world_.hub().log_key().public_key()));
          break;
        case FrameKind::entries:
          must(verify_runs(
              must(decode_segment(*frame, world_.network(), world_.hub().known_logs(), &backlog_)),
              world_.network()));
          break;
        case FrameKind::verdicts:
          must(decode_verdicts(*frame));
          break;
        case FrameKind::proof:
          must(decode_proof(*frame));
          break;
        case FrameKind::estimate:
          must(decode_estimate(*frame));
          break;
        case FrameKind::leaves:
          must(decode_leaves(*frame));
          break;
        case FrameKind::not_rebuilt:
          WASL_ASSERT(*frame == not_rebuilt_frame());
          break;
        default:
          must(decode_problem(*frame));
      }
    }
    WASL_ASSERT(!out.wake_at || *out.wake_at > now());
    closed_ = closed_ || out.close.has_value();
  }

  void say(const Bytes& frame) { take(session_->on_frame(frame, now())); }

  void commit() {
    const auto committed = world_.hub().commit();
    for (const auto& ruling : committed.rulings)
      take(session_->on_ruling(ruling.verdicts, ruling.taken, now()));
    take(session_->on_commit(committed.grown, now()));
  }

  void push() {
    test::Pen& pen = pens_[feed_.below(pens_.size())];
    std::vector<ChangeSet> sets;
    const auto parts = static_cast<std::uint32_t>(1 + feed_.below(3));
    for (std::uint32_t part = 1; part <= parts; ++part) {
      sets.push_back(pen.write(odd_operations(feed_, dots_), part, parts));
      for (std::size_t i = 0; i < sets.back().operations.size(); ++i) dots_.push_back(sets.back().dot(i));
    }
    Segment segment = pen.run(sets);
    if (feed_.below(8) == 7) segment.items.erase(segment.items.begin());
    if (feed_.below(8) == 7) pen.rewind(sets.back().header.sequence - 1, sets.back().header.previous);
    if (feed_.below(8) == 7) segment.openings.push_back({feed_.fixed<Hash>(), {Salt{}, odd_value(feed_)}});
    const Bytes frame =
        encode_segment(FrameKind::push, segment, feed_.flag() ? world_.hub().known_logs() : nullptr);
    say(feed_.below(4) == 3 ? damaged(feed_, frame) : frame);
  }

  void done() {
    Done done;
    if (feed_.flag()) done.equal = feed_.flag();
    for (std::size_t left = feed_.below(3); left > 0; --left) {
      done.applied.push_back({feed_.text(limits::kSpaceBytes), feed_.number() >> 1, false});
    }
    say(encode(done));
  }

  void step() {
    switch (feed_.below(9)) {
      case 0:
        return say(to_bytes(feed_.bytes(512)));
      case 1:
      case 2:
        return push();
      case 3:
        return say(finish_frame());
      case 4:
        return done();
      case 5:
        return commit();
      case 6:
        world_.clock().time += static_cast<Millis>(feed_.below(100'000));
        return take(session_->on_time(now()));
      case 7:
        return take(session_->on_writable(now()));
      default:
        return open(odd_hello());
    }
  }

  Feed feed_;
  test::HubWorld world_;
  const crypto::KeyPair& device_;
  std::vector<test::Pen> pens_;
  std::vector<Dot> dots_;
  std::uint64_t counter_ = 0;
  Hash hello_;
  std::optional<HubSession> session_;
  const StreamRoom room_{1};
  StreamReceiver backlog_{&room_};  // as the office unpacks it
  bool closed_ = false;
};

WASL_FUZZ(hub_session) { Peer(input).run(); }

}  // namespace
}  // namespace wasl::fuzz
