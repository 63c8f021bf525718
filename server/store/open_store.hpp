#pragma once
// Which storage a hub has.
#include <filesystem>
#include <memory>

#include "server/store/hub_store.hpp"

namespace wasl {

enum class StoreUse {
  create,  ///< made where it is missing
  write,
  read,  ///< for who only looks while another process may be serving
};

/// Errors: not_found (nothing is there to `write` or `read`), storage_failed, corrupt, locked.
Result<std::unique_ptr<HubStore>> open_hub_store(const std::filesystem::path& file, StoreUse use);

}  // namespace wasl
