#pragma once
// What every command has at hand: the folder, the machine's clock and randomness, the registers.
#include <filesystem>
#include <memory>
#include <string>

#include "client/replica/replica.hpp"

namespace wasl::cli {

class Office {
 public:
  Office(std::filesystem::path folder, Clock& clock, Random& random)
      : folder_(std::move(folder)), clock_(&clock), random_(&random) {}

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] Clock& clock() const { return *clock_; }
  [[nodiscard]] Random& random() const { return *random_; }
  [[nodiscard]] Replica::Ports ports() const { return {*clock_, *random_, built_in_schema()}; }
  /// Errors: not_found (never joined, or not to the end), locked, storage_failed, corrupt.
  [[nodiscard]] Result<std::unique_ptr<Replica>> open() const;
  /// For what goes on after a disk that failed: see Replica::reopen.
  [[nodiscard]] Result<std::unique_ptr<Replica>> reopen() const { return Replica::reopen(folder_, ports()); }

 private:
  std::filesystem::path folder_;
  Clock* clock_;
  Random* random_;
};

}  // namespace wasl::cli
