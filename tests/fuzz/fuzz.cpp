#include "tests/fuzz/fuzz.hpp"

#include <stdlib.h>

namespace wasl::fuzz {

std::map<std::string, Target>& targets() {
  static std::map<std::string, Target> all;
  return all;
}

Byte Feed::byte() {
  const ByteView one = take(1);
  return one.empty() ? Byte{0} : one[0];
}

std::uint64_t Feed::number() {
  std::uint64_t n = 0;
  for (const Byte b : take(byte() % 9U)) n = n << 8 | b;
  return n;
}

ByteView Feed::bytes(std::size_t most) { return take(std::min(most, static_cast<std::size_t>(number()))); }

ByteView Feed::take(std::size_t size) {
  const ByteView out = in_.first(std::min(size, in_.size()));
  in_ = in_.subspan(out.size());
  return out;
}

const crypto::KeyPair& known_key(Byte number) {
  static std::map<Byte, crypto::KeyPair> keys;
  auto it = keys.find(number);
  if (it == keys.end()) {
    crypto::Seed seed;
    seed.bytes.fill(number);
    it = keys.emplace(number, crypto::KeyPair::from_seed(seed)).first;
  }
  return it->second;
}

void expect_same(ByteView again, ByteView input) {
  WASL_ASSERT(std::equal(again.begin(), again.end(), input.begin(), input.end()));
}

Folder::Folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "wasl-fuzz-XXXXXX").string();
  path_ = mkdtemp(pattern.data());
}

Folder::~Folder() { std::filesystem::remove_all(path_); }

}  // namespace wasl::fuzz
