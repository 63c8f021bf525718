#pragma once
// The hub that serves: sessions of offices on a port, commands of this machine on a socket, until a signal.
#include <filesystem>
#include <functional>
#include <string>

#include "server/app/hub_folder.hpp"

namespace wasl {

struct ServeOptions {
  std::string listen;                                  ///< HOST:PORT
  std::filesystem::path tls_certificate{}, tls_key{};  ///< PEM; both or none; followed as they change
  /// Of a proxy on this machine that ends TLS before the port.
  std::filesystem::path proxy_certificate{};
};

/// @param listening called once the port is open, with its address and number. @return when stopped by a
/// signal. Errors: locked (another hub serves this folder), not_found, invalid_value (address, clock), …
Status serve(const HubFolder& folder, const ServeOptions& options,
             const std::function<void(const std::string& url, std::uint16_t port)>& listening);

}  // namespace wasl
