#include "server/app/folder_store.hpp"

#include "server/store/postgres_hub_store.hpp"

namespace wasl {
namespace {

constexpr std::chrono::seconds kQueuePatience{PostgresSession::kFenceSeconds + 1};

}  // namespace

std::filesystem::path address_file(const HubFolder& folder) { return folder.path / "store"; }

std::optional<std::string> store_address(const HubFolder& folder) {
  if (!folder.store.empty()) return folder.store;
  return store_address(address_file(folder));
}

std::optional<std::string> store_address(const std::filesystem::path& file) {
  auto text = read_text(file);
  while (text && !text->empty() && text->back() == '\n') text->pop_back();
  return text;
}

bool has_store(const HubFolder& folder) {
  return store_address(folder) || std::filesystem::exists(folder.database());
}

Result<std::unique_ptr<HubStore>> open_folder_store(const HubFolder& folder, StoreUse use) {
  const auto address = store_address(folder);
  if (!address) return open_hub_store(folder.database(), use);
  if (use == StoreUse::read) return PostgresHubStore::open_to_read(*address);
  return PostgresHubStore::open(*address, kQueuePatience);
}

Result<std::unique_ptr<HubStore>> open_store_to_act(const HubFolder& folder) {
  const auto address = store_address(folder);
  return address ? PostgresHubStore::open(*address) : open_hub_store(folder.database(), StoreUse::write);
}

Result<std::unique_ptr<HubStore>> open_store_to_serve(const HubFolder& folder) {
  const auto address = store_address(folder);
  if (!address) return open_hub_store(folder.database(), StoreUse::write);
  WASL_LET(auto store, PostgresHubStore::open_to_share(*address));
  WASL_LET(const bool leads, store->shared()->try_lead());
  static_cast<void>(leads);  // the store says it
  return store;
}

Status check_store_address(const std::string& address) {
  if (address.starts_with("postgresql://") || address.starts_with("postgres://")) return {};
  return fail(Errc::invalid_value, "'" + address + "' is no address of a PostgreSQL database",
              "write postgresql://USER@HOST/DATABASE, or leave it out: then the store is hub.db");
}

Status place_store(const HubFolder& folder, const std::string& address) {
  WASL_TRY(check_store_address(address));
  WASL_TRY(write_text(address_file(folder), address + "\n", true));
  // It may hold a password.
  std::error_code error;
  std::filesystem::permissions(
      address_file(folder), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
  if (error) return fail(Errc::storage_failed, "cannot protect " + address_file(folder).string());
  return {};
}

void remove_store(const HubFolder& folder) {
  std::error_code error;
  for (const char* end : {"", "-wal", "-shm"})
    std::filesystem::remove(folder.database().string() + end, error);
  std::filesystem::remove(address_file(folder), error);
}

}  // namespace wasl
