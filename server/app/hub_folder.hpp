#pragma once
// A hub's folder: where its files lie, who may write to it now, and its keys.
#include <filesystem>
#include <optional>
#include <string>

#include "shared/base/result.hpp"
#include "shared/crypto/crypto.hpp"

namespace wasl {

struct HubFolder {
  std::filesystem::path path;
  [[nodiscard]] std::filesystem::path database() const { return path / "hub.db"; }
  [[nodiscard]] std::filesystem::path lock() const { return path / "hub.lock"; }
  [[nodiscard]] std::filesystem::path socket() const { return path / "hub.sock"; }
  [[nodiscard]] std::filesystem::path checkpoint() const { return path / "checkpoint"; }
  [[nodiscard]] std::filesystem::path keys() const { return path / "keys"; }
  [[nodiscard]] std::filesystem::path root_key() const { return keys() / "root.key"; }
  [[nodiscard]] std::filesystem::path registrar_key() const { return keys() / "registrar.key"; }
  [[nodiscard]] std::filesystem::path administrator_key() const { return keys() / "administrator.key"; }
  [[nodiscard]] std::filesystem::path log_key() const { return keys() / "log.key"; }
};

/// The right to write the folder, until it is destroyed or the process ends, however it ends.
class FolderLock {
 public:
  /// Errors: locked (another program has it), storage_failed.
  static Result<FolderLock> take(const HubFolder& folder);
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int file) : file_(file) {}
  int file_;
};

/// Words as comment lines, then the seed in hex; mode 0600. Errors: conflict (there is such a file),
/// storage_failed.
Status write_key(const std::filesystem::path& file, const crypto::KeyPair& key, const std::string& words);
/// Nothing when there is no such file. Errors: storage_failed, corrupt.
Result<std::optional<crypto::KeyPair>> read_key(const std::filesystem::path& file);

/// Replaces the file's text as a whole.
Status write_text(const std::filesystem::path& file, const std::string& text);
std::optional<std::string> read_text(const std::filesystem::path& file);

}  // namespace wasl
