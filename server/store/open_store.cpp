#include "server/store/open_store.hpp"

#include "server/store/sqlite_hub_store.hpp"

namespace wasl {

Result<std::unique_ptr<HubStore>> open_hub_store(const std::filesystem::path& file, StoreUse use) {
  if (use == StoreUse::read) return SqliteHubStore::open_to_read(file);
  return SqliteHubStore::open(file, use == StoreUse::create);
}

}  // namespace wasl
