#pragma once
// Files written on something that a person pulls out: nothing stands under a final name before all of it is
// on the medium and was read back. Thread: one at a time. Errors: storage_failed with what to do, conflict.
#include <filesystem>
#include <string>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"

namespace wasl {

/// Several files of one folder that appear together. What was not finished is removed.
class NewFiles {
 public:
  explicit NewFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}
  ~NewFiles();
  NewFiles(const NewFiles&) = delete;
  NewFiles& operator=(const NewFiles&) = delete;

  /// Writes the next one, durably, and reads it back from the medium. It has no name yet.
  Status add(ByteView bytes);
  [[nodiscard]] std::size_t count() const { return written_.size(); }
  /// Gives them their names, in the order they were added; durable when it returns. Errors: conflict (one of
  /// the names is taken: none is given).
  Status name(const std::vector<std::string>& names);

 private:
  void remove_left_behind() const;

  std::filesystem::path folder_;
  std::vector<std::filesystem::path> written_;
  std::vector<int> locks_;  ///< of what was written: as long as one is held, nobody takes it for left behind
};

/// Errors: not_found, storage_failed, limit_exceeded.
Result<Bytes> read_whole(const std::filesystem::path& file, std::size_t most);

}  // namespace wasl
