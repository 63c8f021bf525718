#pragma once
// A file that appears under its name whole, or not at all, and never in the place of another.
#include <filesystem>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"

namespace wasl {

class NewFile {
 public:
  /// Errors: conflict (there is such a file), not_found (no such folder), storage_failed.
  static Result<NewFile> begin(const std::filesystem::path& path);
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();

  Status write(ByteView bytes);
  /// Durable, and bears its name, when this returns.
  Status finish();

 private:
  NewFile(std::filesystem::path path, std::filesystem::path part, int file)
      : path_(std::move(path)), part_(std::move(part)), file_(file) {}

  std::filesystem::path path_;
  std::filesystem::path part_;
  int file_;
};

}  // namespace wasl
