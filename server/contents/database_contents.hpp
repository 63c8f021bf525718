#pragma once
// Contents in files.db, beside their index.
#include "server/contents/chunk_contents.hpp"
#include "shared/store/away_chunks.hpp"

namespace wasl {

class DatabaseContents final : public ChunkContents {
 public:
  /// @param store must outlive it.
  static Result<DatabaseContents> open(FileStore& store);

  Status put(const ChunkName& chunk, ByteView bytes) override;
  Result<std::optional<Bytes>> get(const ChunkName& chunk) override;
  Status remove(const ChunkName& chunk) override;
  Status put_note(const std::string& name, const std::string& text) override;
  Result<std::optional<std::string>> get_note(const std::string& name) override;
  Status remove_note(const std::string& name) override;

 private:
  DatabaseContents(FileStore& store, AwayChunks chunks) : store_(&store), chunks_(std::move(chunks)) {}

  FileStore* store_;
  AwayChunks chunks_;
};

}  // namespace wasl
