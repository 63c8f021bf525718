#pragma once
// Inside shared/net only: links that are WebSockets, both ends.
#include <string_view>

#include "shared/net/listener.hpp"
#include "shared/net/wire.hpp"

namespace wasl {

/// As connect().
std::unique_ptr<Attempt> call_web_socket(Loop& loop, LinkUrl url, ConnectOptions options,
                                         ChannelHandler& handler, ConnectDone done);

/// Answers the upgrade request `header` (its whole text, already found to be one) on `wire`.
void accept_web_socket(Wire wire, std::string_view header, const LinkOptions& options,
                       const AcceptLink& accept);

}  // namespace wasl
