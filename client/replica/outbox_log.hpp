#pragma once
// outbox.log: sealed change sets as plain frames in a file of ours alone, fsynced before the replica commits,
// so that unsent work survives a corrupt database. Frame: varint length, BLAKE2b-256 of the bytes, bytes: the
// items of one append, each sized. They count together: half a group would wait for its verdict for ever.
#include <cstdint>
#include <filesystem>
#include <vector>

#include "shared/model/change_set.hpp"
#include "shared/wire/segment.hpp"

namespace wasl {

struct OutboxItem {
  Bytes header;
  Bytes body;  ///< empty: the change set of this header was discarded
  std::vector<OpeningItem> openings;

  /// The change set of this header was sealed again, on another chain.
  static OutboxItem replaced(Bytes header) { return {std::move(header), {kReplaced}, {}}; }
  [[nodiscard]] bool is_replaced() const { return body.size() == 1 && body[0] == kReplaced; }

 private:
  static constexpr Byte kReplaced = 0xFF;  // no body begins so
};

class OutboxLog {
 public:
  explicit OutboxLog(std::filesystem::path path) : path_(std::move(path)) {}

  /// Appends and fsyncs, all or nothing; what fails leaves nothing behind. Errors: storage_failed.
  Status append(const std::vector<OutboxItem>& items);
  /// Undoes the last append: what it belonged to could not be committed. @pre nobody has appended since.
  void take_back();
  /// The items of every whole frame; a torn tail is left out. A missing file is empty. Errors:
  /// storage_failed.
  Result<std::vector<OutboxItem>> read() const;
  /// Cuts off what a power cut left half written: what is appended behind it could not be read.
  /// @pre nobody else appends (the replica's write lock is held).
  Status drop_torn_tail();
  /// Puts these in the place of all that it holds, and fsyncs. A power cut meanwhile may leave less.
  /// @pre as for drop_torn_tail().
  Status replace(const std::vector<OutboxItem>& items);
  /// Nothing in it is needed any more.
  Status clear();
  [[nodiscard]] bool is_empty() const;
  /// A write or sync of this object has failed: what the file holds is to be read again.
  [[nodiscard]] bool must_reopen() const { return must_reopen_; }

 private:
  struct Whole {
    std::vector<OutboxItem> items;
    std::size_t bytes = 0;  ///< that they take
    std::size_t size = 0;   ///< of the file
  };
  [[nodiscard]] Result<Whole> read_whole() const;
  Result<std::uint64_t> clean_end();
  static Bytes frame_of(const std::vector<OutboxItem>& items);

  std::filesystem::path path_;
  struct {
    std::uint64_t begin = 0, end = 0;
  } last_;                 ///< where the last append of this object stands
  bool unwanted_ = false;  ///< it was to be taken back and is still there
  bool must_reopen_ = false;
};

}  // namespace wasl
