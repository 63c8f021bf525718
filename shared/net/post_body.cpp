#include "shared/net/post_body.hpp"

#include <algorithm>
#include <charconv>

#include "shared/base/packed.hpp"

namespace wasl {
namespace {

tl::unexpected<Error> malformed(std::string words) { return fail(Errc::malformed, std::move(words)); }

}  // namespace

Result<PostBody> read_post_body(ByteView body) {
  if (body.size() > kPostBytes)
    return fail(Errc::limit_exceeded, "a POST of more than " + std::to_string(kPostBytes) + " bytes");
  PostBody out;
  Reader in(body);
  while (in.ok() && !in.at_end()) {
    const std::uint64_t size = in.count(limits::kFrameBytes);
    if (!in.ok()) break;
    if (size > 0) {
      if (out.frames.size() == kPostFrames)
        return fail(Errc::limit_exceeded, "a POST of more than " + std::to_string(kPostFrames) + " frames");
      out.frames.push_back(in.raw(size));
      continue;
    }
    const std::uint64_t code = in.count(UINT16_MAX);
    out.goodbye = PostGoodbye{static_cast<std::uint16_t>(code), in.text(kPostReasonBytes)};
    if (!in.finished()) return malformed("a POST goes on after its goodbye");
  }
  if (!in.ok()) return malformed("a POST whose frames do not fit into it");
  return out;
}

void write_post_frame(Bytes& body, ByteView frame) {
  WASL_ASSERT(!frame.empty() && frame.size() <= limits::kFrameBytes);
  Writer head;
  head.varint(frame.size());
  append(body, head.bytes());
  append(body, frame);
}

void write_post_goodbye(Bytes& body, const PostGoodbye& goodbye) {
  WASL_ASSERT(goodbye.reason.size() <= kPostReasonBytes);
  Writer out;
  out.varint(0);
  out.varint(goodbye.code);
  out.sized(goodbye.reason);
  append(body, out.bytes());
}

std::optional<std::uint64_t> read_post_number(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, wrong] = std::from_chars(text.data(), end, number);
  if (wrong != std::errc() || stopped != end || number > limits::kNumberMost) return std::nullopt;
  return number;
}

std::string goodbye_reason(std::string_view reason) {
  std::size_t size = std::min(reason.size(), kPostReasonBytes);
  while (size > 0 && size < reason.size() && (static_cast<Byte>(reason[size]) & 0xC0) == 0x80) --size;
  return std::string(reason.substr(0, size));
}

}  // namespace wasl
