// What whoever answers says instead of upgrading; and what our own hub says comes out as it went in.
#include "shared/net/refused.hpp"

#include "server/session/refusal.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

WASL_FUZZ(refusal) {
  const NoChannel answered{{Errc::no_link, "no", ""}, NoChannel::How::answered, 403, to_text(input)};
  static_cast<void>(error_of(answered));
  static_cast<void>(is_answer_of_hub(answered));
  Feed feed(input);
  const auto code = static_cast<Errc>(feed.below(static_cast<std::size_t>(Errc::unsupported) + 1));
  const Error said{code, feed.text(512), feed.text(512)};
  const NoChannel ours{answered.error, answered.how, 403, ::wasl::refusal(said, feed.flag()).json};
  const Error heard = error_of(ours);
  WASL_ASSERT(is_answer_of_hub(ours) == !said.message.empty());
  WASL_ASSERT(heard.code == said.code);
  if (is_utf8(view(said.message))) WASL_ASSERT(heard.message == said.message);
  if (is_utf8(view(said.hint))) WASL_ASSERT(heard.hint == said.hint);
}

}  // namespace
}  // namespace wasl::fuzz
