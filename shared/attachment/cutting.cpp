#include "shared/attachment/cutting.hpp"

#include <algorithm>
#include <utility>

#include "shared/model/attachment.hpp"

namespace wasl::attachment {

Status Cutter::name_chunk(unsigned level, ByteView bytes) {
  if (lists_.size() <= level) lists_.resize(level + 1);
  if (named_.size() <= level) named_.resize(level + 1);
  // A list is closed when another name comes: so many that just fill it are the root's own.
  if (lists_[level].size() == kChunkBytes) WASL_TRY(close_list(level));
  last_ = chunk_name(key_, level, bytes);
  WASL_TRY(sink_({level, last_, bytes}));
  append(lists_[level], last_.view());
  ++named_[level];
  return {};
}

/// The names gathered of a level become a chunk of the next.
Status Cutter::close_list(unsigned level) {
  const Bytes list = std::exchange(lists_[level], {});
  return name_chunk(level + 1, list);
}

Status Cutter::add(ByteView bytes) {
  if (bytes.size() > kFileBytesMost - size_)
    return fail(Errc::limit_exceeded, "a file of more than 64 GiB is no attachment", "split it");
  size_ += bytes.size();
  while (!bytes.empty()) {
    // The same for the last chunk: one that is just full may be the whole file.
    if (rest_.size() == kChunkBytes) {
      WASL_TRY(name_chunk(0, rest_));
      rest_.clear();
    }
    const ByteView some = bytes.first(std::min(bytes.size(), kChunkBytes - rest_.size()));
    append(rest_, some);
    bytes = bytes.subspan(some.size());
  }
  return {};
}

Result<Hash> Cutter::finish() {
  WASL_TRY(name_chunk(0, rest_));
  for (unsigned level = 0; named_[level] > 1; ++level) WASL_TRY(close_list(level));
  return last_;
}

}  // namespace wasl::attachment
