#pragma once
// Inside shared/net only: how the listener hands an accepted connection over.
#include <string_view>

#include "shared/net/listener.hpp"
#include "shared/net/wire.hpp"

namespace wasl {

/// Answers the upgrade request `header` (its whole text, already found to be one) on `wire`.
void accept_web_socket(Wire wire, std::string_view header, const LinkOptions& options,
                       const AcceptLink& accept);

}  // namespace wasl
