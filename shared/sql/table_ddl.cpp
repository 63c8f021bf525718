#include "shared/sql/table_ddl.hpp"

namespace wasl::sql {
namespace {

// RFC 9562 section 5.7. 'now' is one moment within a statement, so both halves of the time agree.
constexpr std::string_view kUuid7 =
    "printf('%08x-%04x-7%03x-%04x-%012x',"
    "CAST((julianday('now')-2440587.5)*86400000.0 AS INTEGER)>>16,"
    "CAST((julianday('now')-2440587.5)*86400000.0 AS INTEGER)&65535,"
    "random()&4095,(random()&16383)|32768,random()&281474976710655)";

std::string_view column_type(FieldType type) {
  switch (type) {
    case FieldType::number:
      return "NUMERIC";
    case FieldType::money:
    case FieldType::integer:
    case FieldType::flag:
      return "INTEGER";
    case FieldType::text:
    case FieldType::multilingual:
    case FieldType::code:
    case FieldType::reference:
    case FieldType::date:
    case FieldType::time:
    case FieldType::point:
      return "TEXT";
  }
  return "TEXT";
}

Statement register_table(const Register& content, std::string_view default_space) {
  std::string sql = "CREATE TABLE " + content.name + "(\n  id TEXT NOT NULL DEFAULT (" + std::string(kUuid7) +
                    "),\n  space TEXT NOT NULL DEFAULT " + quoted(default_space) + ",\n";
  for (const Field& field : content.fields) {
    if (field.is_set()) continue;
    sql += "  " + field.name + " " + std::string(column_type(field.type)) + ",\n";
    if (field.type == FieldType::money) sql += "  " + field.name + "_currency TEXT,\n";
  }
  return {content.name,
          sql + "  _clock BLOB DEFAULT (" + empty_clock(content) + "),\n  PRIMARY KEY(id, space))"};
}

Statement set_field_table(const Register& content, const Field& field) {
  const std::string name = set_table(content, field);
  return {name, "CREATE TABLE " + name + "(\n  record TEXT NOT NULL,\n  value " +
                    std::string(column_type(field.type)) +
                    " NOT NULL,\n  space TEXT,\n  PRIMARY KEY(record, value, space))"};
}

}  // namespace

Statement capture_table() {
  return {"_wasl_capture",
          "CREATE TABLE _wasl_capture(\n  seq INTEGER PRIMARY KEY,\n  register INTEGER NOT NULL,\n"
          "  space TEXT NOT NULL,\n  id TEXT NOT NULL,\n  kind INTEGER NOT NULL,\n  mask INTEGER NOT NULL,\n"
          "  at INTEGER NOT NULL,\n  old TEXT,\n  clock BLOB)"};
}

std::vector<std::string> field_columns(const Register& content) {
  std::vector<std::string> out;
  for (const Field& field : content.fields)
    for (std::string& column : field.columns()) out.push_back(std::move(column));
  return out;
}

/// Zeros of about the length of a new row's clock: a row that grew when it is sealed would split its page,
/// and a table filled in order would end twice as large (31 MB instead of 13 on 20,000 rows).
std::string empty_clock(const Register& content) {
  return "zeroblob(" + std::to_string(40 + 5 * field_columns(content).size()) + ")";
}

std::string set_table(const Register& content, const Field& field) { return content.name + '_' + field.name; }

std::vector<Statement> table_statements(const Register& content, std::string_view default_space) {
  std::vector<Statement> out{register_table(content, default_space)};
  for (const Field& field : content.fields)
    if (field.is_set()) out.push_back(set_field_table(content, field));
  return out;
}

std::vector<Statement> column_statements(const Register& content, const Field& field) {
  std::vector<Statement> out;
  const std::vector<std::string> columns = field.columns();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string_view type = i == 0 ? column_type(field.type) : "TEXT";
    out.push_back(
        {columns[i], "ALTER TABLE " + content.name + " ADD COLUMN " + columns[i] + " " + std::string(type)});
  }
  return out;
}

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + '\'';
}

}  // namespace wasl::sql
