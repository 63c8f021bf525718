#include "shared/base/packed.hpp"

namespace wasl {

Byte Reader::byte() {
  if (left() < 1) {
    fail();
    return 0;
  }
  return in_[at_++];
}

std::uint64_t Reader::varint() {
  std::uint64_t n = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const Byte b = byte();
    if (!ok_) return 0;
    if (shift == 63 && b > 1) break;  // more than 64 bits
    n |= static_cast<std::uint64_t>(b & 0x7F) << shift;
    if ((b & 0x80) == 0) {
      if (b == 0 && shift > 0) break;  // not minimal
      return n;
    }
  }
  fail();
  return 0;
}

std::uint64_t Reader::count(std::uint64_t most) {
  const std::uint64_t n = varint();
  if (n > most) {
    fail();
    return 0;
  }
  return n;
}

std::int64_t Reader::integer() {
  const std::uint64_t n = varint();
  return static_cast<std::int64_t>(n >> 1 ^ (~(n & 1) + 1));
}

ByteView Reader::raw(std::size_t size) {
  static constexpr std::array<Byte, 64> kZeros{};
  if (left() < size) {
    fail();
    return ByteView(kZeros).first(std::min(size, kZeros.size()));
  }
  const ByteView out = in_.subspan(at_, size);
  at_ += size;
  return out;
}

ByteView Reader::sized(std::size_t most) {
  const auto size = static_cast<std::size_t>(count(most));
  if (!ok_ || left() < size) {
    fail();
    return {};
  }
  return raw(size);
}

std::string Reader::text(std::size_t most) {
  const ByteView bytes = sized(most);
  if (!is_utf8(bytes)) {
    fail();
    return {};
  }
  return to_text(bytes);
}

}  // namespace wasl
