// wasl-relay --to PORT [--cut-after N] [--rate BITS] [--delay MS] [--once]
// Prints its port first and, on SIGTERM, SIGINT or after --once, the bytes it forwarded.
#include <signal.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "tests/support/relay.hpp"

namespace {

int usage() {
  std::fputs(
      "usage: wasl-relay --to PORT [--cut-after N] [--cut-after-up N] [--cut-after-down N] [--cuts-most N]\n"
      "                  [--rate BITS] [--rate-up BITS] [--rate-down BITS] [--delay MS] [--once]\n",
      stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  wasl::test::RelayOptions options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--once") {
      options.once = true;
      continue;
    }
    if (++i == argc) return usage();
    std::uint64_t number = 0;
    const char* end = argv[i] + std::strlen(argv[i]);
    const auto [stopped, wrong] = std::from_chars(argv[i], end, number);
    if (wrong != std::errc() || stopped != end) return usage();
    if (name == "--to" && number < 65536)
      options.to_port = static_cast<std::uint16_t>(number);
    else if (name == "--cut-after")
      options.cut_after = number;
    else if (name == "--cut-after-up")
      options.cut_after_up = number;
    else if (name == "--cut-after-down")
      options.cut_after_down = number;
    else if (name == "--cuts-most")
      options.cuts_most = number;
    else if (name == "--rate")
      options.rate_up = options.rate_down = number;
    else if (name == "--rate-up")
      options.rate_up = number;
    else if (name == "--rate-down")
      options.rate_down = number;
    else if (name == "--delay")
      options.delay = std::chrono::milliseconds(number);
    else
      return usage();
  }
  if (options.to_port == 0) return usage();

  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, nullptr);  // before the relay's thread, which inherits it

  wasl::test::Relay relay(options);
  std::printf("%u\n", static_cast<unsigned>(relay.port()));
  std::fflush(stdout);
  const timespec tick{0, 20'000'000};
  while (!relay.ended() && sigtimedwait(&ends, nullptr, &tick) < 0) {
  }
  std::printf("up %llu down %llu connections %llu\n", static_cast<unsigned long long>(relay.bytes_up()),
              static_cast<unsigned long long>(relay.bytes_down()),
              static_cast<unsigned long long>(relay.connections()));
  return 0;
}
