#include "shared/net/open_network.hpp"

#include <arpa/inet.h>

#include <charconv>

#include "shared/net/connect.hpp"

namespace wasl {
namespace {

std::string_view host_of(std::string_view address) {
  std::string_view host = address.substr(0, address.rfind(':'));
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return host;
}

}  // namespace

bool is_loopback(std::string_view host) {
  if (host == "localhost") return true;
  const std::string text(host);
  in_addr four{};
  if (inet_pton(AF_INET, text.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
  in6_addr six{};
  if (inet_pton(AF_INET6, text.c_str(), &six) != 1) return false;
  if (IN6_IS_ADDR_V4MAPPED(&six)) return six.s6_addr[12] == 127;
  return IN6_IS_ADDR_LOOPBACK(&six);
}

Status check_listen_address(const std::string& address) {
  const auto bad = [&] {
    return fail(Errc::invalid_value, "'" + address + "' is not an address to listen on",
                "an address looks like 127.0.0.1:7707 or [::1]:7707");
  };
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) return bad();
  std::uint16_t port = 0;
  const char* end = address.data() + address.size();
  const auto [stopped, wrong] = std::from_chars(address.data() + colon + 1, end, port);
  if (wrong != std::errc() || stopped != end) return bad();
  const std::string host(host_of(address));
  in6_addr room{};
  if (inet_pton(AF_INET, host.c_str(), &room) != 1 && inet_pton(AF_INET6, host.c_str(), &room) != 1)
    return bad();
  return {};
}

Status check_hub_url(const std::string& url) {
  WASL_TRY(parse_url(url));
  return {};
}

Status may_listen_in_plain(const std::string& address, bool is_told) {
  if (is_told || is_loopback(host_of(address))) return {};
  return fail(
      Errc::invalid_value,
      "without TLS everybody on the way to " + address + " reads and changes what is said",
      "give it a certificate (--tls-cert, --tls-key), or listen on 127.0.0.1 behind a proxy that ends "
      "TLS; in a closed network, knowing this: --plain-text-on-an-open-network");
}

Status may_call_in_plain(const std::string& url, bool is_told) {
  const auto parsed = parse_url(url);
  if (is_told || !parsed || parsed->tls || is_loopback(parsed->host)) return {};
  return fail(Errc::invalid_value,
              (parsed->posts ? "http://" : "ws://") + parsed->host +
                  " is no TLS: everybody on the way reads and changes what is sent",
              "ask the secretariat for the hub's wss:// address; in a closed network, knowing this: "
              "--plain-text-on-an-open-network");
}

}  // namespace wasl
