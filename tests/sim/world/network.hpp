#pragma once
// Links between offices and the hub: frames travel at a rate, late, or not at all. TCP keeps its promises
// within a connection (in order, once, whole or broken): a lost packet is a delay, a doubled one is a request
// that a proxy sends again, and frames overtake each other between connections only. A peer that cannot be
// heard is given up after a while, as the pings of the real channel do. Thread: one.
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "shared/base/bytes.hpp"
#include "tests/sim/world/faults.hpp"
#include "tests/sim/world/scheduler.hpp"

namespace wasl::sim {

enum class Side : std::uint8_t { office = 0, hub = 1 };
inline Side other(Side side) { return side == Side::office ? Side::hub : Side::office; }

/// What an office's line is like now.
struct Line {
  Millis latency = 40;
  double bytes_per_milli = 100;
  bool blocked[2] = {false, false};  ///< frames that this side sends wait
  bool office_stopped = false;       ///< the office's machine does nothing for a while

  [[nodiscard]] bool passes(Side from) const {
    return !blocked[static_cast<std::size_t>(from)] && !office_stopped;
  }
};

class Connection {
 public:
  struct Handler {
    std::function<void(ByteView frame)> frame;
    std::function<void()> closed;
  };

  Connection(Scheduler& scheduler, Faults& faults, test::Dice& dice, std::shared_ptr<Line> line);

  void attach(Side side, Handler handler) { ends_[index(side)].handler = std::move(handler); }
  /// Frames sent by `from` arrive in order, some time after they left.
  void send(Side from, ByteView frame);
  /// An orderly end: the other side learns of it after what was sent.
  void close(Side from);
  /// The process of this side is gone. @param tells its system still says so.
  void die(Side side, bool tells);
  /// What is on its way to this side arrives later than what a newer connection brings.
  void hold(Side to, Millis duration);
  /// Everything this side sends from now on vanishes, for ever and without a word.
  void lose(Side from) { ends_[index(from)].lost = true; }
  /// When the line has taken all that this side has sent.
  [[nodiscard]] Millis free_at(Side from) const { return ends_[index(from)].free_at; }
  [[nodiscard]] bool is_open(Side side) const { return !ends_[index(side)].closed; }
  /// Both sides learn at once that the link broke.
  void reset();

  static void watch(const std::shared_ptr<Connection>& connection);

 private:
  struct End {
    Handler handler;
    bool closed = false;    ///< hears nothing more
    bool lost = false;      ///< what it sends vanishes
    bool silent = false;    ///< it is gone and nobody says so
    Millis free_at = 0;     ///< its line is busy until then
    Millis arrives_at = 0;  ///< what it sent last
    std::deque<std::shared_ptr<const Bytes>>
        inbox;  ///< arrived, and held up by a blocked line; null: the end
    bool pumping = false;
    Millis heard_at = 0;  ///< last sign of the other side
  };
  static std::size_t index(Side side) { return static_cast<std::size_t>(side); }
  void arrive(Side to, std::shared_ptr<const Bytes> frame);
  void pump(Side to);
  void end(Side side);
  [[nodiscard]] bool passes(Side from) const;

  Scheduler& scheduler_;
  Faults& faults_;
  test::Dice& dice_;
  std::shared_ptr<Line> line_;
  End ends_[2];
  std::weak_ptr<Connection> self_;
};

}  // namespace wasl::sim
