#include "client/cli/assignments.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <nlohmann/json.hpp>

#include "client/replica/record_table.hpp"
#include "shared/sql/table_ddl.hpp"

namespace wasl::cli {
namespace {

tl::unexpected<Error> wrong(const Field& field, std::string_view rule) {
  return fail(Errc::invalid_value, field.name + ": " + std::string(rule), "correct the value and try again");
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = text.find(at);
    if (end != 0) out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return out;
}

/// The texts of a multilingual column. @param language of plain text.
nlohmann::json languages_in(const SqlValue& column, std::string_view language) {
  const auto* text = std::get_if<std::string>(&column);
  if (text == nullptr) return nlohmann::json::object();
  auto json = nlohmann::json::parse(*text, nullptr, false);
  const bool by_language = json.is_object() && std::all_of(json.begin(), json.end(), [](const auto& words) {
                             return words.is_string() || words.is_null();
                           });
  if (!text->empty() && text->front() == '{' && by_language) return json;
  nlohmann::json out = nlohmann::json::object();
  out[std::string(language.empty() ? "und" : language)] = *text;
  return out;
}

/// Columns and their values that an INSERT or UPDATE writes; sets are apart.
struct ColumnValue {
  std::string column;
  SqlValue value;
};

Result<std::vector<ColumnValue>> plain_columns(const Assignment& one) {
  const Field& field = *one.name.field;
  std::vector<SqlValue> values;
  if (one.text.empty()) {
    values.resize(field.columns().size());
  } else if (field.type == FieldType::multilingual) {
    values = {one.text};
  } else {
    WASL_LET(values, columns_of_text(field, one.text));
  }
  std::vector<ColumnValue> out;
  const auto columns = field.columns();
  for (std::size_t i = 0; i < columns.size(); ++i) out.push_back({columns[i], std::move(values[i])});
  return out;
}

Result<std::vector<ColumnValue>> columns_to_write(
    const std::vector<Assignment>& assignments, std::string_view language,
    const std::function<Result<SqlValue>(const std::string&)>& now) {
  std::vector<ColumnValue> out;
  for (const Assignment& one : assignments) {
    const Field& field = *one.name.field;
    if (field.is_set()) continue;
    if (one.name.key.empty()) {
      WASL_LET(auto columns, plain_columns(one));
      for (ColumnValue& column : columns) out.push_back(std::move(column));
      continue;
    }
    // One language of several: the others stay as they are in the row, or as named before on this line.
    const auto named =
        std::find_if(out.begin(), out.end(), [&](const ColumnValue& c) { return c.column == field.name; });
    nlohmann::json texts;
    if (named != out.end()) {
      texts = languages_in(named->value, language);
    } else {
      WASL_LET(const SqlValue before, now(field.name));
      texts = languages_in(before, "und");  // a row shows plain text only when its language is not known
    }
    texts.erase(one.name.key);
    if (!one.text.empty()) texts[one.name.key] = one.text;
    SqlValue after;
    if (!texts.empty()) after = texts.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    if (named != out.end()) {
      named->value = std::move(after);
    } else {
      out.push_back({field.name, std::move(after)});
    }
  }
  return out;
}

Result<SqlValue> element_of_text(const Field& field, std::string_view text) {
  WASL_LET(auto columns, columns_of_text(field, text));
  return std::move(columns[0]);
}

Status run_element(Database& db, const std::string& sql, std::string_view id, std::string_view space,
                   const SqlValue& value) {
  WASL_LET(auto statement, db.prepare(sql));
  statement.bind_all(id, space);
  bind_value(statement, 3, value);
  return statement.run();
}

Status write_elements(Database& db, const Register& reg, std::string_view id, std::string_view space,
                      const Assignment& one) {
  const Field& field = *one.name.field;
  const std::string table = sql::set_table(reg, field);
  const std::string insert = "INSERT INTO " + table + "(record, space, value) VALUES(?, ?, ?)";
  const std::string remove = "DELETE FROM " + table + " WHERE record = ? AND space = ? AND value = ?";
  std::vector<SqlValue> named;
  for (const std::string& text : split(one.text, ',')) {
    WASL_LET(SqlValue element, element_of_text(field, text));
    named.push_back(std::move(element));
  }
  std::vector<SqlValue> there;
  {
    WASL_LET(auto select, db.prepare("SELECT value FROM " + table + " WHERE record = ? AND space = ?"));
    select.bind_all(id, space);
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      there.push_back(column_value(select, 0));
    }
  }
  const auto has = [](const std::vector<SqlValue>& list, const SqlValue& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  for (const SqlValue& value : named) {
    if (one.kind == Assignment::Kind::remove) {
      WASL_TRY(run_element(db, remove, id, space, value));
    } else if (!has(there, value)) {
      WASL_TRY(run_element(db, insert, id, space, value));
    }
  }
  if (one.kind != Assignment::Kind::put) return {};
  for (const SqlValue& value : there) {
    if (!has(named, value)) WASL_TRY(run_element(db, remove, id, space, value));
  }
  return {};
}

Status write_sets(Database& db, const Register& reg, std::string_view id, std::string_view space,
                  const std::vector<Assignment>& assignments) {
  for (const Assignment& one : assignments) {
    if (one.name.field->is_set()) WASL_TRY(write_elements(db, reg, id, space, one));
  }
  return {};
}

}  // namespace

Result<std::vector<Assignment>> parse_assignments(const Register& reg,
                                                  const std::vector<std::string>& words) {
  std::vector<Assignment> out;
  for (const std::string& word : words) {
    const auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(Errc::invalid_value, "\"" + word + "\" is not field=value",
                  "write for example title=\"Water for all\"; field= clears a field");
    }
    Assignment one;
    std::string_view name = std::string_view(word).substr(0, equals);
    if (name.ends_with('+') || name.ends_with('-')) {
      one.kind = name.back() == '+' ? Assignment::Kind::add : Assignment::Kind::remove;
      name.remove_suffix(1);
    }
    WASL_LET(one.name, find_field_name(reg, name));
    one.text = word.substr(equals + 1);
    if (one.kind != Assignment::Kind::put && !one.name.field->is_set()) {
      return fail(Errc::invalid_value, reg.name + "." + one.name.field->name + " holds one value, not a list",
                  "write " + one.name.field->name + "=VALUE");
    }
    out.push_back(std::move(one));
  }
  return out;
}

