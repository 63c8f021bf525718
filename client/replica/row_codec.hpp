#pragma once
// Between the columns of a register's table and canonical values. Multilingual text in SQL: plain text when
// the only language is `und`, else a JSON object of language tag → text with its keys sorted; plain text
// written by any program takes the office's language. Pure.
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/model/description.hpp"
#include "shared/model/field_value.hpp"
#include "shared/model/ids.hpp"
#include "shared/model/value.hpp"

namespace wasl {

using SqlValue = std::variant<std::monostate, std::int64_t, double, std::string>;
/// The field columns of a register's table, in the order of `columns_of`.
using Row = std::vector<SqlValue>;
/// Plain values (openings, not commitments) that are not NULL.
using PlainValues = std::map<Address, Value>;

struct Column {
  const Field* field;
  std::string name;
  bool is_currency = false;
};
/// Columns of the fields that are not sets, by field number rising.
std::vector<Column> columns_of(const Register& reg);

struct ParsedField {
  PlainValues values;
  bool whole = true;  ///< false: plain text in one language, other languages stay as they are
};
/// A reference without `SPACE#` comes out as text: the caller finds its space.
/// Errors: invalid_value with field and rule (the triggers refuse the same; a missing trigger leaves it to
/// us).
Result<ParsedField> parse_field(const Field& field, const std::vector<SqlValue>& columns,
                                std::string_view language);

/// The columns that show these values. References show their id alone.
std::vector<SqlValue> render_field(const Field& field, const PlainValues& shown);
Row render_row(const Register& reg, const PlainValues& shown);
/// What a rendered row says: the inverse of `render_row` as far as it has one (references come out as text).
PlainValues read_row(const Register& reg, const Row& row);

/// One element as SQL shows it, and from SQL.
SqlValue render_element(const Value& element);
Result<Value> parse_element(const Field& field, const SqlValue& value);

}  // namespace wasl
