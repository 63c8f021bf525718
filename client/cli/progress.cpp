#include "client/cli/progress.hpp"

#include <cstdio>
#include <string>

#include "shared/net/loop.hpp"

namespace wasl::cli {

Progress::Progress() : last_(steady_millis()) {}

void Progress::step(std::string_view words) {
  std::fprintf(stderr, "%s ...\n", std::string(words).c_str());
  last_ = steady_millis();
}

void Progress::session(const SessionSummary& summary) {
  const Millis now = steady_millis();
  if (now - last_ < 1000) return;
  last_ = now;
  std::fprintf(stderr, "received %llu change sets, sent %llu ...\n",
               static_cast<unsigned long long>(summary.received_sets),
               static_cast<unsigned long long>(summary.sent_sets));
}

}  // namespace wasl::cli
