#pragma once
// The hub that serves: sessions of offices on a port, commands of this machine on a socket, until a signal.
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include "server/app/hub_folder.hpp"
#include "server/app/object_store.hpp"
#include "shared/base/limits.hpp"

namespace wasl {

class Settings;

struct ServeOptions {
  std::string upstream{};  ///< of a section's hub, in the place of the address that it noted
  std::string listen;      ///< HOST:PORT
  bool plain_text_on_an_open_network = false;
  std::string metrics_listen{};                        ///< HOST:PORT of the operations port; empty: none
  std::filesystem::path tls_certificate{}, tls_key{};  ///< PEM; both or none; followed as they change
  /// Of a proxy on this machine that ends TLS before the port.
  std::filesystem::path proxy_certificate{};
  std::size_t strangers = limits::kStrangers;
  std::chrono::seconds drain{3};       ///< for goodbyes
  std::chrono::minutes snapshots{60};  ///< from one building to the next; 0: never
  std::chrono::hours compaction{24};   ///< from one look to the next; 0: never
  std::optional<ObjectStore> files{};  ///< where the contents of files lie; nothing: in files.db
};
/// @param settings of hub_settings(). Errors: invalid_value.
Result<ServeOptions> serve_options(const Settings& settings);

/// @param listening called once the port is open, with its address and number. @return when stopped by a
/// signal. Errors: locked (another hub serves this folder), not_found, invalid_value (address,
/// clock, plain text on an open network), …
Status serve(const HubFolder& folder, const ServeOptions& options,
             const std::function<void(const std::string& url, std::uint16_t port)>& listening);

}  // namespace wasl
