#pragma once
// A hub's network moves from hub.db into PostgreSQL, or back.
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "server/app/hub_folder.hpp"

namespace wasl {

/// All or nothing: until everything has been copied and checked the old store is in force, and afterwards it
/// is kept beside under the name that the answer gives. @param to "sqlite", or the address of a PostgreSQL
/// database. Errors: locked (a hub serves), conflict (the target is in use), invalid_value, corrupt (the old
/// store does not prove itself), storage_failed, no_link.
Result<nlohmann::json> migrate_store(const HubFolder& folder, const std::string& to);

}  // namespace wasl
