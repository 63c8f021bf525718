#pragma once
// Typed values in their one canonical form (PROTOCOL.md section 3). Two values are equal when their bytes
// are.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/bytes.hpp"
#include "shared/base/packed.hpp"
#include "shared/base/result.hpp"

namespace wasl {

/// Numbers are part of signed bytes and are never reused. An unknown type is carried untouched.
enum class ValueType : Byte {
  null = 0,
  integer = 1,  ///< zigzag varint
  decimal = 2,  ///< scale n (varint, 1 to 15), then integer: integer × 10^-n, no trailing zero. Whole numbers
                ///< are `integer`
  text = 3,        ///< UTF-8: text, codes, dates and times (ISO 8601)
  flag = 4,        ///< one byte, 0 or 1
  point = 5,       ///< latitude, longitude in 10^-7 degree, two integers
  money = 6,       ///< three capital letters (ISO 4217), integer minor units
  reference = 7,   ///< sized space, sized id
  commitment = 8,  ///< 32 bytes that stand for a personal value
  act = 9,         ///< an act of authority, packed
};

struct Value {
  ValueType type = ValueType::null;
  Bytes data;

  auto operator<=>(const Value&) const = default;
  [[nodiscard]] bool is_null() const { return type == ValueType::null; }

  static Value null() { return {}; }
  static Value integer(std::int64_t n);
  static Value text(std::string_view t) { return {ValueType::text, to_bytes(t)}; }
  static Value flag(bool on) { return {ValueType::flag, {static_cast<Byte>(on ? 1 : 0)}}; }
  /// Three capital letters.
  static bool is_currency(std::string_view code);
  /// @pre is_currency(currency).
  static Value money(std::string_view currency, std::int64_t minor_units);
  static Value reference(std::string_view space, std::string_view id);
  static Value commitment(const Hash& hash) { return {ValueType::commitment, to_bytes(hash.view())}; }
  /// "48.8566,2.3522" with at most seven decimals. @return nothing for another shape or out of range.
  static std::optional<Value> point(std::string_view text);
  /// "-12.50", "3", "1e3" is refused. @return nothing when it is not a decimal of at most 18 digits.
  static std::optional<Value> decimal(std::string_view text);
  /// The nearest decimal of at most 15 significant digits and 15 decimals: what a person meant who wrote 0.1.
  /// @return nothing for 1e15 and more, for less than 1e-15 but not 0, and for what is no number.
  static std::optional<Value> decimal(double number);

  // Readers of the canonical form; nothing when the type or the bytes are other.
  [[nodiscard]] std::optional<std::int64_t> as_integer() const;
  [[nodiscard]] std::optional<std::string> as_text() const;
  [[nodiscard]] std::optional<bool> as_flag() const;
  struct Money {
    std::string currency;
    std::int64_t minor_units;
  };
  [[nodiscard]] std::optional<Money> as_money() const;
  struct Reference {
    std::string space;
    std::string id;
    auto operator<=>(const Reference&) const = default;
  };
  [[nodiscard]] std::optional<Reference> as_reference() const;
  /// What a person reads: "48.8566,2.3522", "12.5", "1250000 XOF", "SPACE#ID"; hex for unknown types.
  [[nodiscard]] std::string to_display() const;

  void encode(Writer& out) const;
  static Value decode(Reader& in);
};

/// Whether the bytes are the canonical form of the type (unknown types always are).
bool is_canonical(const Value& value);

}  // namespace wasl
