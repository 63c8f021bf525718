// The small frames: verdicts, proof, problem, done. The first byte says which, as on the wire.
#include "shared/base/limits.hpp"
#include "shared/wire/messages.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

constexpr std::size_t kDetailBytes = 256;  // as sent; a longer one is read, and cut when it is said again

void check_verdicts(ByteView frame) {
  const auto verdicts = decode_verdicts(frame);
  if (!verdicts) return;
  bool cut = false;
  for (const VerdictItem& item : *verdicts) {
    WASL_ASSERT(item.first >= 1 && item.count >= 1 && item.count - 1 <= limits::kNumberMost - item.first);
    cut = cut || item.verdict.detail.size() > kDetailBytes;
  }
  if (!cut) expect_same(encode(*verdicts), frame);
}

template <class Decoded>
void check(const Decoded& decoded, ByteView frame) {
  if (decoded) expect_same(encode(*decoded), frame);
}

WASL_FUZZ(frame) {
  switch (frame_kind(input).value_or(FrameKind::finish)) {
    case FrameKind::verdicts:
      return check_verdicts(input);
    case FrameKind::proof:
      return check(decode_proof(input), input);
    case FrameKind::statements:
      return check(decode_statements(input), input);
    case FrameKind::vouched:
      return check(decode_vouched(input), input);
    case FrameKind::problem:
      return check(decode_problem(input), input);
    case FrameKind::section:
      if (const auto device = decode_section(input)) expect_same(encode_section(*device), input);
      return;
    case FrameKind::follow:
      if (const auto from = decode_follow(input)) expect_same(encode_follow(*from), input);
      return;
    case FrameKind::leaves:
      return check(decode_leaves(input), input);
    case FrameKind::done:
      return check(decode_done(input), input);
    default:
      return;
  }
}

}  // namespace
}  // namespace wasl::fuzz
