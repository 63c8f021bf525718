#pragma once
// What happened, as one hash: two runs with one hash did the same things in the same order. And what must
// not have happened. Thread: one.
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "shared/crypto/crypto.hpp"
#include "tests/sim/world/scheduler.hpp"

namespace wasl::sim {

class Trace {
 public:
  Trace(const Scheduler& scheduler, bool shown) : scheduler_(scheduler), shown_(shown) {}

  void note(std::string_view who, std::string_view what) {
    const std::string line =
        std::to_string(scheduler_.steady()) + " " + std::string(who) + " " + std::string(what);
    if (shown_) std::fprintf(stderr, "%s\n", line.c_str());
    text_ += line + "\n";
    if (text_.size() > kRoom) fold();
  }
  void violation(std::string_view who, std::string_view what) {
    note(who, "VIOLATION " + std::string(what));
    if (violations_.size() < kMost) violations_.push_back(std::string(who) + ": " + std::string(what));
  }
  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
  std::string hash() {
    fold();
    return to_hex(hash_.view());
  }

 private:
  static constexpr std::size_t kRoom = 1 << 16;
  static constexpr std::size_t kMost = 20;
  void fold() {
    hash_ = crypto::hash("trace", view(to_hex(hash_.view()) + text_));
    text_.clear();
  }

  const Scheduler& scheduler_;
  bool shown_;
  std::string text_;
  Hash hash_;
  std::vector<std::string> violations_;
};

}  // namespace wasl::sim
