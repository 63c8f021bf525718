#pragma once
// All contents of a hub's files to where they are to lie, each read back and held against its name before the
// index says so. Killed before the end, what is done is done. Thread: its caller's, and a few of its own.
#include <functional>
#include <memory>

#include "server/contents/chunk_contents.hpp"
#include "shared/store/away_chunks.hpp"

namespace wasl {

struct Moving {
  FileStore& store;
  /// Contents elsewhere, one for each thread.
  std::function<std::unique_ptr<ChunkContents>()> contents;
  std::function<Result<std::optional<attachment::ChunkKey>>(const std::string& space)> key;
  std::string network;
  std::string place;  ///< in words
};

struct MovedChunks {
  std::uint64_t chunks = 0, bytes = 0;
  std::uint64_t damaged = 0;  ///< missing, or not what their names say: offices are asked for them
  std::uint64_t files = 0;    ///< noted as whole there
};

/// From files.db. Errors: those of the contents, conflict, storage_failed.
Result<MovedChunks> move_away(const Moving& moving);
/// Into files.db. What lies elsewhere stays there too: another hub may use it.
Result<MovedChunks> move_back(const Moving& moving);

}  // namespace wasl
