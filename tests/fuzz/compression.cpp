// What comes out of a compressed frame is bounded, and nothing damaged is taken for whole.
#include "shared/wire/compression.hpp"

#include "shared/base/limits.hpp"
#include "shared/wire/dictionaries.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

WASL_FUZZ(compression) {
  if (const auto raw = decompress(input, limits::kFrameRoomBytes)) {
    WASL_ASSERT(raw->size() <= limits::kFrameRoomBytes);
    WASL_ASSERT(raw->empty() || !decompress(input, raw->size() - 1));
  }
  if (const auto raw = decompress_with_dictionary(input, limits::kFrameRoomBytes)) {
    WASL_ASSERT(raw->size() <= limits::kFrameRoomBytes);
    WASL_ASSERT(raw->empty() || !decompress_with_dictionary(input, raw->size() - 1));
  }
  Feed feed(input);
  const std::uint64_t at = feed.number();
  const Byte damage = feed.byte();
  const ByteView plain = feed.rest();
  Bytes packed = compress(plain, kBlockLevel);
  WASL_ASSERT(decompress(packed, plain.size()) == to_bytes(plain));
  WASL_ASSERT(decompress_with_dictionary(compress_with_dictionary(kNewestDictionary, plain), plain.size()) ==
              to_bytes(plain));
  packed[at % packed.size()] ^= damage;
  if (const auto raw = decompress(packed, limits::kFrameRoomBytes); raw && damage != 0) {
    WASL_ASSERT(*raw == to_bytes(plain));
  }
}

}  // namespace
}  // namespace wasl::fuzz
