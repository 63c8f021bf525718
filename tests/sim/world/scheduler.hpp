#pragma once
// Virtual time: what is to happen, in order, and the clocks of the machines, which are right, wrong or
// drifting. Nothing waits. Thread: one.
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "shared/base/environment.hpp"

namespace wasl::sim {

class Scheduler {
 public:
  static constexpr Millis kStart = 1'790'000'000'000;  // September 2026

  [[nodiscard]] Millis now() const { return now_; }
  /// Since the start: what a machine's steady clock counts.
  [[nodiscard]] Millis steady() const { return now_ - kStart; }

  void at(Millis when, std::function<void()> what) {
    events_.emplace(std::pair(std::max(when, now_), ++count_), std::move(what));
  }
  void after(Millis wait, std::function<void()> what) { at(now_ + wait, std::move(what)); }

  /// Everything that is due until then happens, and it is then.
  void run_until(Millis end) {
    while (!events_.empty() && events_.begin()->first.first <= end) {
      auto node = events_.extract(events_.begin());
      now_ = node.key().first;
      node.mapped()();
    }
    now_ = std::max(now_, end);
  }

 private:
  Millis now_ = kStart;
  std::uint64_t count_ = 0;  ///< of two things at one time the one planned first comes first
  std::map<std::pair<Millis, std::uint64_t>, std::function<void()>> events_;
};

/// What a machine believes the time to be.
class MachineClock final : public Clock {
 public:
  explicit MachineClock(const Scheduler& scheduler) : scheduler_(scheduler) {}
  Millis now() override {
    const Millis elapsed = scheduler_.now() - drifts_since_;
    return scheduler_.now() + offset_ + static_cast<Millis>(static_cast<double>(elapsed) * drift_);
  }
  void set(Millis believed) {
    set_right();
    offset_ = believed - scheduler_.now();
  }
  void step(Millis by) { offset_ += by; }
  /// @param rate seconds gained a second.
  void drift(double rate) {
    offset_ = now() - scheduler_.now();
    drifts_since_ = scheduler_.now();
    drift_ = rate;
  }
  void set_right() {
    offset_ = 0;
    drift_ = 0;
  }

 private:
  const Scheduler& scheduler_;
  Millis offset_ = 0;
  double drift_ = 0;
  Millis drifts_since_ = 0;
};

}  // namespace wasl::sim
