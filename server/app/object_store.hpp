#pragma once
// The S3 bucket that settings name for the contents of files.
#include <functional>
#include <memory>
#include <optional>

#include "server/contents/s3_contents.hpp"
#include "server/hub/away_files.hpp"
#include "shared/checkup/checkup.hpp"

namespace wasl {

class Settings;

struct ObjectStore {
  S3Place place;
  std::filesystem::path key_file;  ///< empty: the key is in the environment
  std::uint64_t waiting_most = 0;
};

/// Nothing: contents lie in files.db. Errors: invalid_value (half of it is said; plain text on an open
/// network).
Result<std::optional<ObjectStore>> object_store(const Settings& settings);
/// Of the key file, or of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Errors: not_found, invalid_value.
Result<S3Key> key_of(const ObjectStore& store);
/// One for each thread that asks for it.
std::unique_ptr<ChunkContents> open_contents(const ObjectStore& store, const S3Key& key,
                                             const std::atomic<bool>* stopping = nullptr);
Result<AwayFiles::Options> away_options(const ObjectStore& store, std::function<void()> wake);

/// Writes an object, reads it, and removes it.
Finding look_at_object_store(const ObjectStore& store);

}  // namespace wasl
