#pragma once
// Chunks of files in one SQLite file, and what is known of the files (PROTOCOL.md section 19). Bytes stand
// once, whatever spaces name them. A chunk that is damaged is noticed when it is read: then it is missing,
// and fetched again. Thread: one at a time; several processes may open the same file.
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "shared/attachment/cutting.hpp"
#include "shared/attachment/walking.hpp"
#include "shared/base/environment.hpp"
#include "shared/sqlite/database.hpp"

namespace wasl {

struct KnownFile {
  attachment::FileId id;
  std::string name;       ///< for people
  bool attached = false;  ///< a record names it, or did
  bool kept = false;      ///< its chunks are to be here
  bool whole = false;     ///< they are
  bool pinned = false;    ///< no quota takes it away
  bool at_hub = false;    ///< the hub has said that it holds all of it
  Millis noted = 0;
  Millis used = 0;
};

struct StoredChunk {
  unsigned level = 0;
  Bytes bytes;
};

class FileStore {
 public:
  /// Makes the file if it is missing. Errors: locked, storage_failed, corrupt.
  static Result<FileStore> open(const std::filesystem::path& path);

  // ── Chunks ──
  /// One that is there already stays. @pre the name is of these bytes.
  Status put(std::string_view space, const attachment::Chunk& chunk);
  Result<bool> has(std::string_view space, const Hash& name);
  /// Nothing when it is not here, or lies elsewhere (AwayChunks), or is not what its name says; then it is
  /// forgotten.
  Result<std::optional<StoredChunk>> read(std::string_view space, const attachment::ChunkKey& key,
                                          const Hash& name);
  /// Cuts a stream and keeps its chunks; the file is noted, kept and whole. `more` fills the buffer and
  /// returns how much it gave, 0 at the end. Errors: those of `more`, limit_exceeded, storage_failed.
  using Source = std::function<Result<std::size_t>(std::span<Byte>)>;
  Result<attachment::FileId> cut(const std::string& space, const attachment::ChunkKey& key,
                                 const std::string& name, const Source& more, Millis now);
  /// The same file under the names of another space; its bytes are not stored again. Errors: not_found (a
  /// chunk of it is missing here), storage_failed.
  Result<attachment::FileId> copy(const attachment::FileId& from, const attachment::ChunkKey& from_key,
                                  const std::string& space, const attachment::ChunkKey& key, Millis now);
  /// The bytes of a file in order. Errors: not_found (a chunk is missing), and those of the sink.
  Status write_out(const attachment::FileId& file, const attachment::ChunkKey& key,
                   const std::function<Status(ByteView)>& sink);
  struct Progress {
    std::uint64_t here = 0;
    std::uint64_t all = 0;  ///< chunks, lists too
  };
  Result<Progress> progress(const attachment::FileId& file, const attachment::ChunkKey& key);

  // ── Files ──
  /// One that is known keeps what is known of it, and is attached from then on if it says so.
  /// @return whether it was new.
  Result<bool> note(const attachment::FileId& file, std::string_view name, bool attached, Millis now);
  Result<std::optional<KnownFile>> find(const attachment::FileId& file);
  /// The file whose tree begins with this chunk.
  Result<std::optional<attachment::FileId>> of_root(std::string_view space, const Hash& root);
  /// In the order in which they were noted.
  Result<std::vector<KnownFile>> files();
  /// Of those under this root that are not whole, the first.
  Result<std::optional<KnownFile>> lacking(std::string_view space, const Hash& root);
  enum class Mark { kept, whole, pinned, at_hub };
  Status set(const attachment::FileId& file, Mark mark, bool on);
  Status touch(const attachment::FileId& file, Millis now);

  // ── Room ──
  /// Of all chunks.
  Result<std::uint64_t> bytes();
  /// Deletes chunks that are in no file which is kept, and forgets files that no record ever named and that
  /// were noted before `orphans_before`. Nothing while another program cuts a file. @return how many bytes
  /// went.
  Result<std::uint64_t> sweep(Millis orphans_before);

  Result<std::optional<std::string>> setting(std::string_view name);
  Status set_setting(std::string_view name, std::string_view value);
  /// Another number than before: another connection has written.
  Result<std::int64_t> data_version() { return db_.data_version(); }
  /// For what else is kept beside its rows: AwayChunks.
  Database& database() { return db_; }

 private:
  explicit FileStore(Database db) : db_(std::move(db)) {}
  Status insert(std::string_view space, const attachment::Chunk& chunk, std::optional<std::int64_t> content);
  Status forget(std::string_view space, const Hash& name);
  Status visit(const attachment::FileId& file, const attachment::ChunkKey& key,
               const std::function<Status(const attachment::Place&, ByteView)>& leaf);
  Status mark_tree(const attachment::FileId& file);
  Status drop_unmarked();

  Database db_;
};

}  // namespace wasl
