// Frames of entries and pushes, as they came. What a header shares with others has several spellings, so the
// first reading is compared with a second one.
#include "shared/base/limits.hpp"
#include "shared/wire/dictionaries.hpp"
#include "shared/wire/messages.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

WASL_FUZZ(segment) {
  const NetworkId network{};
  const auto segment = decode_segment(input, network);
  if (!segment) return;
  WASL_ASSERT(segment->first <= limits::kNumberMost && segment->items.size() <= limits::kSegmentItems);
  WASL_ASSERT(entry_count(*segment) <= segment->items.size());
  static_cast<void>(verify_runs(*segment, network));
  const Bytes with = encode_segment(FrameKind::entries, *segment, nullptr, kNewestDictionary);
  const auto unpacked = decode_segment(with, network);
  WASL_ASSERT(unpacked.has_value());
  expect_same(encode_items(*unpacked), encode_items(*segment));
  const Bytes again = encode_segment(FrameKind::entries, *segment);
  const auto second = decode_segment(again, network);
  WASL_ASSERT(second.has_value() && second->openings.size() == segment->openings.size());
  expect_same(encode_segment(FrameKind::entries, *second), again);
}

}  // namespace
}  // namespace wasl::fuzz
