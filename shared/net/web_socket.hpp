#pragma once
// Inside shared/net only: how the listener hands an accepted connection over.
#include <boost/asio/ip/tcp.hpp>
#include <string_view>

#include "shared/net/listener.hpp"

namespace wasl {

/// Answers the upgrade request `header` (its whole text, already found to be one) on `socket`.
void accept_web_socket(boost::asio::ip::tcp::socket socket, std::string_view header,
                       const LinkOptions& options, const AcceptLink& accept);

}  // namespace wasl
