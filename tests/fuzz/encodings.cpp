// Hex, both forms of base64, and UTF-8: each text has one reading, each reading one text.
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

WASL_FUZZ(encodings) {
  const std::string_view text = text_view(input);
  if (const auto bytes = from_hex(text)) expect_same(to_hex(*bytes), text);
  if (const auto bytes = from_base64(text)) expect_same(to_base64(*bytes), text);
  if (const auto bytes = from_base64url(text)) expect_same(to_base64url(*bytes), text);
  WASL_ASSERT(from_hex(to_hex(input)) == to_bytes(input));
  WASL_ASSERT(from_base64(to_base64(input)) == to_bytes(input));
  WASL_ASSERT(from_base64url(to_base64url(input)) == to_bytes(input));
  if (!is_utf8(input)) return;
  for (std::size_t cut = 0; cut < input.size(); ++cut) {
    const bool between = (input[cut] & 0xC0) != 0x80;
    WASL_ASSERT(is_utf8(input.first(cut)) == between);
  }
}

}  // namespace
}  // namespace wasl::fuzz
