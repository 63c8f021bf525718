#pragma once
// Files that a person names: read whole up to a bound, written without overwriting any.
#include <filesystem>
#include <string>

#include "shared/base/result.hpp"

namespace wasl::cli {

/// Errors: not_found, storage_failed, limit_exceeded.
Result<std::string> read_file(const std::filesystem::path& file, std::size_t most_bytes);
/// Errors: conflict (there is such a file), storage_failed.
Status write_new_file(const std::filesystem::path& file, std::string_view text);

}  // namespace wasl::cli
