#pragma once
// outbox.log: sealed change sets as plain frames in a file of ours alone, fsynced before the replica commits,
// so that unsent work survives a corrupt database. Frame: varint length, BLAKE2b-256 of the bytes, bytes.
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <utility>
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

  /// Appends and fsyncs; what fails leaves nothing behind. Errors: storage_failed.
  Status append(const std::vector<OutboxItem>& items);
  /// Undoes the last append: what it belonged to could not be committed. @pre nobody has appended since.
  void take_back();
  /// Every whole frame; a torn tail is left out. A missing file is empty.
  Result<std::vector<OutboxItem>> read() const;
  /// Cuts off what a power cut left half written: what is appended behind it could not be read.
  /// @pre nobody else appends (the replica's write lock is held).
  Status drop_torn_tail();
  /// Nothing in it is needed any more.
  Status clear();
  [[nodiscard]] bool is_empty() const;

 private:
  Status undone(std::string_view what);
  /// The frames, and how many bytes they take.
  [[nodiscard]] std::pair<std::vector<OutboxItem>, std::size_t> read_whole() const;

  std::filesystem::path path_;
  std::int64_t end_before_ = -1;  ///< of the last append; -1: nothing to take back
};

}  // namespace wasl
