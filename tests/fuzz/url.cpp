// A hub's address: nothing of it can start another line of a request.
#include "shared/net/connect.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

WASL_FUZZ(url) {
  const auto parsed = parse_url(text_view(input));
  if (!parsed) return;
  WASL_ASSERT(!parsed->host.empty() && parsed->path.starts_with('/'));
  const int port = std::stoi(parsed->port);
  WASL_ASSERT(port > 0 && port < 65536);
  for (const std::string* part : {&parsed->host, &parsed->path}) {
    for (const char c : *part) WASL_ASSERT(c > ' ' && c < 0x7f);
  }
}

}  // namespace
}  // namespace wasl::fuzz
