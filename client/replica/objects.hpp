#pragma once
// What stands in a database's schema.
#include <map>
#include <set>
#include <string>
#include <utility>

#include "shared/sqlite/database.hpp"

namespace wasl {

/// By type ("table", "index", "trigger", "view") and name, the SQL that made it.
using Objects = std::map<std::pair<std::string, std::string>, std::string>;
/// One query, because each reads sqlite_schema from end to end.
Result<Objects> objects_of(Database& db);
/// Empty where there is no such table.
Result<std::set<std::string>> columns_in(Database& db, const std::string& table);

}  // namespace wasl
