#pragma once
// A stream of bytes into the chunks of a file. At most one unfinished chunk of each level is in memory.
#include <functional>
#include <vector>

#include "shared/attachment/chunks.hpp"
#include "shared/base/result.hpp"

namespace wasl::attachment {

struct Chunk {
  unsigned level = 0;
  Hash name;
  ByteView bytes;  ///< hold until the call returns
};
using ChunkSink = std::function<Status(const Chunk&)>;

class Cutter {
 public:
  Cutter(const ChunkKey& key, ChunkSink sink) : key_(key), sink_(std::move(sink)) {}

  /// Errors: limit_exceeded (more than kFileBytesMost), and those of the sink.
  Status add(ByteView bytes);
  /// To be called once, when all was added. @return the root.
  Result<Hash> finish();
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  Status name_chunk(unsigned level, ByteView bytes);
  Status close_list(unsigned level);

  ChunkKey key_;
  ChunkSink sink_;
  std::uint64_t size_ = 0;
  Bytes rest_;                        ///< of the file, not yet a chunk
  std::vector<Bytes> lists_;          ///< by level - 1: names that no list was made of
  std::vector<std::uint64_t> named_;  ///< by level: chunks that have a name
  Hash last_;                         ///< the newest name
};

}  // namespace wasl::attachment
