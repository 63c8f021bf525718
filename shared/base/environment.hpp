#pragma once
// The outside world as the core may see it: time and randomness come in through these two, so that a
// simulation can fill them.
#include <cstdint>
#include <span>

#include "shared/base/bytes.hpp"

namespace wasl {

/// Milliseconds since 1970-01-01T00:00:00Z.
using Millis = std::int64_t;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Millis now() = 0;
};

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<Byte> out) = 0;

  template <class F>
  F fixed() {
    F out;
    fill(out.bytes);
    return out;
  }
};

}  // namespace wasl
