#pragma once
// The hub that serves: sessions of offices on a port, commands of this machine on a socket, until a signal.
#include <functional>
#include <string>

#include "server/app/hub_folder.hpp"

namespace wasl {

/// @param listening called once the port is open, with its address and number. @return when stopped by a
/// signal. Errors: locked (another hub serves this folder), not_found, invalid_value (address, clock), …
Status serve(const HubFolder& folder, const std::string& listen,
             const std::function<void(const std::string& url, std::uint16_t port)>& listening);

}  // namespace wasl
