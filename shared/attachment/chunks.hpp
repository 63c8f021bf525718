#pragma once
// Where which chunk of a file stands, how long it is and what it is called (PROTOCOL.md section 19). Pure
// functions.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/bytes.hpp"
#include "shared/ledger/blinding.hpp"

namespace wasl::attachment {

constexpr std::size_t kChunkBytes = 16 * 1024;  ///< 2 s of a line of 64 kbit/s: what an edit may have to wait
constexpr std::size_t kListNames = kChunkBytes / Hash::kSize;

/// Names chunks of one space; equal bytes have other names in another.
using ChunkKey = Fixed<struct ChunkKeyTag, 32>;
/// @param blinding the space's key; of a private space alone: what is not private, everybody of the network
/// may name.
ChunkKey chunk_key(const NetworkId& network, std::string_view space,
                   const std::optional<ledger::BlindingKey>& blinding);

/// @param level 0: bytes of the file; else a list of names of the level below.
Hash chunk_name(const ChunkKey& key, unsigned level, ByteView bytes);

/// What is named in a space: a tree by its root and the size of its file.
struct FileId {
  std::string space;
  Hash root;
  std::uint64_t size = 0;
  auto operator<=>(const FileId&) const = default;
};

/// Levels of lists above the bytes: 0 up to 16 KiB, 1 up to 8 MiB, 2 up to 4 GiB, 3 beyond.
unsigned height_of(std::uint64_t size);
/// Chunks of a level; at least one.
std::uint64_t chunks_of(std::uint64_t size, unsigned level);
/// All levels together.
std::uint64_t chunks_of(std::uint64_t size);
/// How long the chunk is. @pre index < chunks_of(size, level).
std::size_t length_of(std::uint64_t size, unsigned level, std::uint64_t index);
/// The n-th name of a list. @pre it is there.
Hash name_in(ByteView list, std::size_t n);

}  // namespace wasl::attachment
