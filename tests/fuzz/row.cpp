// Columns as any program may write them, read as values and shown again.
#include "client/replica/row_codec.hpp"

#include <bit>

#include "shared/base/limits.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

SqlValue column(Feed& feed) {
  switch (feed.below(4)) {
    case 0:
      return {};
    case 1:
      return static_cast<std::int64_t>(feed.number());
    case 2:
      return std::bit_cast<double>(feed.number());
    default:
      return feed.text(limits::kValueBytes + 1);
  }
}

void check_element(const Field& field, const SqlValue& value) {
  const auto element = parse_element(field, value);
  if (!element) return;
  WASL_ASSERT(is_canonical(*element) && element_of(element_key(*element)) == *element);
  static_cast<void>(render_element(*element));
}

/// What is shown says the same values when it is read again. A reference shows its id alone.
void check_shown(const Field& field, const PlainValues& values) {
  const auto shown = render_field(field, values);
  const auto again = parse_field(field, shown, "und");
  WASL_ASSERT(again.has_value());
  if (field.type != FieldType::reference) WASL_ASSERT(again->values == values);
  WASL_ASSERT(render_field(field, again->values) == shown);
}

WASL_FUZZ(row) {
  Feed feed(input);
  const Register& reg = feed.one_of(built_in_schema().registers());
  const Field& field = feed.one_of(reg.fields);
  const std::vector<SqlValue> columns{column(feed), column(feed)};
  if (field.is_set()) return check_element(field, columns[0]);
  const auto parsed = parse_field(field, columns, feed.flag() ? "ar" : "");
  if (!parsed) return;
  for (const auto& [address, value] : parsed->values) WASL_ASSERT(is_canonical(value) && !value.is_null());
  check_shown(field, parsed->values);
  const Row row = render_row(reg, parsed->values);
  WASL_ASSERT(row.size() == columns_of(reg).size());
  WASL_ASSERT(render_row(reg, read_row(reg, row)) == row);
}

}  // namespace
}  // namespace wasl::fuzz
