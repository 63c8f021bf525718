#pragma once
// zstd with a bound on what comes out. Used for frames of a log and for its blocks on disk.
#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"

namespace wasl {

constexpr int kWireLevel = 9;   // a backlog is compressed once and travels on a thin link
constexpr int kBlockLevel = 3;  // kept on disk; written at every commit

Bytes compress(ByteView raw, int level);
/// Errors: malformed, limit_exceeded (the frame claims or yields more than `most` bytes).
Result<Bytes> decompress(ByteView packed, std::size_t most);

}  // namespace wasl
