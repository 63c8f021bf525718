#include "client/replica/row_codec.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

#include "shared/base/limits.hpp"
#include "shared/model/attachment.hpp"

namespace wasl {
namespace {

constexpr std::string_view kUndetermined = "und";

tl::unexpected<Error> wrong(const Field& field, std::string_view rule) {
  return fail(Errc::invalid_value, field.name + ": " + std::string(rule),
              "correct the value and write it again");
}

/// The object's texts when `text` is a JSON object of language tags; nothing when it is plain text.
std::optional<std::map<std::string, std::optional<std::string>>> languages_of(const std::string& text) {
  if (text.empty() || text.front() != '{') return std::nullopt;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  std::map<std::string, std::optional<std::string>> out;
  for (const auto& [tag, value] : json.items()) {
    if (value.is_null()) {
      out[tag] = std::nullopt;
    } else if (value.is_string()) {
      out[tag] = value.get<std::string>();
    } else {
      return std::nullopt;
    }
  }
  return out;
}

Result<Value> parse_scalar(const Field& field, const SqlValue& column) {
  const auto* text = std::get_if<std::string>(&column);
  const auto* integer = std::get_if<std::int64_t>(&column);
  if (field.type == kAttachmentField) {
    const auto file = parse_attachment(text == nullptr ? std::string_view() : *text);
    if (!file) return wrong(field, file.error().message);
    return file->to_value();
  }
  switch (field.type) {
    case FieldType::integer:
      if (integer == nullptr) return wrong(field, "must be a whole number");
      return Value::integer(*integer);
    case FieldType::flag:
      if (integer == nullptr || *integer < 0 || *integer > 1) return wrong(field, "must be 0 or 1");
      return Value::flag(*integer == 1);
    case FieldType::number: {
      if (integer != nullptr) return Value::integer(*integer);
      const auto* real = std::get_if<double>(&column);
      const auto value = real != nullptr   ? Value::decimal(*real)
                         : text != nullptr ? Value::decimal(*text)
                                           : std::nullopt;
      if (!value) return wrong(field, "must be a number");
      return *value;
    }
    case FieldType::point: {
      const auto value = text == nullptr ? std::nullopt : Value::point(*text);
      if (!value) return wrong(field, "must be latitude,longitude");
      return *value;
    }
    case FieldType::reference: {
      if (text == nullptr || text->empty()) return wrong(field, "must be an id, or SPACE#ID");
      const auto hash = text->find('#');
      if (hash == std::string::npos) {
        if (!is_record_id(*text)) return wrong(field, "must be an id, or SPACE#ID");
        return Value::text(*text);
      }
      const Value reference = Value::reference(text->substr(0, hash), text->substr(hash + 1));
      if (!is_canonical(reference)) return wrong(field, "must be an id, or SPACE#ID");
      return reference;
    }
    default:
      break;
  }
  std::string digits;
  if (text == nullptr) {
    if (integer == nullptr) return wrong(field, "must be text");
    digits = std::to_string(*integer);
    text = &digits;
  }
  if (!is_utf8(view(*text)) || text->find('\0') != std::string::npos)
    return wrong(field, "must be valid UTF-8");
  if (text->size() > limits::kValueBytes) return wrong(field, "is longer than 16 KiB; use an attachment");
  Value value = Value::text(*text);
  if (const auto misfit = type_misfit(field, value); !misfit.empty()) return wrong(field, misfit);
  return value;
}

SqlValue render_scalar(const Value& value) {
  if (const auto file = as_attachment(value)) return file->to_json();
  switch (value.type) {
    case ValueType::null:
      return {};
    case ValueType::integer:
      return value.as_integer().value_or(0);
    case ValueType::flag:
      return static_cast<std::int64_t>(value.as_flag().value_or(false) ? 1 : 0);
    case ValueType::decimal: {
      const std::string text = value.to_display();
      double number = 0;
      std::from_chars(text.data(), text.data() + text.size(), number);
      return number;
    }
    case ValueType::reference: {
      const auto reference = value.as_reference();
      return reference ? reference->id : std::string();
    }
    default:
      return value.to_display();
  }
}

}  // namespace

std::vector<Column> columns_of(const Register& reg) {
  std::vector<Column> out;
  for (const Field& field : reg.fields) {
    bool first = true;
    for (std::string& name : field.columns()) {
      out.push_back({&field, std::move(name), !first});
      first = false;
    }
  }
  return out;
}

Result<ParsedField> parse_field(const Field& field, const std::vector<SqlValue>& columns,
                                std::string_view language) {
  ParsedField out;
  const Address whole{field.number, {}};
  if (field.type == FieldType::money) {
    const auto* amount = std::get_if<std::int64_t>(&columns[0]);
    const auto* currency = std::get_if<std::string>(&columns[1]);
    if (amount == nullptr || currency == nullptr) {
      if (std::holds_alternative<std::monostate>(columns[0])) return out;
      return wrong(field, "needs an amount in minor units and a currency");
    }
    if (!Value::is_currency(*currency)) return wrong(field, "needs a currency of three capital letters");
    out.values[whole] = Value::money(*currency, *amount);
    return out;
  }
  if (std::holds_alternative<std::monostate>(columns[0])) return out;
  if (field.type != FieldType::multilingual) {
    WASL_LET(out.values[whole], parse_scalar(field, columns[0]));
    return out;
  }
  const auto* text = std::get_if<std::string>(&columns[0]);
  const auto languages = text == nullptr ? std::nullopt : languages_of(*text);
  if (!languages) {
    WASL_LET(const Value value, parse_scalar(field, columns[0]));
    out.whole = false;
    out.values[{field.number, to_bytes(language.empty() ? kUndetermined : language)}] = value;
    return out;
  }
  for (const auto& [tag, words] : *languages) {
    if (!words) continue;
    std::string lower = tag;
    for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    if (lower.empty() || lower.size() > 35) return wrong(field, "has a key that is no language tag");
    const Address address{field.number, to_bytes(lower)};
    WASL_LET(out.values[address], parse_scalar(field, *words));
  }
  return out;
}

std::vector<SqlValue> render_field(const Field& field, const PlainValues& shown) {
  const Address whole{field.number, {}};
  if (field.type == FieldType::multilingual) {
    nlohmann::json object = nlohmann::json::object();
    for (auto it = shown.lower_bound(whole); it != shown.end() && it->first.field == field.number; ++it) {
      object[to_text(it->first.key)] = it->second.as_text().value_or("");
    }
    if (object.empty()) return {SqlValue()};
    if (object.size() == 1 && object.contains(kUndetermined)) {
      auto text = object[std::string(kUndetermined)].get<std::string>();
      if (text.empty() || text.front() != '{') return {std::move(text)};
    }
    return {object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
  }
  const auto it = shown.find(whole);
  if (field.type == FieldType::money) {
    const auto money = it == shown.end() ? std::nullopt : it->second.as_money();
    if (!money) return {SqlValue(), SqlValue()};
    return {money->minor_units, money->currency};
  }
  return {it == shown.end() ? SqlValue() : render_scalar(it->second)};
}

Row render_row(const Register& reg, const PlainValues& shown) {
  Row row;
  for (const Field& field : reg.fields) {
    if (field.is_set()) continue;
    for (SqlValue& value : render_field(field, shown)) row.push_back(std::move(value));
  }
  return row;
}

PlainValues read_row(const Register& reg, const Row& row) {
  PlainValues out;
  std::size_t at = 0;
  for (const Field& field : reg.fields) {
    if (field.is_set()) continue;
    const std::size_t count = field.type == FieldType::money ? 2 : 1;
    if (at + count > row.size()) break;
    const std::vector<SqlValue> columns(row.begin() + static_cast<std::ptrdiff_t>(at),
                                        row.begin() + static_cast<std::ptrdiff_t>(at + count));
    if (auto parsed = parse_field(field, columns, kUndetermined)) out.merge(parsed->values);
    at += count;
  }
  return out;
}

SqlValue render_element(const Value& element) { return render_scalar(element); }

Result<Value> parse_element(const Field& field, const SqlValue& value) {
  WASL_LET(Value element, parse_scalar(field, value));
  if (element_key(element).size() > limits::kKeyBytes)
    return wrong(field, "has an element longer than 1 KiB");
  return element;
}

}  // namespace wasl
