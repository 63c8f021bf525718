// The header of a change set.
#include "shared/model/change_set.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

WASL_FUZZ(header) {
  const auto decoded = decode_header(input);
  if (!decoded) return;
  WASL_ASSERT(decoded->sequence <= limits::kNumberMost && decoded->seen.size <= limits::kNumberMost);
  expect_same(encode(*decoded), input);
}

}  // namespace
}  // namespace wasl::fuzz
