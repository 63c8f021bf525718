#include <algorithm>
#include <cctype>

#include "shared/net/connect.hpp"

namespace wasl {
namespace {

constexpr std::string_view kShape = "a hub's address looks like wss://hub.example:7707";
constexpr std::string_view kPin = "pin=";

tl::unexpected<Error> bad(std::string_view url) {
  return fail(Errc::invalid_value, "'" + std::string(url) + "' is not the address of a hub",
              std::string(kShape));
}

bool is_port(std::string_view text) {
  if (text.empty() || text.size() > 5) return false;
  int number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    number = number * 10 + (c - '0');
  }
  return number > 0 && number < 65536;
}

// Whatever goes into an HTTP header line must not be able to start another one.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

Result<LinkUrl> parse_url(std::string_view url) {
  LinkUrl out;
  out.posts = url.starts_with("http://") || url.starts_with("https://");
  out.tls = url.starts_with("wss://") || url.starts_with("https://");
  if ((!out.tls && !out.posts && !url.starts_with("ws://")) || !is_plain(url)) return bad(url);
  std::string_view rest = url.substr(url.find("//") + 2);
  if (const auto fragment = rest.find('#'); out.tls && fragment != std::string_view::npos) {
    const std::string_view named = rest.substr(fragment + 1);
    if (!named.starts_with(kPin)) return bad(url);
    const auto pin = from_base64url(named.substr(kPin.size()));
    if (!pin) return bad(url);
    out.pin = Hash::from(*pin);
    if (!out.pin) return bad(url);
    rest = rest.substr(0, fragment);
  }
  const auto slash = std::min(rest.find('/'), rest.size());
  std::string_view host = rest.substr(0, slash);
  const std::string_view path = rest.substr(slash);
  std::string_view port = out.tls ? "443" : "80";
  const bool bracketed = host.starts_with('[');
  const auto colon = bracketed ? host.find("]:") : host.find(':');
  if (colon != std::string_view::npos) {
    port = host.substr(colon + (bracketed ? 2 : 1));
    host = host.substr(0, colon + (bracketed ? 1 : 0));
  }
  if (bracketed) {
    if (!host.ends_with(']')) return bad(url);
    host = host.substr(1, host.size() - 2);
  }
  if (host.empty() || host.find_first_of("@?#[]") != std::string_view::npos || !is_port(port))
    return bad(url);
  if (path.find('#') != std::string_view::npos) return bad(url);
  out.host = host;
  out.port = port;
  out.path = path.size() < 2 ? kUpgradePath : path;
  return out;
}

}  // namespace wasl
