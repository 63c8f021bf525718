#pragma once
// What an office remembers of its last link, so that the next one costs less. Nothing depends on it: a
// file that is gone, old or damaged makes a longer beginning.
#include <filesystem>
#include <string>

#include "client/engine/fallback.hpp"
#include "shared/base/bytes.hpp"

namespace wasl {

struct LinkMemory {
  bool binds_certificate = false;  ///< a proxy ends TLS before that hub
  Bytes tls_session;
  CarrierMemory carrier;
};

/// @param folder the office's; empty: nothing is remembered.
LinkMemory recall_link(const std::filesystem::path& folder, const std::string& url);
void remember_link(const std::filesystem::path& folder, const std::string& url, const LinkMemory& memory);

/// Of whichever address was used last. Empty address: nothing is remembered.
struct LastLink {
  std::string url;
  LinkMemory memory;
};
LastLink recall_last_link(const std::filesystem::path& folder);

}  // namespace wasl
