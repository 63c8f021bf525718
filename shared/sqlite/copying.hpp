#pragma once
// A copy of a database that others go on writing to.
#include <filesystem>

#include "shared/base/result.hpp"

namespace wasl {

/// The database as one commit left it, page by page, in a new file that is durable when this returns. Nobody
/// waits for it; the log of `from` only grows until it is done. Errors: not_found, conflict (`to` is there),
/// storage_failed, corrupt; what was begun of `to` is removed then.
Status copy_database(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace wasl
