#pragma once
// What is said of an office's files beside other things.
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "client/attachments/office_files.hpp"
#include "client/engine/sync_run.hpp"

namespace wasl::cli {

struct FilesSummary {
  OfficeFiles::Totals totals;
  FilesOutcome outcome;  ///< of a session, if there was one
  std::vector<std::string> wrong;
};
Result<FilesSummary> summary_of(OfficeFiles& files, const FilesOutcome& outcome);

/// "500k", "2M": bytes. Errors: invalid_value.
Result<std::uint64_t> size_of(const std::string& text);

nlohmann::ordered_json files_json(const FilesSummary& files);
/// Lines, each begun by an end of line; nothing where there are no files.
std::string files_words(const FilesSummary& files);

}  // namespace wasl::cli
