#include "tests/fuzz/odd.hpp"

#include <bit>
#include <cmath>

#include "shared/sql/table_ddl.hpp"
#include "tests/fuzz/small_schema.hpp"

namespace wasl::fuzz {
namespace {

constexpr std::size_t kTextBytes = 96;
const std::vector<std::string> kIds{"a", "b", "c", "0190163d-8694-739b-aea5-966c26f8ad91", "مشروع"};

const Register& thing() { return *small_schema().find("thing"); }

std::string odd_text(Feed& feed) {
  static const std::vector<std::string> known{"a",
                                              "b",
                                              "x",
                                              "{\"en\":\"water\",\"ar\":\"ماء\"}",
                                              "{\"en\":null}",
                                              "{\"EN\":\"a\",\"en\":\"b\"}",
                                              "2027-01-15",
                                              "2027-01-15T10:00:00Z",
                                              "48.8566,2.3522",
                                              "EUR",
                                              "12.50",
                                              "1e3",
                                              "-0",
                                              "section/asia#a",
                                              "network#b",
                                              "#",
                                              "",
                                              std::string(17 * 1024, 'x')};
  const std::size_t which = feed.below(known.size() + 4);
  return which < known.size() ? known[which] : feed.text(kTextBytes);
}

std::string literal(Feed& feed) {
  switch (feed.below(7)) {
    case 0:
      return "NULL";
    case 1:
      return std::to_string(static_cast<std::int64_t>(feed.number()));
    case 2: {
      const auto real = std::bit_cast<double>(feed.number());
      return std::isfinite(real) ? "CAST('" + std::to_string(real) + "' AS REAL)" : "1e999";
    }
    case 3:
      return "x'" + to_hex(feed.bytes(kTextBytes)) + "'";
    case 4:
      return "CAST(x'" + to_hex(feed.bytes(kTextBytes)) + "' AS TEXT)";
    case 5:
      return sql::quoted(feed.one_of(kIds));
    default:
      return "CAST(x'" + to_hex(view(odd_text(feed))) + "' AS TEXT)";
  }
}

std::string where(Feed& feed) {
  return feed.below(4) == 0 ? std::string() : " WHERE id = " + sql::quoted(feed.one_of(kIds));
}

std::string odd_column(Feed& feed, const Register& reg) {
  auto columns = sql::field_columns(reg);
  for (const char* other : {"id", "space", "_clock", "rowid"}) columns.emplace_back(other);
  return feed.one_of(columns);
}

std::string odd_insert(Feed& feed, const Register& reg) {
  static const std::vector<std::string> kVerbs{"INSERT", "INSERT OR IGNORE", "INSERT OR REPLACE", "REPLACE"};
  static const std::vector<std::string> kEnds{"", " ON CONFLICT DO NOTHING",
                                              " ON CONFLICT(id) DO UPDATE SET id = excluded.id"};
  std::string names = "id";
  std::string values = feed.below(4) == 0 ? literal(feed) : sql::quoted(feed.one_of(kIds));
  for (std::size_t left = feed.below(6); left > 0; --left) {
    names += ", " + odd_column(feed, reg);
    values += ", " + literal(feed);
  }
  return feed.one_of(kVerbs) + " INTO " + reg.name + "(" + names + ") VALUES(" + values + ")" +
         feed.one_of(kEnds);
}

std::string odd_element(Feed& feed) {
  const std::string table = feed.flag() ? "thing_tag" : "thing_part";
  const std::string record = sql::quoted(feed.one_of(kIds));
  switch (feed.below(3)) {
    case 0:
      return "INSERT INTO " + table + "(record, value) VALUES(" + record + ", " + literal(feed) + ")";
    case 1:
      return "DELETE FROM " + table + " WHERE record = " + record;
    default:
      return "UPDATE " + table + " SET value = " + literal(feed) + " WHERE record = " + record;
  }
}

/// What no trigger wrote. A note's clock is left empty: a forged one is damage, and said to be.
std::string odd_note(Feed& feed) {
  if (feed.flag()) return "UPDATE thing SET _clock = " + literal(feed) + where(feed);
  return "INSERT INTO _wasl_capture(register, space, id, kind, mask, at, old) VALUES(" +
         std::to_string(1 + feed.below(3)) + ", 'section/asia', " + sql::quoted(feed.one_of(kIds)) + ", " +
         std::to_string(feed.below(8)) + ", 0, " + literal(feed) + ", " + literal(feed) + ")";
}

}  // namespace

Value odd_value(Feed& feed) {
  switch (feed.below(8)) {
    case 0:
      return Value::null();
    case 1:
      return Value::integer(static_cast<std::int64_t>(feed.number()));
    case 2:
      return Value::flag(feed.flag());
    case 3:
      return Value::money("EUR", static_cast<std::int64_t>(feed.number()));
    case 4:
      return Value::reference(feed.flag() ? "section/asia" : "network", feed.one_of(kIds));
    case 5:
      return Value::commitment(feed.fixed<Hash>());
    case 6:
      return {static_cast<ValueType>(feed.byte()), to_bytes(feed.bytes(kTextBytes))};
    default:
      return Value::text(odd_text(feed));
  }
}

Operation odd_operation(Feed& feed, const std::vector<Dot>& known) {
  Operation op;
  op.kind = static_cast<OperationKind>(1 + feed.below(7));
  op.register_number = static_cast<std::uint32_t>(feed.below(4));
  op.id = feed.one_of(kIds);
  const Field& field = feed.one_of(thing().fields);
  op.address.field = feed.below(8) == 0 ? feed.byte() : field.number;
  if (field.type == FieldType::multilingual) op.address.key = to_bytes(feed.flag() ? "en" : "ar");
  op.value = odd_value(feed);
  if (field.is_set()) op.address.key = {static_cast<Byte>(ValueType::text), 'a'};
  for (std::size_t left = known.empty() ? 0 : feed.below(4); left > 0; --left)
    op.names.push_back(feed.one_of(known));
  std::sort(op.names.begin(), op.names.end());
  op.names.erase(std::unique(op.names.begin(), op.names.end()), op.names.end());
  if (!known.empty() && feed.below(16) == 15) op.first_dot = feed.one_of(known);
  return op;
}

std::vector<Operation> odd_operations(Feed& feed, const std::vector<Dot>& known) {
  std::vector<Operation> operations;
  for (std::size_t left = 1 + feed.below(6); left > 0; --left)
    operations.push_back(odd_operation(feed, known));
  sort_by_record(operations);
  return operations;
}

Bytes damaged(Feed& feed, ByteView bytes) {
  Bytes out = to_bytes(bytes);
  for (std::size_t left = feed.below(4); left > 0 && !out.empty(); --left) {
    const std::size_t at = feed.below(out.size());
    switch (feed.below(3)) {
      case 0:
        out[at] ^= feed.byte();
        break;
      case 1:
        out.resize(at);
        break;
      default:
        append(out, feed.bytes(kTextBytes));
    }
  }
  return out;
}

std::string odd_sql(Feed& feed) {
  const Register& reg = feed.below(4) == 3 ? *small_schema().find("line") : thing();
  switch (feed.below(8)) {
    case 0:
      return "DELETE FROM " + reg.name + where(feed);
    case 1:
    case 2:
      return "UPDATE " + reg.name + " SET " + odd_column(feed, reg) + " = " + literal(feed) + ", " +
             odd_column(feed, reg) + " = " + literal(feed) + where(feed);
    case 3:
      return odd_element(feed);
    case 4:
      return odd_note(feed);
    default:
      return odd_insert(feed, reg);
  }
}

}  // namespace wasl::fuzz
