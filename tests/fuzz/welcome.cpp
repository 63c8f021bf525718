// A welcome without kind and signature, signed by the hub's key; and the input as the whole frame.
#include "shared/base/limits.hpp"
#include "shared/wire/messages.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

WASL_FUZZ(welcome) {
  const crypto::KeyPair& log_key = known_key(2);
  const Hash hello{};
  WASL_ASSERT(!decode_welcome(input, hello, log_key.public_key()));
  Bytes message = to_bytes("wasl.1/welcome");
  append(message, hello.view());
  append(message, input);
  Bytes frame{static_cast<Byte>(FrameKind::welcome)};
  append(frame, log_key.sign(message).view());
  append(frame, input);
  const auto decoded = decode_welcome(frame, hello, log_key.public_key());
  if (!decoded) return;
  WASL_ASSERT(decoded->hub_time >= 0 && decoded->spaces.size() <= 256 && decoded->staged.size() <= 1024);
  expect_same(encode(*decoded, hello, log_key), frame);
}

}  // namespace
}  // namespace wasl::fuzz
