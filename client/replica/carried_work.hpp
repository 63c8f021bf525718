#pragma once
// Others' work that came in a bundle and has no entry: files in a folder of their own, one a signed run, kept
// until the hub has an answer. Each proves itself by its author's signature, so a lost or damaged one costs
// the way alone. Thread: that of the replica.
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "shared/wire/messages.hpp"

namespace wasl {

class CarriedWork {
 public:
  explicit CarriedWork(std::filesystem::path folder) : folder_(std::move(folder)) {}

  struct Run {
    std::filesystem::path file;
    Segment segment;  ///< of one source, with its signature
  };
  /// Durably. @return false: it is here already. Errors: limit_exceeded (so much is kept already),
  /// storage_failed.
  Result<bool> keep(const Segment& run);
  /// In the order of their chains. What cannot be read is removed.
  Result<std::vector<Run>> runs(const NetworkId& network) const;
  static Status forget(const Run& run);
  /// Likewise, if it is here.
  Status forget(const std::string& name) const;
  /// What a run is called here: by its place and its last change set.
  static std::string name_of(const Segment& run);
  Status replace(const Run& run) const;
  /// All of it.
  Status destroy() const;

 private:
  Status write(const std::filesystem::path& file, ByteView frame) const;

  std::filesystem::path folder_;
};

}  // namespace wasl
