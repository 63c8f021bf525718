#include "shared/bundle/carried_files.hpp"

#include <deque>
#include <iterator>

namespace wasl {

using attachment::FileId;

Status each_chunk_frame(const FileId& file, const ChunkReader& read,
                        const std::function<Status(Bytes)>& sink) {
  attachment::TreeWalk walk(file);
  while (const auto place = walk.next()) {
    WASL_LET(auto chunk, read(place->name));
    const bool is_it =
        chunk && chunk->level == place->level && (place->level == 0 || walk.enter(*place, chunk->bytes));
    if (!is_it) return fail(Errc::not_found, "a part of the file is not here");
    WASL_TRY(sink(encode(*chunk)));
  }
  return {};
}

Status CarriedFiles::add(ByteView frame) {
  if (frame.empty() || !is_file_frame(frame)) return {};
  if (file_frame_kind(frame) == FileFrameKind::offer) {
    WASL_LET(const auto files, decode_files(frame));
    named_.insert(named_.end(), files.begin(), files.end());
  }
  if (file_frame_kind(frame) != FileFrameKind::chunk) return {};
  WASL_LET(const ChunkFrame chunk, decode_chunk(frame));
  if (!keys_.contains(chunk.space)) {
    WASL_LET(keys_[chunk.space], port_.key(chunk.space));
  }
  const auto& key = keys_[chunk.space];
  if (key) chunks_[{chunk.space, attachment::chunk_name(*key, chunk.level, chunk.bytes)}] = to_bytes(frame);
  return {};
}

Result<FileExchange::Frames> CarriedFiles::answer(FileExchange& exchange, ByteView want) const {
  WASL_LET(const WantFrame wanted, decode_want(want));
  FileExchange::Frames out;
  for (const Hash& name : wanted.names) {
    const auto found = chunks_.find({wanted.space, name});
    WASL_LET(auto more, exchange.on_frame(found == chunks_.end() ? encode(NoneFrame{wanted.space, name})
                                                                 : found->second));
    out.insert(out.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  return out;
}

Result<std::uint64_t> CarriedFiles::give(FileExchange::End end) {
  FileExchange exchange(port_, end);
  if (end == FileExchange::End::office) {
    WASL_LET(const auto none, exchange.on_frame(FileExchange::greeting()));
    WASL_ASSERT(none.empty());
  }
  WASL_LET(auto first, exchange.refresh());
  std::deque<Bytes> asked(std::make_move_iterator(first.begin()), std::make_move_iterator(first.end()));
  while (!asked.empty()) {
    const Bytes frame = std::move(asked.front());
    asked.pop_front();
    if (file_frame_kind(frame) != FileFrameKind::want) continue;  // offers: a bundle takes nothing
    WASL_LET(auto more, answer(exchange, frame));
    asked.insert(asked.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  return exchange.chunks_in();
}

}  // namespace wasl
