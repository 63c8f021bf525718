#pragma once
// Bytes and fixed-size names. Used by every room; no I/O, no allocation beyond std::vector.
#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wasl {

using Byte = std::uint8_t;
using Bytes = std::vector<Byte>;
using ByteView = std::span<const Byte>;

inline ByteView view(std::string_view text) {
  return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}
inline std::string_view text_view(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(ByteView bytes) { return {bytes.begin(), bytes.end()}; }
inline Bytes to_bytes(std::string_view text) { return to_bytes(view(text)); }
inline std::string to_text(ByteView bytes) { return std::string(text_view(bytes)); }
inline void append(Bytes& out, ByteView more) { out.insert(out.end(), more.begin(), more.end()); }

/// A name of exactly N bytes; Tag keeps hashes, keys and ids from being mixed up.
template <class Tag, std::size_t N>
struct Fixed {
  static constexpr std::size_t kSize = N;
  std::array<Byte, N> bytes{};

  auto operator<=>(const Fixed&) const = default;
  [[nodiscard]] ByteView view() const { return bytes; }
  [[nodiscard]] bool is_zero() const {
    return std::all_of(bytes.begin(), bytes.end(), [](Byte b) { return b == 0; });
  }
  /// @return nothing when `from` has another length.
  static std::optional<Fixed> from(ByteView from) {
    if (from.size() != N) return std::nullopt;
    Fixed out;
    std::copy(from.begin(), from.end(), out.bytes.begin());
    return out;
  }
};

using Hash = Fixed<struct HashTag, 32>;
using PublicKey = Fixed<struct PublicKeyTag, 32>;
using Signature = Fixed<struct SignatureTag, 64>;
using NetworkId = Fixed<struct NetworkIdTag, 32>;
using ChainId = Fixed<struct ChainIdTag, 8>;
using GroupId = Fixed<struct GroupIdTag, 16>;
using Salt = Fixed<struct SaltTag, 16>;

std::string to_hex(ByteView bytes);
std::optional<Bytes> from_hex(std::string_view hex);
/// RFC 4648 section 5, without padding.
std::string to_base64url(ByteView bytes);
std::optional<Bytes> from_base64url(std::string_view text);
/// RFC 4648 section 4, with padding (C2SP notes).
std::string to_base64(ByteView bytes);
std::optional<Bytes> from_base64(std::string_view text);

bool is_utf8(ByteView bytes);

}  // namespace wasl
