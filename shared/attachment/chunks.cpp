#include "shared/attachment/chunks.hpp"

#include <algorithm>

#include "shared/base/packed.hpp"
#include "shared/base/result.hpp"
#include "shared/crypto/crypto.hpp"

namespace wasl::attachment {

ChunkKey chunk_key(const NetworkId& network, std::string_view space,
                   const std::optional<ledger::BlindingKey>& blinding) {
  Writer data;
  data.fixed(network);
  data.sized(space);
  if (blinding) data.fixed(*blinding);
  return *ChunkKey::from(crypto::hash("wasl.1/chunk-key", data.bytes()).view());
}

Hash chunk_name(const ChunkKey& key, unsigned level, ByteView bytes) {
  const Byte at[] = {static_cast<Byte>(level)};
  return crypto::hash("wasl.1/chunk", {key.view(), at, bytes});
}

unsigned height_of(std::uint64_t size) {
  unsigned height = 0;
  for (std::uint64_t count = chunks_of(size, 0); count > 1; ++height)
    count = (count + kListNames - 1) / kListNames;
  return height;
}

std::uint64_t chunks_of(std::uint64_t size, unsigned level) {
  std::uint64_t count = std::max<std::uint64_t>(1, size / kChunkBytes + (size % kChunkBytes != 0 ? 1 : 0));
  for (; level > 0; --level) count = (count + kListNames - 1) / kListNames;
  return count;
}

std::uint64_t chunks_of(std::uint64_t size) {
  std::uint64_t all = 0;
  for (unsigned level = 0; level <= height_of(size); ++level) all += chunks_of(size, level);
  return all;
}

std::size_t length_of(std::uint64_t size, unsigned level, std::uint64_t index) {
  if (level == 0) return std::min<std::uint64_t>(kChunkBytes, size - index * kChunkBytes);
  return Hash::kSize * std::min<std::uint64_t>(kListNames, chunks_of(size, level - 1) - index * kListNames);
}

Hash name_in(ByteView list, std::size_t n) {
  WASL_ASSERT((n + 1) * Hash::kSize <= list.size());
  return *Hash::from(list.subspan(n * Hash::kSize, Hash::kSize));
}

}  // namespace wasl::attachment
