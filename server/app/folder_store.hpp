#pragma once
// The storage of a hub's folder: hub.db in it, or the PostgreSQL database that its file `store` names.
#include <memory>

#include "server/app/hub_folder.hpp"
#include "server/store/open_store.hpp"

namespace wasl {

/// Of the PostgreSQL database that holds the folder's rows; nothing: hub.db does.
std::optional<std::string> store_address(const HubFolder& folder);
/// As such a file says it.
std::optional<std::string> store_address(const std::filesystem::path& file);
/// Where it is written.
std::filesystem::path address_file(const HubFolder& folder);
Status check_store_address(const std::string& address);
/// Whether an init has begun here.
bool has_store(const HubFolder& folder);
/// Errors: as open_hub_store's. A database that another hub serves is waited for, for as long as one that
/// died counts as alive.
Result<std::unique_ptr<HubStore>> open_folder_store(const HubFolder& folder, StoreUse use);
/// To act for a moment. Errors: locked at once, where a hub serves the database.
Result<std::unique_ptr<HubStore>> open_store_to_act(const HubFolder& folder);
/// Of a database, the lead as well if nobody has it.
Result<std::unique_ptr<HubStore>> open_store_to_serve(const HubFolder& folder);
/// From now on the folder's rows lie there, durably. Errors: invalid_value (no PostgreSQL address).
Status place_store(const HubFolder& folder, const std::string& address);
/// Takes away what an init that was cut short has left.
void remove_store(const HubFolder& folder);

}  // namespace wasl
