#pragma once
// What one HTTP POST of a session carries, either way, and the names of its headers. Pure.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/limits.hpp"
#include "shared/base/result.hpp"

namespace wasl {

constexpr std::string_view kPostType = "application/wasl.1";
constexpr std::string_view kSessionHeader = "Wasl-Session";  // what the hub called the session
constexpr std::string_view kNumberHeader = "Wasl-Number";    // of the POST, rising by one
constexpr std::string_view kWaitHeader = "Wasl-Wait";        // 0: more comes at once, answer without waiting

constexpr std::size_t kPostBytes = 4 * 1024 * 1024;  // of one body; the largest frame fits three times
constexpr std::size_t kPostFrames = 16 * 1024;       // of one body
constexpr std::size_t kPostHelloBytes = limits::kHelloBytes + 16;
constexpr std::size_t kPostReasonBytes = 123;  // as in a close frame of a WebSocket
constexpr std::size_t kPostSessionBytes = 16;

struct PostGoodbye {
  std::uint16_t code = 0;  ///< as a WebSocket's
  std::string reason{};
  friend bool operator==(const PostGoodbye&, const PostGoodbye&) = default;
};

struct PostBody {
  std::vector<ByteView> frames{};  ///< into what was read
  std::optional<PostGoodbye> goodbye{};
};

/// Errors: malformed, limit_exceeded (too large, or too many frames).
Result<PostBody> read_post_body(ByteView body);

/// @pre 0 < frame.size() <= limits::kFrameBytes.
void write_post_frame(Bytes& body, ByteView frame);
/// The last of a body. @pre the reason is UTF-8 of at most kPostReasonBytes.
void write_post_goodbye(Bytes& body, const PostGoodbye& goodbye);

/// A number as a header carries it: digits, no leading zero.
std::optional<std::uint64_t> read_post_number(std::string_view text);

/// Cut to what a goodbye may hold, between characters.
std::string goodbye_reason(std::string_view reason);

}  // namespace wasl
