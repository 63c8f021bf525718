#pragma once
// Others' work without an entry, that came in a bundle or from a section's hub: signed runs in carried.db,
// kept until the hub has an answer. Each proves itself by its author's signature, and its author has it: a
// lost or damaged one costs the way alone. Thread: that of the replica.
#include <filesystem>
#include <string>
#include <vector>

#include "shared/sqlite/database.hpp"
#include "shared/wire/messages.hpp"

namespace wasl {

class CarriedWork {
 public:
  explicit CarriedWork(std::filesystem::path file) : file_(std::move(file)) {}

  struct Run {
    std::string name;
    Segment segment;  ///< of one source, with its signature
  };
  /// Durably. @return false: it is here already. Errors: limit_exceeded (so much is kept already),
  /// storage_failed.
  Result<bool> keep(const Segment& run);
  /// In the order of their chains. What cannot be read is let go.
  Result<std::vector<Run>> runs(const NetworkId& network) const;
  /// If it is here.
  Status forget(const std::string& name) const;
  /// What a run is called here: by its place and its last change set.
  static std::string name_of(const Segment& run);
  /// Of the names of all runs of a source.
  static std::string beginning_of(const Source& source);
  Status replace(const Run& run) const;
  /// What was let go stands in free pages until then.
  Status rewrite() const;
  /// All of it.
  Status destroy() const;

 private:
  Result<Database> open() const;
  [[nodiscard]] bool is_empty() const;
  [[nodiscard]] std::filesystem::path folder() const;
  [[nodiscard]] bool has_folder() const;
  Status remove_all() const;
  Result<std::vector<Run>> read(const NetworkId& network) const;

  std::filesystem::path file_;
};

}  // namespace wasl
