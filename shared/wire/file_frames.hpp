#pragma once
// The frames that bring files across (PROTOCOL.md section 19): values and their bytes. They share a session's
// channel, and belong to no state of it.
#include <string>
#include <vector>

#include "shared/attachment/chunks.hpp"
#include "shared/base/result.hpp"

namespace wasl {

/// Behind the kinds of messages.hpp.
enum class FileFrameKind : Byte {
  offer = 24,  ///< office: these files are whole here; which does the hub lack?
  held = 25,   ///< hub: it holds these whole. The first says, empty, that it knows these frames
  want = 26,   ///< both: chunks, answered in this order by 27 or 28 each
  chunk = 27,
  none = 28,  ///< a chunk that is not here, or a file that was offered and no accepted change set names
};
/// Whether a frame is one of these.
bool is_file_frame(ByteView frame);
/// @pre is_file_frame(frame).
FileFrameKind file_frame_kind(ByteView frame);

/// In a hello's flags: the office knows these frames. An older hub passes over it.
constexpr Byte kHelloFiles = 64;

constexpr std::size_t kFilesOfFrame = 256;
constexpr std::size_t kWantsOfFrame = 64;

/// @param kind offer or held.
Bytes encode_files(FileFrameKind kind, const std::vector<attachment::FileId>& files);
Result<std::vector<attachment::FileId>> decode_files(ByteView frame);

struct WantFrame {
  std::string space;
  std::vector<Hash> names;
};
Bytes encode(const WantFrame& want);
Result<WantFrame> decode_want(ByteView frame);

/// Its name is not said: who asked knows it, and finds out whether these bytes have it.
struct ChunkFrame {
  std::string space;
  unsigned level = 0;
  Bytes bytes;
};
Bytes encode(const ChunkFrame& chunk);
Result<ChunkFrame> decode_chunk(ByteView frame);

struct NoneFrame {
  std::string space;
  Hash name;  ///< of a chunk; of a file: its root
};
Bytes encode(const NoneFrame& none);
Result<NoneFrame> decode_none(ByteView frame);

}  // namespace wasl
