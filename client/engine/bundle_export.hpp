#pragma once
// What an office puts into a bundle, for the hub or for other offices. Thread: that of the replica.
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "client/attachments/office_files.hpp"
#include "client/replica/replica.hpp"
#include "shared/files/bundle_files.hpp"

namespace wasl {

struct BundleRequest {
  std::filesystem::path file;
  std::vector<std::string> spaces;  ///< for other offices; empty: what is unsent, for the hub
  bool all = false;                 ///< for other offices: every space that this one reads
  Position since = 0;               ///< entries behind this position of each space
  std::size_t split_bytes = 0;
  bool with_files = false;                 ///< what is whole here; for the hub, what it lacks
  std::uint64_t files_up_to = UINT64_MAX;  ///< bytes of a file
};

struct BundleExported {
  std::vector<BundleFiles::Written> files;
  std::uint64_t work = 0;  ///< change sets without entries
  struct Range {
    std::string space;
    Position first = 0;
    Position last = 0;
  };
  std::vector<Range> entries;
  std::vector<std::string> unproved;  ///< spaces of which nothing could be exported
  std::size_t attached = 0;           ///< files of records
  std::uint64_t attached_bytes = 0;
};

/// Errors: as BundleFiles; not_found (a space that this office does not read), corrupt.
Result<BundleExported> export_bundle(Replica& replica, OfficeFiles& attached, const BundleRequest& request,
                                     Clock& clock, Random& random);

}  // namespace wasl
