// A hello without its signature, as it came and signed by a key that the input may name.
#include "shared/base/limits.hpp"
#include "shared/wire/messages.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

WASL_FUZZ(hello) {
  const crypto::KeyPair& device = known_key(1);
  WASL_ASSERT(!decode_hello(input) || input.size() <= limits::kHelloBytes);
  Bytes message = to_bytes("wasl.1/hello");
  append(message, input);
  Bytes bytes = to_bytes(input);
  append(bytes, device.sign(message).view());
  const auto decoded = decode_hello(bytes);
  if (!decoded) return;
  WASL_ASSERT(bytes.size() <= limits::kHelloBytes && decoded->device == device.public_key());
  WASL_ASSERT(decoded->counter <= limits::kNumberMost && decoded->checkpoint.size <= limits::kNumberMost);
  expect_same(encode(*decoded, device), bytes);
}

}  // namespace
}  // namespace wasl::fuzz
