#pragma once
// The office's search index: DIR/search.db, made from the texts that the descriptions mark with `search`,
// folded so that Arabic and Latin words are found however they are written. It holds nothing of its own: it
// may be deleted at any time and is made anew. Thread: one at a time.
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/model/attachment.hpp"
#include "shared/model/description.hpp"
#include "shared/sqlite/database.hpp"

namespace wasl {

/// What files say, of which the replica holds the names alone.
class FileTexts {
 public:
  virtual ~FileTexts() = default;
  /// Nothing: none of it is here. @param read whether it is wanted, or only whether there is any.
  virtual Result<std::optional<std::string>> text(const std::string& space, const Attachment& file,
                                                  bool read) = 0;
};

struct SearchHit {
  std::string register_name, space, id;
};

class SearchIndex {
 public:
  /// A damaged file is thrown away and made anew. Errors: storage_failed, locked.
  static Result<SearchIndex> open(const std::filesystem::path& folder);

  /// Makes the index say what the tables say, and the texts of files (`NAME_text`, or a text file itself):
  /// reads every marked text and writes only what differs.
  /// Cost: one pass over the marked columns, about 1 s for 100,000 records; nothing is written when nothing
  /// differs.
  /// @param files null: none is here.
  Status update(Database& replica, const Schema& schema, FileTexts* files = nullptr);

  /// Best first: words in titles count more. Every word must occur; the last may be unfinished.
  Result<std::vector<SearchHit>> find(std::string_view text, std::size_t most);

 private:
  explicit SearchIndex(Database database) : db_(std::move(database)) {}

  Database db_;
};

}  // namespace wasl
