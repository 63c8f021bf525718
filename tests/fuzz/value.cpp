// A value in its canonical form, and as a person reads it.
#include "shared/model/value.hpp"

#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

WASL_FUZZ(value) {
  Reader in(input);
  const Value value = Value::decode(in);
  if (!in.ok()) return;
  WASL_ASSERT(is_canonical(value));
  Writer out;
  value.encode(out);
  expect_same(out.bytes(), input.first(in.position()));

  const std::string words = value.to_display();
  switch (value.type) {
    case ValueType::integer:
      WASL_ASSERT(std::to_string(value.as_integer().value()) == words);
      break;
    case ValueType::decimal:
      WASL_ASSERT(Value::decimal(words) == value);
      break;
    case ValueType::point:
      WASL_ASSERT(Value::point(words) == value);
      break;
    case ValueType::reference:
      WASL_ASSERT(value.as_reference()->space + '#' + value.as_reference()->id == words);
      break;
    default:
      break;
  }
}

}  // namespace
}  // namespace wasl::fuzz
