#pragma once
// Where a budget and what was used of it are kept: two small files in the office's folder.
#include <filesystem>
#include <functional>

#include "client/engine/budget.hpp"

namespace wasl {

/// No file: no limits. Errors: invalid_value (the file was written by hand and is not understood: nothing is
/// sent before that is put right), storage_failed.
Result<Budget> read_budget(const std::filesystem::path& folder);
Status write_budget(const std::filesystem::path& folder, const Budget& budget);

/// A file that is missing or damaged counts as nothing used.
Usage read_usage(const std::filesystem::path& folder);
/// Reads, changes and writes, one program of this office after the other. @return what stands there now.
Result<Usage> update_usage(const std::filesystem::path& folder, const std::function<void(Usage&)>& change);

}  // namespace wasl
