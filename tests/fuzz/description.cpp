// A register's description: what is taken gives tables and triggers that SQLite takes.
#include "shared/model/description.hpp"

#include "shared/model/ids.hpp"
#include "shared/sql/table_ddl.hpp"
#include "shared/sqlite/database.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

WASL_FUZZ(description) {
  const auto schema = Schema::load({{"a.json", to_text(input)}});
  if (!schema) {
    WASL_ASSERT(!schema.error().message.empty());
    return;
  }
  auto db = Database::open({.path = ":memory:", .create = true});
  WASL_ASSERT(db.has_value() && db->set_applying(false).has_value());
  WASL_ASSERT(db->exec(sql::capture_table().sql).has_value());
  for (const Register& reg : schema->registers()) {
    WASL_ASSERT(schema->find(reg.name) == &reg && schema->find(reg.number) == &reg);
    for (const auto& part :
         {sql::table_statements(reg, kPublicSpace), sql::trigger_statements(reg, kPublicSpace)}) {
      for (const sql::Statement& statement : part) WASL_ASSERT(db->exec(statement.sql).has_value());
    }
    auto insert = db->exec("INSERT INTO " + reg.name + "(id) VALUES('r')");
    WASL_ASSERT(insert.has_value());
  }
}

}  // namespace
}  // namespace wasl::fuzz