Result<std::vector<SqlValue>> columns_of_text(const Field& field, std::string_view text) {
  switch (field.type) {
    case FieldType::integer: {
      const auto number = whole_number(text);
      if (!number) return wrong(field, "must be a whole number");
      return std::vector<SqlValue>{*number};
    }
    case FieldType::number:
      if (!Value::decimal(text)) return wrong(field, "must be a number such as 12.5");
      return std::vector<SqlValue>{std::string(text)};
    case FieldType::flag:
      if (text == "1" || text == "true" || text == "yes") return std::vector<SqlValue>{std::int64_t{1}};
      if (text == "0" || text == "false" || text == "no") return std::vector<SqlValue>{std::int64_t{0}};
      return wrong(field, "must be yes or no");
    case FieldType::money: {
      const auto parts = split(text, ' ');
      const auto amount = parts.size() == 2 ? whole_number(parts[0]) : std::nullopt;
      if (!amount)
        return wrong(field, "must be an amount in minor units and a currency, such as 1250000 XOF");
      return std::vector<SqlValue>{*amount, parts[1]};
    }
    default:
      return std::vector<SqlValue>{std::string(text)};
  }
}

Result<std::string> insert_record(Database& db, const Register& reg, std::string_view id,
                                  std::string_view space, const std::vector<Assignment>& assignments,
                                  std::string_view language) {
  const auto empty_row = [](const std::string&) -> Result<SqlValue> { return SqlValue(); };
  WASL_LET(const auto columns, columns_to_write(assignments, language, empty_row));
  std::string names = space.empty() ? "id" : "id, space";
  std::string marks = space.empty() ? "?" : "?, ?";
  for (const ColumnValue& one : columns) {
    names += ", " + one.column;
    marks += ", ?";
  }
  WASL_LET(auto insert, db.prepare("INSERT INTO " + reg.name + "(" + names + ") VALUES(" + marks + ")"));
  int index = 0;
  insert.bind(++index, id);
  if (!space.empty()) insert.bind(++index, space);
  for (const ColumnValue& one : columns) bind_value(insert, ++index, one.value);
  WASL_TRY(insert.run());
  std::string chosen;
  {
    WASL_LET(auto select, db.prepare("SELECT space FROM " + reg.name + " WHERE rowid = ?"));
    select.bind_all(db.last_insert_id());
    WASL_LET(const bool found, select.step());
    if (!found)
      return fail(Errc::conflict, reg.name + " " + std::string(id) + " exists already and is the same");
    chosen = select.text(0);
  }
  WASL_TRY(write_sets(db, reg, id, chosen, assignments));
  return chosen;
}

Status update_record(Database& db, const Register& reg, std::string_view id, std::string_view space,
                     const std::vector<Assignment>& assignments, std::string_view language) {
  const auto now = [&](const std::string& column) -> Result<SqlValue> {
    WASL_LET(auto select,
             db.prepare("SELECT " + column + " FROM " + reg.name + " WHERE id = ? AND space = ?"));
    select.bind_all(id, space);
    WASL_LET(const bool found, select.step());
    return found ? column_value(select, 0) : SqlValue();
  };
  WASL_LET(const auto columns, columns_to_write(assignments, language, now));
  if (!columns.empty()) {
    std::string sets;
    for (const ColumnValue& one : columns) sets += (sets.empty() ? "" : ", ") + one.column + " = ?";
    WASL_LET(auto update, db.prepare("UPDATE " + reg.name + " SET " + sets + " WHERE id = ? AND space = ?"));
    int index = 0;
    for (const ColumnValue& one : columns) bind_value(update, ++index, one.value);
    update.bind(++index, id);
    update.bind(++index, space);
    WASL_TRY(update.run());
  }
  return write_sets(db, reg, id, space, assignments);
}

}  // namespace wasl::cli
