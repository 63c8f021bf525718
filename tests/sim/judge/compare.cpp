#include <sqlite3.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <variant>

#include "shared/model/attachment.hpp"
#include "tests/sim/judge/judge.hpp"

namespace wasl::sim {
namespace {

using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;
using Row = std::vector<Cell>;
using Differences = std::vector<std::string>;

Cell read_cell(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
      return {};
    case SQLITE_INTEGER:
      return sqlite3_column_int64(statement, column);
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement, column);
    default:
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, column));
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
      return bytes == nullptr ? std::string() : std::string(bytes, size);
  }
}

std::vector<Row> read_rows(sqlite3* db, const std::string& query, Differences& out) {
  sqlite3_stmt* prepared = nullptr;
  sqlite3_prepare_v2(db, query.c_str(), -1, &prepared, nullptr);
  const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> statement(prepared, sqlite3_finalize);
  std::vector<Row> rows;
  int code = SQLITE_ERROR;
  while (prepared != nullptr && (code = sqlite3_step(prepared)) == SQLITE_ROW) {
    Row& row = rows.emplace_back();
    for (int column = 0; column < sqlite3_column_count(prepared); ++column)
      row.push_back(read_cell(prepared, column));
  }
  if (code != SQLITE_DONE) out.push_back(query + ": " + sqlite3_errmsg(db));
  return rows;
}

std::string text_of(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&cell)) return std::to_string(*real);
  return "NULL";
}

std::optional<Value> read_text(const Field& field, const std::string& text) {
  if (field.type == kAttachmentField) {
    const auto file = parse_attachment(text);
    return file ? std::optional(file->to_value()) : std::nullopt;
  }
  switch (field.type) {
    case FieldType::text:
    case FieldType::code:
    case FieldType::date:
    case FieldType::time:
    case FieldType::reference:
      return Value::text(text);
    case FieldType::point:
      return Value::point(text);
    default:
      return std::nullopt;
  }
}

/// What one column says, by the types of schema/README.md; nothing: not what its field can hold.
std::optional<Value> read_value(const Field& field, const Cell& cell) {
  if (std::holds_alternative<std::monostate>(cell)) return Value::null();
  if (const auto* text = std::get_if<std::string>(&cell)) return read_text(field, *text);
  if (const auto* real = std::get_if<double>(&cell))
    return field.type == FieldType::number ? Value::decimal(*real) : std::nullopt;
  const std::int64_t integer = std::get<std::int64_t>(cell);
  if (field.type == FieldType::integer || field.type == FieldType::number) return Value::integer(integer);
  if (field.type == FieldType::flag && (integer == 0 || integer == 1)) return Value::flag(integer == 1);
  return std::nullopt;
}

std::optional<Value> read_money(const Cell& amount, const Cell& currency) {
  const auto* minor_units = std::get_if<std::int64_t>(&amount);
  const auto* code = std::get_if<std::string>(&currency);
  if (minor_units != nullptr && code != nullptr && Value::is_currency(*code))
    return Value::money(*code, *minor_units);
  const bool both_missing =
      std::holds_alternative<std::monostate>(amount) && std::holds_alternative<std::monostate>(currency);
  return both_missing ? std::optional(Value::null()) : std::nullopt;
}

/// Key of the address → value; null ones are left out. One pair with an empty key unless multilingual.
using Values = std::map<std::string, Value>;

