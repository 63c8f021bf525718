#include "shared/model/field_value.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "shared/model/attachment.hpp"

namespace wasl {
namespace {

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Two digits, at most `most`.
bool is_pair(std::string_view text, std::string_view most) {
  return text.size() == 2 && all_digits(text) && text <= most;
}

std::string_view text_misfit(const Field& field, const Value& value) {
  const std::string_view text(reinterpret_cast<const char*>(value.data.data()), value.data.size());
  if (field.type == FieldType::date) return is_date(text) ? "" : "is no day YYYY-MM-DD";
  if (field.type == FieldType::time) return is_time(text) ? "" : "is no time YYYY-MM-DDTHH:MM:SSZ";
  return "";
}

/// @return -1, 0 or 1: the number is less than, equal to or greater than a whole one.
int compare(const Value& value, std::int64_t whole) {
  Reader in(value.data);
  std::int64_t unit = 1;
  const std::uint64_t scale = value.type == ValueType::decimal ? in.varint() : 0;  // at most 15
  for (std::uint64_t i = 0; i < scale; ++i) unit *= 10;
  const std::int64_t digits = in.integer();
  const std::int64_t left = digits / unit == whole ? digits % unit : digits / unit < whole ? -1 : 1;
  return left < 0 ? -1 : left > 0 ? 1 : 0;
}

bool in_range(const Field& field, const Value& value) {
  return (!field.least || compare(value, *field.least) >= 0) &&
         (!field.most || compare(value, *field.most) <= 0);
}

}  // namespace

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  if (!all_digits(text.substr(0, 4)) || !is_pair(text.substr(5, 2), "12") ||
      !is_pair(text.substr(8, 2), "31")) {
    return false;
  }
  int year = 0;
  unsigned month = 0, day = 0;
  std::from_chars(text.data(), text.data() + 4, year);
  std::from_chars(text.data() + 5, text.data() + 7, month);
  std::from_chars(text.data() + 8, text.data() + 10, day);
  return std::chrono::year_month_day(std::chrono::year(year), std::chrono::month(month),
                                     std::chrono::day(day))
      .ok();
}

bool is_time(std::string_view text) {
  if (text.size() < 17 || !is_date(text.substr(0, 10)) || text[10] != 'T') return false;
  std::string_view clock = text.substr(11);
  if (clock.ends_with('Z')) {
    clock.remove_suffix(1);
  } else {
    if (clock.size() < 6) return false;
    const std::string_view offset = clock.substr(clock.size() - 6);
    if ((offset[0] != '+' && offset[0] != '-') || offset[3] != ':' || !is_pair(offset.substr(1, 2), "14") ||
        !is_pair(offset.substr(4, 2), "59")) {
      return false;
    }
    clock.remove_suffix(6);
  }
  if (clock.size() < 5 || clock[2] != ':' || !is_pair(clock.substr(0, 2), "23") ||
      !is_pair(clock.substr(3, 2), "59")) {
    return false;
  }
  if (clock.size() == 5) return true;
  if (clock.size() < 8 || clock[5] != ':' || !is_pair(clock.substr(6, 2), "59")) return false;
  return clock.size() == 8 || (clock[8] == '.' && all_digits(clock.substr(9)));
}

std::string_view type_misfit(const Field& field, const Value& value) {
  if (value.is_null()) return "";
  if (field.type == kAttachmentField && value.type <= kAttachmentValue)
    return as_attachment(value) ? "" : "is no attachment";
  if (value.type > ValueType::act) return "";
  const auto needs = [&](ValueType type, std::string_view words) {
    return value.type == type ? std::string_view() : words;
  };
  switch (field.type) {
    case FieldType::text:
    case FieldType::multilingual:
    case FieldType::code:
    case FieldType::date:
    case FieldType::time:
      return value.type == ValueType::text ? text_misfit(field, value) : "is no text";
    case FieldType::reference:
      return needs(ValueType::reference, "is no reference");
    case FieldType::money:
      return needs(ValueType::money, "is no sum of money");
    case FieldType::point:
      return needs(ValueType::point, "is no point");
    case FieldType::number:
      return value.type == ValueType::decimal ? "" : needs(ValueType::integer, "is no number");
    case FieldType::integer:
      return needs(ValueType::integer, "is no whole number");
    case FieldType::flag:
      return needs(ValueType::flag, "is no flag");
  }
  return "";
}

std::string_view range_misfit(const Field& field, const Value& value) {
  switch (value.type) {
    case ValueType::text: {
      if (field.most_bytes != 0 && value.data.size() > field.most_bytes) return "is longer than its field";
      if (field.type != FieldType::code) return "";
      const bool known = std::any_of(field.codes.begin(), field.codes.end(), [&](const CodeItem& item) {
        return view(item.code).size() == value.data.size() &&
               std::equal(value.data.begin(), value.data.end(), item.code.begin());
      });
      return known ? "" : "is no code of its list";
    }
    case ValueType::integer:
    case ValueType::decimal:
      return in_range(field, value) ? "" : "is out of range";
    case ValueType::money: {
      const auto money = value.as_money();
      return money && in_range(field, Value::integer(money->minor_units)) ? "" : "is out of range";
    }
    default:
      return "";
  }
}

Bytes element_key(const Value& element) {
  Bytes key{static_cast<Byte>(element.type)};
  append(key, element.data);
  return key;
}

Value element_of(ByteView key) {
  if (key.empty()) return {};
  return {static_cast<ValueType>(key[0]), to_bytes(key.subspan(1))};
}

}  // namespace wasl
