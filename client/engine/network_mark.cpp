#include "client/engine/network_mark.hpp"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <memory>
#include <set>

#include "shared/base/bytes.hpp"

namespace wasl {
namespace {

constexpr std::size_t kPrefixBytes = 8;

ByteView bytes_of(const void* address, std::size_t size) { return {static_cast<const Byte*>(address), size}; }

}  // namespace

std::string network_mark() {
  ifaddrs* found = nullptr;
  if (getifaddrs(&found) != 0) return "";
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> all(found, freeifaddrs);
  std::set<std::string> addresses;
  for (const ifaddrs* one = all.get(); one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || (one->ifa_flags & IFF_LOOPBACK) != 0 || (one->ifa_flags & IFF_UP) == 0)
      continue;
    if (one->ifa_addr->sa_family == AF_INET) {
      const auto* four = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
      addresses.insert(to_hex(bytes_of(&four->sin_addr, sizeof four->sin_addr)));
    } else if (one->ifa_addr->sa_family == AF_INET6) {
      const auto* six = reinterpret_cast<const sockaddr_in6*>(one->ifa_addr);
      if (!IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr))
        addresses.insert(to_hex(bytes_of(&six->sin6_addr, kPrefixBytes)));
    }
  }
  std::string out;
  for (const std::string& address : addresses) out += (out.empty() ? "" : " ") + address;
  return out;
}

}  // namespace wasl
