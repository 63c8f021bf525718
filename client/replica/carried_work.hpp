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
  Status replace(const Run& run) const;
  /// All of it.
  Status destroy() const;

 private:
  Status write(const std::filesystem::path& file, ByteView frame) const;

  std::filesystem::path folder_;
};

/// A push, cut into its signed runs, each with the openings of its own values.
std::vector<Segment> runs_of(const Segment& push);

}  // namespace wasl
