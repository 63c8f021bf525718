#pragma once
// What an office remembers of its last TLS link, so that the next one costs less. Nothing depends on it: a
// file that is gone, old or damaged makes a longer beginning.
#include <filesystem>
#include <string>

#include "shared/base/bytes.hpp"

namespace wasl {

struct LinkMemory {
  bool binds_certificate = false;  ///< a proxy ends TLS before that hub
  Bytes tls_session;
};

/// @param folder the office's; empty: nothing is remembered.
LinkMemory recall_link(const std::filesystem::path& folder, const std::string& url);
void remember_link(const std::filesystem::path& folder, const std::string& url, const LinkMemory& memory);

}  // namespace wasl
