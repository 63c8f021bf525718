#pragma once
// Files of records in the hub's bundles: what the desk answers, and what the command's own process asks of
// it.
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "server/app/asking.hpp"
#include "server/app/open_hub.hpp"
#include "shared/files/bundle_files.hpp"

namespace wasl {

/// The desk's part: "bundle files", "bundle chunk", "bundle take files". Nothing for another command.
std::optional<Result<nlohmann::json>> decide_bundled_files(OpenHub& open, const std::string& command,
                                                           const nlohmann::json& request);

/// Those of a space that are no longer than this, small ones first. @return how many.
Result<std::size_t> export_files(Asking& hub, const std::string& space, std::size_t audience,
                                 std::uint64_t up_to, BundleFiles& files);

/// The frames of files in the bundles of one import.
class FilesTaking {
 public:
  explicit FilesTaking(Asking& hub) : hub_(hub) {}
  /// Of one that an office's bundle brought; a frame of another kind is passed over. Errors: malformed, and
  /// the hub's.
  Status add(const Bytes& frame);
  /// What was added and not given yet. @post nothing waits.
  Status give();
  [[nodiscard]] std::uint64_t taken() const { return taken_; }
  /// How many files the bundles name, and how many of them are whole at the hub now.
  Result<nlohmann::json> told();

 private:
  Asking& hub_;
  std::vector<attachment::FileId> named_;
  std::vector<std::string> waiting_;  ///< as text
  std::uint64_t taken_ = 0;
};

}  // namespace wasl
