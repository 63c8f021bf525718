#pragma once
// Of a FileStore: chunks whose contents lie elsewhere ("away"), and those that have yet to get there. Lists
// of names stay here as well, so that trees are walked without asking anybody. Thread: the FileStore's.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shared/store/file_store.hpp"

namespace wasl {

class AwayChunks {
 public:
  /// Adds to the tables what this needs; an older program reads on in them. @param store must outlive it.
  static Result<AwayChunks> open(FileStore& store);
  /// Whether contents of the store lie elsewhere, without changing anything.
  static Result<bool> any(FileStore& store);
  struct Sizes {
    std::uint64_t near_bytes = 0, near_chunks = 0, away_bytes = 0, away_chunks = 0;
  };
  /// Reads all rows, and changes nothing.
  static Result<Sizes> sizes_of(FileStore& store);

  struct Kept {
    unsigned level = 0;
    std::uint64_t length = 0;
    bool is_away = false;
    Bytes bytes;
    [[nodiscard]] bool has_bytes() const { return bytes.size() == length; }
  };
  Result<std::optional<Kept>> look(std::string_view space, const Hash& name);

  struct Stored {
    std::int64_t content = 0;  ///< rises with each chunk that comes
    std::string space;
    Hash name;
    unsigned level = 0;
    Bytes bytes;  ///< empty, where they lie elsewhere alone
  };
  /// Whose contents lie here alone, behind `after`, the oldest first.
  Result<std::vector<Stored>> near(std::int64_t after, std::size_t most);
  /// Whose contents lie elsewhere.
  Result<std::vector<Stored>> away(std::int64_t after, std::size_t most);
  /// Of the oldest whose contents lie here alone; nothing: there is none.
  Result<std::optional<std::int64_t>> first_near();
  Result<std::int64_t> newest();
  Result<std::uint64_t> near_bytes();

  /// Their contents are durable elsewhere by now.
  Status leave(std::span<const std::int64_t> contents);
  /// The contents lie here from now on, whatever was known of the chunk.
  Status bring(std::string_view space, const attachment::Chunk& chunk);
  /// Of a list that is away: what is kept here as well; nothing, where that was damaged.
  Status keep_list(std::string_view space, const Hash& name, ByteView bytes);
  /// A chunk is not where it should be, or not what its name says: it is fetched anew.
  Status lose(std::string_view space, const Hash& name);

  struct Found {
    Hash name;
    unsigned level = 0;
    std::uint64_t length = 0;
    Bytes list;  ///< of a list of names
  };
  /// Contents that lie elsewhere by somebody else's doing. @return false: one was lost before, and is left
  /// out.
  Result<bool> add(std::string_view space, const std::vector<Found>& found);

  /// Attached and not whole, in the order in which they were noted.
  Result<std::vector<attachment::FileId>> lacking(std::size_t most);

 private:
  explicit AwayChunks(Database& db) : db_(&db) {}
  Result<std::vector<Stored>> list(bool away, std::int64_t after, std::size_t most);

  Database* db_;
};

}  // namespace wasl
