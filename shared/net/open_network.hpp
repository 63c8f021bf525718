#pragma once
// What leaves this machine in plain text is read and changed by whoever carries it: that is refused unless a
// person says otherwise. Pure.
#include <string>
#include <string_view>

#include "shared/base/result.hpp"

namespace wasl {

/// Nothing that is sent there leaves this machine: 127.0.0.0/8, ::1, localhost.
bool is_loopback(std::string_view host);
/// HOST:PORT in numbers, [HOST]:PORT for IPv6. Errors: invalid_value.
Status check_listen_address(const std::string& address);
/// Errors: invalid_value (no address of a hub).
Status check_hub_url(const std::string& url);

/// @param is_told the words --plain-text-on-an-open-network were said. Errors: invalid_value.
Status may_listen_in_plain(const std::string& address, bool is_told);
/// As parse_url takes it; wss:// is always fine, and so is what parse_url will refuse. Errors: invalid_value.
Status may_call_in_plain(const std::string& url, bool is_told);

}  // namespace wasl
