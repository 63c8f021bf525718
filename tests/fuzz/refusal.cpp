// What whoever answers says instead of upgrading; and what our own hub says comes out as it went in.
#include "client/engine/refusal.hpp"

#include "server/session/refusal.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

WASL_FUZZ(refusal) {
  const NoChannel answered{{Errc::no_link, "no", ""}, 403, to_text(input)};
  static_cast<void>(error_of(answered));
  Feed feed(input);
  const auto code = static_cast<Errc>(feed.below(static_cast<std::size_t>(Errc::unsupported) + 1));
  const Error said{code, feed.text(512), feed.text(512)};
  const Error heard = error_of({answered.error, 403, ::wasl::refusal(said, feed.flag()).json});
  WASL_ASSERT(heard.code == said.code);
  if (is_utf8(view(said.message))) WASL_ASSERT(heard.message == said.message);
  if (is_utf8(view(said.hint))) WASL_ASSERT(heard.hint == said.hint);
}

}  // namespace
}  // namespace wasl::fuzz
