// Frames of files, and both ends of their exchange: any bytes leave them sound, and no chunk is kept under a
// name that it has not.
#include <set>

#include "shared/attachment/cutting.hpp"
#include "shared/model/attachment.hpp"
#include "shared/wire/file_exchange.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

using attachment::Chunk;
using attachment::ChunkKey;
using attachment::FileId;

/// One file, of 40 chunks, of which every other one is here.
class Shelf final : public FilePort {
 public:
  Shelf() {
    Bytes bytes(40 * attachment::kChunkBytes);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<Byte>(i / attachment::kChunkBytes);
    std::size_t n = 0;
    attachment::Cutter cutter(*key_of(), [&](const Chunk& chunk) -> Status {
      if (chunk.level > 0 || n++ % 2 == 0)
        chunks_[chunk.name] = {"public", chunk.level, to_bytes(chunk.bytes)};
      return {};
    });
    WASL_ASSERT(cutter.add(bytes).has_value());
    file_ = {"public", *cutter.finish(), bytes.size()};
  }

  Millis now() override { return 0; }
  Result<std::optional<ChunkKey>> key(const std::string& space) override {
    return space == "public" ? key_of() : std::optional<ChunkKey>();
  }
  Result<bool> has(const std::string&, const Hash& name) override { return chunks_.contains(name); }
  Result<std::optional<ChunkFrame>> read(const std::string&, const Hash& name) override {
    const auto found = chunks_.find(name);
    return found == chunks_.end() ? std::optional<ChunkFrame>() : std::optional(found->second);
  }
  Status put(const std::string& space, const Chunk& chunk) override {
    WASL_ASSERT(space == "public");
    WASL_ASSERT(attachment::chunk_name(*key_of(), chunk.level, chunk.bytes) == chunk.name);
    chunks_[chunk.name] = {space, chunk.level, to_bytes(chunk.bytes)};
    return {};
  }
  Status on_whole(const FileId& file, bool /*all_came*/) override {
    WASL_ASSERT(file == file_ && chunks_.size() == attachment::chunks_of(file.size));
    return {};
  }
  void on_wrong(const FileId&, const std::string&) override {}
  Result<std::vector<FileId>> wanted() override { return std::vector<FileId>{file_}; }
  Result<std::vector<FileId>> offered() override { return std::vector<FileId>{file_}; }
  Status on_held(const FileId&) override { return {}; }
  Result<Standing> standing(const FileId& file) override {
    return file == file_ ? Standing::lacking : Standing::unknown;
  }
  [[nodiscard]] const FileId& file() const { return file_; }

 private:
  static std::optional<ChunkKey> key_of() {
    return attachment::chunk_key(NetworkId{}, "public", std::nullopt);
  }

  FileId file_;
  std::map<Hash, ChunkFrame> chunks_;
};

template <class Decoded>
void check(const Decoded& decoded, ByteView frame) {
  if (decoded) expect_same(encode(*decoded), frame);
}

void check_frame(ByteView frame) {
  switch (file_frame_kind(frame)) {
    case FileFrameKind::offer:
    case FileFrameKind::held:
      if (const auto files = decode_files(frame))
        expect_same(encode_files(file_frame_kind(frame), *files), frame);
      return;
    case FileFrameKind::want:
      return check(decode_want(frame), frame);
    case FileFrameKind::chunk:
      return check(decode_chunk(frame), frame);
    case FileFrameKind::none:
      return check(decode_none(frame), frame);
  }
}

/// The input: which end, then frames by their length. A frame that begins with 0xFF stands for one that an
/// honest peer may send.
void run(Feed& in) {
  Shelf shelf;
  const auto end = in.flag() ? FileExchange::End::office : FileExchange::End::hub;
  FileExchange exchange(shelf, end);
  while (!in.empty()) {
    Bytes frame = to_bytes(in.bytes(2 * attachment::kChunkBytes));
    if (frame.empty()) frame = FileExchange::greeting();
    if (frame[0] == 0xFF)
      frame = encode_files(end == FileExchange::End::office ? FileFrameKind::held : FileFrameKind::offer,
                           {shelf.file()});
    if (!is_file_frame(frame)) continue;
    const auto answer = exchange.on_frame(frame);
    if (!answer) return;
    for (const Bytes& sent : *answer) check_frame(sent);
    const auto more = exchange.on_room();
    WASL_ASSERT(more.has_value());
  }
}

WASL_FUZZ(file_frames) {
  if (input.empty()) return;
  if (is_file_frame(input)) return check_frame(input);
  Feed in(input);
  run(in);
  const auto file = as_attachment({kAttachmentValue, to_bytes(input)});
  if (file) expect_same(file->to_value().data, input);
  const auto json = parse_attachment(text_view(input));
  if (json)
    WASL_ASSERT(as_attachment(json->to_value()) == *json && *parse_attachment(json->to_json()) == *json);
}

}  // namespace
}  // namespace wasl::fuzz
