// A Reader is told what to read by the input's head, and a Writer says again what was read.
#include "shared/base/packed.hpp"

#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

constexpr std::size_t kMost = 64;

void copy_one(unsigned what, Reader& in, Writer& out) {
  switch (what % 6) {
    case 0:
      return out.byte(in.byte());
    case 1:
      return out.varint(in.varint());
    case 2:
      return out.integer(in.integer());
    case 3:
      return out.sized(in.text(kMost));
    case 4:
      return out.fixed(in.fixed<GroupId>());
    default:
      const ByteView bytes = in.sized(kMost);
      WASL_ASSERT(bytes.size() <= kMost);
      return out.sized(bytes);
  }
}

WASL_FUZZ(packed) {
  Feed feed(input);
  const ByteView program = feed.bytes(kMost);
  const ByteView bytes = feed.rest();
  Reader in(bytes);
  Writer out;
  for (const Byte what : program) {
    copy_one(what, in, out);
    if (in.ok()) {
      expect_same(out.bytes(), bytes.first(in.position()));
    } else {
      WASL_ASSERT(in.at_end() && in.byte() == 0 && in.varint() == 0 && in.sized(kMost).empty());
      return;
    }
  }
}

}  // namespace
}  // namespace wasl::fuzz
