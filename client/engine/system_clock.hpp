#pragma once
// The machine's clock, as the replica sees it.
#include <chrono>

#include "shared/base/environment.hpp"

namespace wasl {

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Millis now() override {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  }
};

}  // namespace wasl
