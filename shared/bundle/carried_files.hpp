#pragma once
// Files in bundles (PROTOCOL.md section 17.3): the frames of section 19, in the order of the tree, so that
// what comes takes the way of a session's: the bundle is the other end of the exchange. Pure, but for the
// port.
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "shared/wire/file_exchange.hpp"

namespace wasl {

using ChunkReader = std::function<Result<std::optional<ChunkFrame>>(const Hash& name)>;
/// The chunks of a file, frame by frame, lists before what they name. Errors: not_found (one is missing: what
/// was told before is of use all the same), and those of the sink.
Status each_chunk_frame(const attachment::FileId& file, const ChunkReader& read,
                        const std::function<Status(Bytes)>& sink);

/// What one bundle, or a part of it, brings of files. The port must outlive it.
class CarriedFiles {
 public:
  explicit CarriedFiles(FilePort& port) : port_(port) {}

  /// A frame of another kind is passed over. Errors: malformed, and those of the port.
  Status add(ByteView frame);
  /// Brings the port what it wants and is here. @return chunks that it took.
  Result<std::uint64_t> give(FileExchange::End end);
  [[nodiscard]] bool has_chunks() const { return !chunks_.empty(); }
  /// Those of which the bundle says that it holds them.
  [[nodiscard]] const std::vector<attachment::FileId>& named() const { return named_; }

 private:
  Result<FileExchange::Frames> answer(FileExchange& exchange, ByteView want) const;

  FilePort& port_;
  std::vector<attachment::FileId> named_;
  std::map<std::pair<std::string, Hash>, Bytes> chunks_;  ///< frames
  std::map<std::string, std::optional<attachment::ChunkKey>> keys_;
};

}  // namespace wasl
