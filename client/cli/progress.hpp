#pragma once
// Progress on standard error: nothing for what is quick, a line a second for what is not.
#include <string_view>

#include "shared/base/environment.hpp"
#include "shared/wire/client_session.hpp"

namespace wasl::cli {

class Progress {
 public:
  Progress();
  void step(std::string_view words);
  void session(const SessionSummary& summary);

 private:
  Millis last_;
};

}  // namespace wasl::cli
