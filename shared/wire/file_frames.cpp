#include "shared/wire/file_frames.hpp"

#include "shared/base/limits.hpp"
#include "shared/base/packed.hpp"
#include "shared/model/attachment.hpp"
#include "shared/model/ids.hpp"

namespace wasl {
namespace {

constexpr std::uint64_t kLevelMost = 3;  // 512³ chunks of 16 KiB are 2 TiB

Writer frame(FileFrameKind kind) {
  Writer out;
  out.byte(static_cast<Byte>(kind));
  return out;
}

Reader body_of(ByteView frame_bytes) { return Reader(frame_bytes.subspan(frame_bytes.empty() ? 0 : 1)); }

tl::unexpected<Error> bad_frame(std::string_view what) {
  return fail(Errc::malformed, "the peer sent a " + std::string(what) + " that does not follow the format");
}

std::string read_space(Reader& in) {
  std::string space = in.text(limits::kSpaceBytes);
  if (!is_space_name(space) || space == kAuthoritySpace) in.fail();
  return space;
}

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
    file.space = read_space(in);
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
  want.space = read_space(in);
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
  chunk.space = read_space(in);
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
  none.space = read_space(in);
  none.name = in.fixed<Hash>();
  if (!in.finished()) return bad_frame("word that something is not here");
  return none;
}

}  // namespace wasl
