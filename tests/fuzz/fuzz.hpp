#pragma once
// What the fuzz targets share. A target is a function of bytes that ends for every input: it feeds a decoder
// or a state machine, and asserts what holds of whatever that accepts.
#include <filesystem>
#include <map>
#include <string>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/crypto/crypto.hpp"

namespace wasl::fuzz {

using Target = void (*)(ByteView input);

/// Those linked into this program, by name.
std::map<std::string, Target>& targets();

struct Registered {
  Registered(const char* name, Target target) { targets().emplace(name, target); }
};

/// Takes an input apart. Behind its end everything is zero and empty.
class Feed {
 public:
  explicit Feed(ByteView in) : in_(in) {}

  [[nodiscard]] bool empty() const { return in_.empty(); }
  Byte byte();
  bool flag() { return (byte() & 1) != 0; }
  /// A byte says how wide it is, so that small numbers are as near as large ones.
  std::uint64_t number();
  /// @pre end > 0.
  std::size_t below(std::size_t end) { return static_cast<std::size_t>(number() % end); }
  ByteView bytes(std::size_t most);
  std::string text(std::size_t most) { return to_text(bytes(most)); }
  template <class F>
  F fixed() {
    F out;
    const ByteView found = take(F::kSize);
    std::copy(found.begin(), found.end(), out.bytes.begin());
    return out;
  }
  template <class T>
  const T& one_of(const std::vector<T>& list) {
    return list[below(list.size())];
  }
  ByteView rest() { return take(in_.size()); }

 private:
  ByteView take(std::size_t size);

  ByteView in_;
};

/// The same keys in every run: what a seed signs stays signed.
const crypto::KeyPair& known_key(Byte number);

/// Both spellings are the same bytes: the format is canonical.
void expect_same(ByteView again, ByteView input);
inline void expect_same(std::string_view again, std::string_view input) {
  expect_same(view(again), view(input));
}

/// An empty folder that goes with the object.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace wasl::fuzz

/// WASL_FUZZ(name) { … `input` … }: one a file, of the file's name.
#define WASL_FUZZ(name)                                                 \
  static void name(::wasl::ByteView input);                             \
  static const ::wasl::fuzz::Registered name##_registered(#name, name); \
  static void name(::wasl::ByteView input)
