#pragma once
// What stands in a database's schema.
#include <map>
#include <string>
#include <utility>

#include "shared/sqlite/database.hpp"

namespace wasl {

/// By type ("table", "index", "trigger", "view") and name, the SQL that made it.
using Objects = std::map<std::pair<std::string, std::string>, std::string>;
/// One query, because each reads sqlite_schema from end to end.
Result<Objects> objects_of(Database& db);

}  // namespace wasl
