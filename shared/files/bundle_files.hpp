#pragma once
// An export on its way to a stick: one file or several, all there and checked, or none.
// Thread: one at a time.
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "shared/bundle/packing.hpp"
#include "shared/files/new_files.hpp"

namespace wasl {

class BundleFiles {
 public:
  /// @param file the name of a single one; several are called FILE.1-of-3 and so on.
  BundleFiles(const std::filesystem::path& file, BundlePlan plan, Random& random);

  Status add(PackedFrame frame);
  struct Written {
    std::filesystem::path file;
    std::size_t bytes = 0;
  };
  /// Durable, read back and whole when it returns. Errors: storage_failed, conflict, limit_exceeded.
  Result<std::vector<Written>> finish();
  [[nodiscard]] std::uint64_t frames() const { return packer_.frames(); }

 private:
  Status write(ByteView bytes);

  std::filesystem::path folder_;
  std::string name_;
  BundlePacker packer_;
  NewFiles files_;
  std::vector<std::size_t> sizes_;
};

/// What a person writes as the size of a file: 5M, 2500k, or bytes; 0 for nothing. Errors: invalid_value.
Result<std::size_t> split_bytes(std::string_view text);

/// Errors: as read_whole() and decode_bundle(), with the file's name.
Result<Bundle> read_bundle(const std::filesystem::path& file);

}  // namespace wasl
