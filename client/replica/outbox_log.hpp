#pragma once
// outbox.log: sealed change sets as plain frames in a file of ours alone, fsynced before the replica commits, so
// that unsent work survives a corrupt database. Frame: varint length, BLAKE2b-256 of the bytes, bytes.
#include <filesystem>
#include <vector>

#include "shared/model/change_set.hpp"
#include "shared/wire/segment.hpp"

namespace wasl {

struct OutboxItem {
  Bytes header;
  Bytes body;
  std::vector<OpeningItem> openings;
};

class OutboxLog {
 public:
  explicit OutboxLog(std::filesystem::path path) : path_(std::move(path)) {}

  /// Appends and fsyncs. Errors: storage_failed.
  Status append(const std::vector<OutboxItem>& items);
  /// Every whole frame; a torn tail is left out. A missing file is empty.
  Result<std::vector<OutboxItem>> read() const;
  /// Nothing in it is needed any more.
  Status clear();
  [[nodiscard]] bool is_empty() const;

 private:
  std::filesystem::path path_;
};

}  // namespace wasl
