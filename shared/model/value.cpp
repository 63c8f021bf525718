#include "shared/model/value.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "shared/base/limits.hpp"
#include "shared/model/attachment.hpp"
#include "shared/model/ids.hpp"

namespace wasl {
namespace {

constexpr std::uint64_t kScaleMost = 15;
constexpr std::size_t kDigitsMost = 18;  // every decimal of 18 digits fits 64 bits
constexpr std::int64_t kDecimalLimit = 1'000'000'000'000'000'000;
constexpr double kDoubleLimit = 1e15;  // below it a double keeps 15 significant digits
constexpr std::size_t kPointScale = 7;
constexpr std::int64_t kLatitudeMost = 90 * 10'000'000LL;
constexpr std::int64_t kLongitudeMost = 180 * 10'000'000LL;
constexpr std::size_t kCurrencyBytes = 3;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// unscaled × 10^-scale, as written: trailing zeros are still there.
struct Digits {
  std::int64_t unscaled = 0;
  std::size_t scale = 0;
};

std::optional<Digits> read_digits(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty() || !is_digit(text.front()) || !is_digit(text.back())) return std::nullopt;
  Digits out;
  bool after_point = false;
  std::size_t significant = 0;
  for (const char c : text) {
    if (c == '.' && !after_point) {
      after_point = true;
      continue;
    }
    if (!is_digit(c)) return std::nullopt;
    if (significant > 0 || c != '0') ++significant;
    if (significant > kDigitsMost) return std::nullopt;
    out.unscaled = out.unscaled * 10 + (c - '0');
    if (after_point) ++out.scale;
  }
  if (negative) out.unscaled = -out.unscaled;
  return out;
}

void drop_trailing_zeros(Digits& d) {
  while (d.scale > 0 && d.unscaled % 10 == 0) {
    d.unscaled /= 10;
    --d.scale;
  }
}

std::string write_digits(std::int64_t unscaled, std::size_t scale) {
  const bool negative = unscaled < 0;
  std::string digits = std::to_string(unscaled);
  if (negative) digits.erase(0, 1);
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  if (scale > 0) digits.insert(digits.size() - scale, 1, '.');
  return negative ? '-' + digits : digits;
}

std::string write_trimmed(std::int64_t unscaled, std::size_t scale) {
  Digits d{unscaled, scale};
  drop_trailing_zeros(d);
  return write_digits(d.unscaled, d.scale);
}

struct Coordinates {
  std::int64_t latitude, longitude;
};

std::optional<std::int64_t> read_coordinate(std::string_view text, std::int64_t most) {
  auto digits = read_digits(text);
  if (!digits || digits->scale > kPointScale) return std::nullopt;
  for (; digits->scale < kPointScale; ++digits->scale) {
    if (digits->unscaled > most || digits->unscaled < -most) return std::nullopt;
    digits->unscaled *= 10;
  }
  if (digits->unscaled > most || digits->unscaled < -most) return std::nullopt;
  return digits->unscaled;
}

std::optional<Coordinates> as_point(const Value& value) {
  if (value.type != ValueType::point) return std::nullopt;
  Reader in(value.data);
  const Coordinates out{in.integer(), in.integer()};
  if (!in.finished()) return std::nullopt;
  if (out.latitude > kLatitudeMost || out.latitude < -kLatitudeMost) return std::nullopt;
  if (out.longitude > kLongitudeMost || out.longitude < -kLongitudeMost) return std::nullopt;
  return out;
}

std::optional<Digits> as_decimal(const Value& value) {
  if (value.type != ValueType::decimal) return std::nullopt;
  Reader in(value.data);
  const std::uint64_t scale = in.varint();
  const std::int64_t unscaled = in.integer();
  if (!in.finished() || scale < 1 || scale > kScaleMost) return std::nullopt;
  if (unscaled % 10 == 0 || unscaled >= kDecimalLimit || unscaled <= -kDecimalLimit) return std::nullopt;
  return Digits{unscaled, static_cast<std::size_t>(scale)};
}

Value from_digits(const Digits& d) {
  if (d.scale == 0) return Value::integer(d.unscaled);
  Writer out;
  out.varint(d.scale);
  out.integer(d.unscaled);
  return {ValueType::decimal, out.take()};
}

}  // namespace

Value Value::integer(std::int64_t n) {
  Writer out;
  out.integer(n);
  return {ValueType::integer, out.take()};
}

