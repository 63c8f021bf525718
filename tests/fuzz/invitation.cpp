// An invitation as typed, and made from the bytes behind its check, so that the inner form is reached.
#include "shared/authority/invitation.hpp"

#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

WASL_FUZZ(invitation) {
  const std::string_view typed = text_view(input);
  if (const auto decoded = decode_invitation(typed)) WASL_ASSERT(typed.find(encode(*decoded)) != typed.npos);
  Bytes bytes = to_bytes(input);
  append(bytes, crypto::hash("wasl.1/invitation", input).view().first(4));
  const std::string line = "wasl:" + to_base64url(bytes);
  if (const auto decoded = decode_invitation(line)) expect_same(encode(*decoded), line);
}

}  // namespace
}  // namespace wasl::fuzz
