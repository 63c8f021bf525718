#pragma once
// The packed encoding: minimal varints (LEB128), lengths before bytes. Writer never fails; Reader never
// throws, never reads past its view and refuses every second spelling of the same value.
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/base/bytes.hpp"

namespace wasl {

class Writer {
 public:
  void byte(Byte b) { out_.push_back(b); }
  void varint(std::uint64_t n) {
    while (n >= 0x80) {
      out_.push_back(static_cast<Byte>(n | 0x80));
      n >>= 7;
    }
    out_.push_back(static_cast<Byte>(n));
  }
  /// Zigzag, so that small negative numbers are short.
  void integer(std::int64_t n) {
    varint(static_cast<std::uint64_t>(n) << 1 ^ static_cast<std::uint64_t>(n >> 63));
  }
  void raw(ByteView bytes) { append(out_, bytes); }
  void sized(ByteView bytes) {
    varint(bytes.size());
    raw(bytes);
  }
  void sized(std::string_view text) { sized(view(text)); }
  template <class Tag, std::size_t N>
  void fixed(const Fixed<Tag, N>& f) {
    raw(f.view());
  }
  [[nodiscard]] std::size_t size() const { return out_.size(); }
  [[nodiscard]] const Bytes& bytes() const { return out_; }
  [[nodiscard]] Bytes take() { return std::move(out_); }

 private:
  Bytes out_;
};

/// Reads what Writer wrote. After the first failure every read yields zero and `ok()` is false:
/// decode a whole object, then ask once.
class Reader {
 public:
  explicit Reader(ByteView in) : in_(in) {}

  Byte byte();
  std::uint64_t varint();
  /// A varint that is a count or a length: fails above `most`, before anything is allocated.
  std::uint64_t count(std::uint64_t most);
  std::int64_t integer();
  ByteView raw(std::size_t size);
  ByteView sized(std::size_t most);
  std::string text(std::size_t most);  ///< sized, must be UTF-8
  template <class F>
  F fixed() {
    F out;
    const ByteView bytes = raw(F::kSize);
    std::copy(bytes.begin(), bytes.end(), out.bytes.begin());
    return out;
  }
  void fail() {
    ok_ = false;
    at_ = in_.size();
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return at_ == in_.size(); }
  [[nodiscard]] bool finished() const { return ok_ && at_end(); }
  [[nodiscard]] std::size_t left() const { return in_.size() - at_; }
  [[nodiscard]] std::size_t position() const { return at_; }

 private:
  ByteView in_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace wasl
