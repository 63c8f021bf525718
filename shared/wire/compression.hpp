#pragma once
// zstd with a bound on what comes out. Used for frames that stand alone and for blocks of logs on disk;
// backlogs go through streams (streams.hpp).
#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"

namespace wasl {

constexpr int kWireLevel = 9;   // a backlog is compressed once and travels on a thin link
constexpr int kBlockLevel = 3;  // kept on disk; written at every commit

Bytes compress(ByteView raw, int level);
/// Errors: malformed, limit_exceeded (the frame claims or yields more than `most` bytes).
Result<Bytes> decompress(ByteView packed, std::size_t most);

/// Under a dictionary (PROTOCOL.md section 5.5), without zstd's magic number and checksum: for frames so
/// short that both show. @pre the version is known.
Bytes compress_with_dictionary(Byte version, ByteView raw);
/// The bytes name their dictionary. Errors: as decompress(); unsupported: a version that is not known here.
Result<Bytes> decompress_with_dictionary(ByteView packed, std::size_t most);

}  // namespace wasl