std::optional<Values> read_multilingual(const Cell& cell, std::string_view language) {
  if (std::holds_alternative<std::monostate>(cell)) return Values{};
  const auto* text = std::get_if<std::string>(&cell);
  if (text == nullptr) return std::nullopt;
  if (!text->starts_with('{')) return Values{{std::string(language), Value::text(*text)}};
  const auto object = nlohmann::json::parse(*text, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  Values out;
  for (const auto& [tag, one] : object.items()) {
    if (!one.is_string() && !one.is_null()) return std::nullopt;
    if (one.is_string()) out[tag] = Value::text(one.get<std::string>());
  }
  return out;
}

/// What the columns of a field say, from `cell` on.
std::optional<Values> read_field(const Field& field, const Cell* cell, std::string_view language) {
  if (field.type == FieldType::multilingual) return read_multilingual(*cell, language);
  const auto value = field.type == FieldType::money ? read_money(cell[0], cell[1]) : read_value(field, *cell);
  if (!value) return std::nullopt;
  return value->is_null() ? Values{} : Values{{"", *value}};
}

/// A column shows a reference by its id alone, so that tables join.
Value in_column(const Value& value) {
  const auto reference = value.as_reference();
  return reference ? Value::text(reference->id) : value;
}

Values judged_values(const JudgedRecord& record, const Field& field, const Openings& openings) {
  Values out;
  for (const auto& [address, judged] : record.fields) {
    if (address.field != field.number) continue;
    Value value = judged.heads[judged.shown].value;
    if (value.type == ValueType::commitment)
      value = openings(*Hash::from(value.data)).value_or(Value::null());
    if (!value.is_null()) out[to_text(address.key)] = in_column(value);
  }
  return out;
}

std::string in_words(const Values& values) {
  std::string out;
  for (const auto& [key, value] : values)
    out += (out.empty() ? "" : ", ") + (key.empty() ? "" : key + " ") + "'" + value.to_display() + "'";
  return out.empty() ? "nothing" : out;
}

/// Sections 2 and 9.2: an element is the key of an address that has a head; where removal wins, while no head
/// says "out".
std::set<Value> judged_elements(const JudgedRecord& record, const Field& field) {
  std::set<Value> out;
  for (const auto& [address, judged] : record.fields) {
    if (address.field != field.number || address.key.empty()) continue;
    const bool out_of_it = std::any_of(judged.heads.begin(), judged.heads.end(), [](const JudgedHead& head) {
      return head.value != Value::flag(true);
    });
    if (field.removal_wins() && out_of_it) continue;
    const Bytes data(address.key.begin() + 1, address.key.end());
    out.insert(in_column({static_cast<ValueType>(address.key.front()), data}));
  }
  return out;
}

/// One replica's tables against the judged state.
class Comparison {
 public:
  Comparison(const JudgedSpaces& spaces, sqlite3* replica, const Openings& openings,
             std::string_view language)
      : spaces_(spaces), replica_(replica), openings_(openings), language_(language) {}

  void compare_register(const Register& content) {
    living_.clear();
    for (const auto& [space, records] : spaces_) {
      for (const auto& [key, record] : records)
        if (record.alive && key.first == content.number) living_[{space, record.id}] = &record;
    }
    compare_table(content);
    for (const Field& field : content.fields)
      if (field.is_set()) compare_set(content, field);
  }

  Differences take() { return std::move(out_); }

 private:
  using Place = std::pair<std::string, std::string>;  // space, id

  static std::string name_of(const Register& content, const Place& place) {
    return content.name + " " + place.first + "#" + place.second;
  }

  void compare_table(const Register& content) {
    std::string query = "SELECT space, id";
    for (const Field& field : content.fields)
      for (const std::string& column : field.columns()) query += ", \"" + column + "\"";
    auto missing = living_;
    for (const Row& row : read_rows(replica_, query + " FROM \"" + content.name + "\"", out_)) {
      const Place place{text_of(row[0]), text_of(row[1])};
      const auto judged = living_.find(place);
      if (judged == living_.end()) {
        out_.push_back(name_of(content, place) + ": a row of a record that must not be shown");
        continue;
      }
      missing.erase(place);
      compare_row(content, place, row, *judged->second);
    }
    for (const auto& [place, record] : missing) out_.push_back(name_of(content, place) + ": has no row");
  }

  void compare_row(const Register& content, const Place& place, const Row& row, const JudgedRecord& record) {
    const Cell* cell = row.data() + 2;
    for (const Field& field : content.fields) {
      const std::size_t columns = field.columns().size();
      if (columns == 0) continue;
      const Values judged = judged_values(record, field, openings_);
      const auto stands = read_field(field, cell, language_);
      if (stands != judged)
        out_.push_back(name_of(content, place) + " " + field.name + ": must show " + in_words(judged) +
                       " and shows " + (stands ? in_words(*stands) : "'" + text_of(*cell) + "', no value"));
      cell += columns;
    }
  }

  void compare_set(const Register& content, const Field& field) {
    const std::string table = content.name + "_" + field.name;
    std::map<Place, std::set<Value>> missing;
    for (const auto& [place, record] : living_) missing[place] = judged_elements(*record, field);
    for (const Row& row : read_rows(replica_, "SELECT space, record, value FROM \"" + table + "\"", out_)) {
      const Place place{text_of(row[0]), text_of(row[1])};
      const auto element = read_value(field, row[2]);
      if (!element || missing[place].erase(*element) == 0)
        out_.push_back(name_of(content, place) + " " + field.name + ": holds '" + text_of(row[2]) +
                       "', which must not be there");
    }
    for (const auto& [place, elements] : missing) {
      for (const Value& element : elements)
        out_.push_back(name_of(content, place) + " " + field.name + ": '" + element.to_display() +
                       "' is missing");
    }
  }

  const JudgedSpaces& spaces_;
  sqlite3* replica_;
  const Openings& openings_;
  std::string_view language_;
  std::map<Place, const JudgedRecord*> living_;  // of the register that is compared
  Differences out_;
};

}  // namespace

std::vector<std::string> compare_rows(const Schema& schema, const JudgedSpaces& spaces, sqlite3* replica,
                                      const Openings& openings, std::string_view language) {
  Comparison comparison(spaces, replica, openings, language);
  for (const Register& content : schema.registers()) comparison.compare_register(content);
  return comparison.take();
}

std::vector<std::string> compare_conflicts(const JudgedSpaces& spaces,
                                           const std::vector<ListedConflict>& listed,
                                           const IsErased& is_erased) {
  std::multiset<ListedConflict> extra(listed.begin(), listed.end());
  Differences out;
  const auto in_words = [](const ListedConflict& one) {
    return one.register_name + " " + one.space + "#" + one.id + " " + one.field +
           (one.key.empty() ? "" : " " + one.key);
  };
  for (const auto& [name, records] : spaces) {
    const std::string& space = name;
    for (const JudgedConflict& conflict : conflicts(records)) {
      const JudgedRecord& record = records.at({conflict.register_number, conflict.id});
      const auto& heads = record.fields.at(conflict.address).heads;
      const bool decidable = std::any_of(heads.begin(), heads.end(), [&](const JudgedHead& head) {
        return head.value.type != ValueType::commitment ||
               !is_erased(space, conflict.id, *Hash::from(head.value.data));
      });
      if (!decidable) continue;
      const ListedConflict must_be{record.described->name, space, conflict.id,
                                   record.fields.at(conflict.address).described->name,
                                   to_text(conflict.address.key)};
      const auto found = extra.find(must_be);
      if (found == extra.end()) {
        out.push_back(in_words(must_be) + ": a conflict that is not listed");
      } else {
        extra.erase(found);
      }
    }
  }
  for (const ListedConflict& one : extra) out.push_back(in_words(one) + ": listed, but no conflict");
  return out;
}

}  // namespace wasl::sim
