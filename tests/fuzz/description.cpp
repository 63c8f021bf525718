// A register's description: what is taken gives tables and triggers that SQLite takes.
#include "shared/model/description.hpp"

#include "shared/model/ids.hpp"
#include "shared/sql/table_ddl.hpp"
#include "shared/sqlite/database.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

/// Somebody publishes it behind others: what every version carries, and what one can read only adds.
void publish(const std::string& text) {
  const auto taken = Schema().with_published(text);
  if (!taken) return;
  const auto number = Schema::number_of("a.json", text);
  WASL_ASSERT(number.has_value() && taken->is_unread(*number) == (taken->find(*number) == nullptr));
  const auto again = taken->with_published(text);
  WASL_ASSERT(again.has_value() && again->registers().size() == taken->registers().size());
  if (!taken->is_unread(*number)) WASL_ASSERT(again->hash() == taken->hash());
  WASL_ASSERT(built_in_schema().joined(*taken).registers().size() >= built_in_schema().registers().size());
}

WASL_FUZZ(description) {
  publish(to_text(input));
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
