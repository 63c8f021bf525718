// The items of a segment, as they stand in a frame and in a stored block.
#include "shared/base/limits.hpp"
#include "shared/wire/segment.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

/// A header that came packed is one that its author could have signed.
void check_header(const Header& header, const Bytes& bytes) {
  const auto decoded = decode_header(bytes);
  WASL_ASSERT(decoded.has_value() && *decoded == header);
}

void check_set(const ChangeSet& set) {
  check_header(set.header, set.header_bytes);
  WASL_ASSERT(decode_change_set(set.header_bytes, set.body_bytes)->operations == set.operations);
}

WASL_FUZZ(items) {
  const NetworkId network{};
  const auto segment = decode_items("section/asia", 1, input, network);
  if (!segment) return;
  std::size_t operations = 0;
  for (const SegmentItem& item : segment->items) {
    if (const auto* set = std::get_if<SetItem>(&item)) {
      check_set(set->set);
      operations += set->set.operations.size();
    } else if (const auto* stand_in = std::get_if<StandInItem>(&item)) {
      check_header(stand_in->header, stand_in->header_bytes);
    }
  }
  WASL_ASSERT(segment->items.size() <= limits::kSegmentItems && operations <= limits::kSegmentOperations);
  static_cast<void>(verify_runs(*segment, network));
  const Bytes again = encode_items(*segment);
  const auto second = decode_items("section/asia", 1, again, network);
  WASL_ASSERT(second.has_value());
  expect_same(encode_items(*second), again);
}

}  // namespace
}  // namespace wasl::fuzz
