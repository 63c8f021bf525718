#pragma once
// Inside shared/net only: what both carriers say alike when a link ends or does not come about.
#include <string>
#include <string_view>

#include "shared/net/listener.hpp"

namespace wasl {

/// The other end said goodbye, with a code as in a close frame.
LinkEnd end_of_goodbye(std::uint16_t code, std::string reason);

/// As JSON: {"error":{"code","message","hint"}}.
HttpAnswer http_refusal(int status, Errc code, std::string_view message);

}  // namespace wasl
