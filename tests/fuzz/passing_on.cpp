// What waits in a database for the hub that leads: whoever may write there is believed about signatures, and
// about nothing else.
#include "server/hub/passing_on.hpp"

#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

WASL_FUZZ(passing_on) {
  if (const auto unit = decode_unit(input, NetworkId{})) {
    WASL_ASSERT(!unit->items.empty());
    const auto again = decode_unit(encode_unit(*unit), NetworkId{});
    WASL_ASSERT(again && again->items.size() == unit->items.size() && again->source == unit->source &&
                again->space == unit->space && again->operations == unit->operations);
  }
  if (const auto decided = decode_decided(input)) {
    const auto again = decode_decided(encode_decided(*decided));
    WASL_ASSERT(again && again->size() == decided->size());
  }
}

}  // namespace
}  // namespace wasl::fuzz
