#pragma once
// wasl-hub bundle export, import, inspect. Files are read and written by the command's own process; what is
// asked of the hub goes a frame at a time to the one that serves, or to one opened here. A slow stick keeps
// nobody waiting.
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "server/app/open_hub.hpp"

namespace wasl {

/// The desk's part: "bundle plan", "bundle entries", "bundle proof", "bundle snapshot", "bundle piece",
/// "bundle answer", "bundle take", "bundle files", "bundle chunk", "bundle take files". Nothing for another
/// command.
std::optional<Result<nlohmann::json>> decide_bundles(OpenHub& open, const std::string& command,
                                                     const nlohmann::json& request);

struct HubBundleArguments {
  std::string file;
  std::vector<std::string> files;
  std::string device;  ///< the beginning of its key
  std::string space;
  bool all = false;
  bool snapshot =
      false;  ///< for offices that hold nothing of a space yet: where there is one, it and what follows
  std::optional<std::uint64_t> since;
  std::string split;
  bool with_files = false;
  std::uint64_t files_up_to = UINT64_MAX;  ///< bytes of such a file
};
nlohmann::json export_bundle(const HubFolder& folder, const HubBundleArguments& arguments);
nlohmann::json import_bundles(const HubFolder& folder, const HubBundleArguments& arguments);
nlohmann::json inspect_bundles(const HubFolder& folder, const HubBundleArguments& arguments);

}  // namespace wasl
