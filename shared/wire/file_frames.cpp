#include "shared/wire/file_frames.hpp"

#include "shared/base/limits.hpp"
#include "shared/base/packed.hpp"
#include "shared/model/attachment.hpp"
#include "shared/model/ids.hpp"
#include "shared/wire/frame_form.hpp"

namespace wasl {
namespace {

constexpr std::uint64_t kLevelMost = 3;  // 512³ chunks of 16 KiB are 2 TiB

}  // namespace

bool is_file_frame(ByteView frame_bytes) {
  return !frame_bytes.empty() && frame_bytes[0] >= static_cast<Byte>(FileFrameKind::offer) &&
         frame_bytes[0] <= static_cast<Byte>(FileFrameKind::none);
}

FileFrameKind file_frame_kind(ByteView frame_bytes) { return static_cast<FileFrameKind>(frame_bytes[0]); }

Bytes encode_files(FileFrameKind kind, const std::vector<attachment::FileId>& files) {
  Writer out = frame(kind);
  out.varint(files.size());
  for (const attachment::FileId& file : files) {
    out.sized(file.space);
    out.fixed(file.root);
    out.varint(file.size);
  }
  return out.take();
}

Result<std::vector<attachment::FileId>> decode_files(ByteView frame_bytes) {
  Reader in = body_of(frame_bytes);
  std::vector<attachment::FileId> files;
  const auto count = in.count(kFilesOfFrame);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    attachment::FileId file;
    file.space = read_other_space(in);
    file.root = in.fixed<Hash>();
    file.size = in.count(kFileBytesMost);
    files.push_back(std::move(file));
  }
  if (!in.finished()) return bad_frame("list of files");
  return files;
}

Bytes encode(const WantFrame& want) {
  Writer out = frame(FileFrameKind::want);
  out.sized(want.space);
  out.varint(want.names.size());
  for (const Hash& name : want.names) out.fixed(name);
  return out.take();
}

Result<WantFrame> decode_want(ByteView frame_bytes) {
  Reader in = body_of(frame_bytes);
  WantFrame want;
  want.space = read_other_space(in);
  const auto count = in.count(kWantsOfFrame);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) want.names.push_back(in.fixed<Hash>());
  if (!in.finished() || want.names.empty()) return bad_frame("request for chunks");
  return want;
}

Bytes encode(const ChunkFrame& chunk) {
  Writer out = frame(FileFrameKind::chunk);
  out.sized(chunk.space);
  out.varint(chunk.level);
  out.raw(chunk.bytes);
  return out.take();
}

Result<ChunkFrame> decode_chunk(ByteView frame_bytes) {
  Reader in = body_of(frame_bytes);
  ChunkFrame chunk;
  chunk.space = read_other_space(in);
  chunk.level = static_cast<unsigned>(in.count(kLevelMost));
  if (in.left() > attachment::kChunkBytes) in.fail();
  chunk.bytes = to_bytes(in.raw(in.left()));
  if (!in.finished()) return bad_frame("chunk");
  return chunk;
}

Bytes encode(const NoneFrame& none) {
  Writer out = frame(FileFrameKind::none);
  out.sized(none.space);
  out.fixed(none.name);
  return out.take();
}

Result<NoneFrame> decode_none(ByteView frame_bytes) {
  Reader in = body_of(frame_bytes);
  NoneFrame none;
  none.space = read_other_space(in);
  none.name = in.fixed<Hash>();
  if (!in.finished()) return bad_frame("word that something is not here");
  return none;
}

}  // namespace wasl
