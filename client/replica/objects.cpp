#include "client/replica/objects.hpp"

namespace wasl {

Result<Objects> objects_of(Database& db) {
  Objects objects;
  WASL_LET(auto select, db.prepare("SELECT type, name, sql FROM sqlite_schema"));
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return objects;
    objects[{std::string(select.text(0)), std::string(select.text(1))}] = select.text(2);
  }
}

Result<std::set<std::string>> columns_in(Database& db, const std::string& table) {
  std::set<std::string> out;
  WASL_LET(auto select, db.prepare("SELECT name FROM pragma_table_info(?)"));
  select.bind_all(table);
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return out;
    out.emplace(select.text(0));
  }
}

}  // namespace wasl