bool Value::is_currency(std::string_view code) {
  return code.size() == kCurrencyBytes &&
         std::all_of(code.begin(), code.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

Value Value::money(std::string_view currency, std::int64_t minor_units) {
  WASL_ASSERT(is_currency(currency));
  Writer out;
  out.raw(wasl::view(currency));
  out.integer(minor_units);
  return {ValueType::money, out.take()};
}

Value Value::reference(std::string_view space, std::string_view id) {
  Writer out;
  out.sized(space);
  out.sized(id);
  return {ValueType::reference, out.take()};
}

std::optional<Value> Value::point(std::string_view text) {
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const auto latitude = read_coordinate(text.substr(0, comma), kLatitudeMost);
  const auto longitude = read_coordinate(text.substr(comma + 1), kLongitudeMost);
  if (!latitude || !longitude) return std::nullopt;
  Writer out;
  out.integer(*latitude);
  out.integer(*longitude);
  return Value{ValueType::point, out.take()};
}

std::optional<Value> Value::decimal(std::string_view text) {
  auto digits = read_digits(text);
  if (!digits) return std::nullopt;
  drop_trailing_zeros(*digits);
  if (digits->scale > kScaleMost) return std::nullopt;
  return from_digits(*digits);
}

std::optional<Value> Value::decimal(double number) {
  const double size = std::fabs(number);
  if (!(size < kDoubleLimit) || (size > 0 && size < 1 / kDoubleLimit)) return std::nullopt;
  int decimals = static_cast<int>(kScaleMost);
  for (double digits = 1; digits <= size; digits *= 10) --decimals;
  std::array<char, 64> buffer{};
  const auto written =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::fixed, decimals);
  if (written.ec != std::errc()) return std::nullopt;
  return decimal(std::string_view(buffer.data(), static_cast<std::size_t>(written.ptr - buffer.data())));
}

std::optional<std::int64_t> Value::as_integer() const {
  if (type != ValueType::integer) return std::nullopt;
  Reader in(data);
  const std::int64_t n = in.integer();
  if (!in.finished()) return std::nullopt;
  return n;
}

std::optional<std::string> Value::as_text() const {
  if (type != ValueType::text || !is_utf8(data)) return std::nullopt;
  return to_text(data);
}

std::optional<bool> Value::as_flag() const {
  if (type != ValueType::flag || data.size() != 1 || data.front() > 1) return std::nullopt;
  return data.front() == 1;
}

std::optional<Value::Money> Value::as_money() const {
  if (type != ValueType::money) return std::nullopt;
  Reader in(data);
  Money out{to_text(in.raw(kCurrencyBytes)), 0};
  out.minor_units = in.integer();
  if (!in.finished() || !Value::is_currency(out.currency)) return std::nullopt;
  return out;
}

std::optional<Value::Reference> Value::as_reference() const {
  if (type != ValueType::reference) return std::nullopt;
  Reader in(data);
  Reference out{in.text(limits::kSpaceBytes), {}};
  out.id = in.text(limits::kIdBytes);
  if (!in.finished() || !is_space_name(out.space) || !is_record_id(out.id)) return std::nullopt;
  return out;
}

std::string Value::to_display() const {
  if (const auto file = as_attachment(*this)) return file->to_display();
  switch (type) {
    case ValueType::null:
      return {};
    case ValueType::integer:
      if (const auto n = as_integer()) return std::to_string(*n);
      break;
    case ValueType::decimal:
      if (const auto d = as_decimal(*this)) return write_digits(d->unscaled, d->scale);
      break;
    case ValueType::text:
      if (auto t = as_text()) return *std::move(t);
      break;
    case ValueType::flag:
      if (const auto on = as_flag()) return *on ? "1" : "0";
      break;
    case ValueType::point:
      if (const auto p = as_point(*this))
        return write_trimmed(p->latitude, kPointScale) + ',' + write_trimmed(p->longitude, kPointScale);
      break;
    case ValueType::money:
      if (const auto m = as_money()) return std::to_string(m->minor_units) + ' ' + m->currency;
      break;
    case ValueType::reference:
      if (const auto r = as_reference()) return r->space + '#' + r->id;
      break;
    case ValueType::commitment:
    case ValueType::act:
      break;
  }
  return to_hex(data);
}

void Value::encode(Writer& out) const {
  out.byte(static_cast<Byte>(type));
  out.sized(data);
}

Value Value::decode(Reader& in) {
  Value out;
  out.type = static_cast<ValueType>(in.byte());
  out.data = to_bytes(in.sized(limits::kValueBytes));
  if (!in.ok() || !is_canonical(out)) {
    in.fail();
    return {};
  }
  return out;
}

bool is_canonical(const Value& value) {
  if (value.data.size() > limits::kValueBytes) return false;
  switch (value.type) {
    case ValueType::null:
      return value.data.empty();
    case ValueType::integer:
      return value.as_integer().has_value();
    case ValueType::decimal:
      return as_decimal(value).has_value();
    case ValueType::text:
      return is_utf8(value.data);
    case ValueType::flag:
      return value.as_flag().has_value();
    case ValueType::point:
      return as_point(value).has_value();
    case ValueType::money:
      return value.as_money().has_value();
    case ValueType::reference:
      return value.as_reference().has_value();
    case ValueType::commitment:
      return value.data.size() == Hash::kSize;
    case ValueType::act:
      return true;
  }
  return true;  // a type of a later version: carried untouched
}

}  // namespace wasl
