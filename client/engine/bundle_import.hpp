#pragma once
// Takes in what bundles bring, in whatever order they come: files are tried again as long as one of them
// fills a gap of another. Thread: that of the replica.
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "client/attachments/office_files.hpp"
#include "client/replica/replica.hpp"
#include "shared/files/bundle_files.hpp"

namespace wasl {

struct BundleImported {
  struct Space {
    Position first = 0;  ///< of what was new; 0: nothing
    Position held = 0;
    std::uint64_t sets = 0;
    Position missing_to = 0;  ///< a bundle holds what comes behind this; 0: there is no gap
  };
  std::map<std::string, Space> spaces;
  std::uint64_t carried = 0;  ///< change sets of others that wait here for the hub now
  std::uint64_t sealed_for_others = 0;
  std::vector<std::string> refused;  ///< in words: frames that do not prove themselves, damaged places
  bool told = false;                 ///< the hub's answer for this device was among it
  std::optional<bool> equal;
  struct Attached {
    attachment::FileId file;
    FileStore::Progress progress;
  };
  std::vector<Attached> attached;  ///< files that the bundles say they hold, and how much of each is here now
  std::uint64_t chunks = 0;        ///< of files, that were new
  [[nodiscard]] bool is_complete() const;
};

/// Errors: of a file that is no bundle for this office (nothing of the others is lost: import them alone);
/// caught; storage_failed.
Result<BundleImported> import_bundles(Replica& replica, OfficeFiles& attached,
                                      const std::vector<std::filesystem::path>& files);

}  // namespace wasl
