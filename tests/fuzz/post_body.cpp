// The body of a POST: what is taken is spelled in one way only, and lies within what came.
#include "shared/net/post_body.hpp"

#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

WASL_FUZZ(post_body) {
  const auto body = read_post_body(input);
  if (!body) return;
  WASL_ASSERT(body->frames.size() <= kPostFrames);
  Bytes again;
  for (const ByteView frame : body->frames) {
    WASL_ASSERT(!frame.empty() && frame.data() >= input.data() &&
                frame.data() + frame.size() <= input.data() + input.size());
    write_post_frame(again, frame);
  }
  if (body->goodbye) {
    WASL_ASSERT(goodbye_reason(body->goodbye->reason) == body->goodbye->reason);
    write_post_goodbye(again, *body->goodbye);
  }
  expect_same(again, input);
}

}  // namespace
}  // namespace wasl::fuzz
