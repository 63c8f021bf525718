#pragma once
// A hub's folder: where its files lie, who may write to it now, and its keys.
#include <filesystem>
#include <optional>
#include <string>

#include "shared/base/result.hpp"
#include "shared/crypto/key_file.hpp"
#include "shared/ledger/retention.hpp"
#include "shared/wire/messages.hpp"

namespace wasl {

struct HubFolder {
  std::filesystem::path path;
  std::string store{};  ///< address of a PostgreSQL database, whatever the folder's file `store` says
  ledger::RetentionRules retention{};  ///< as the settings say
  [[nodiscard]] std::filesystem::path database() const { return path / "hub.db"; }
  [[nodiscard]] std::filesystem::path lock() const { return path / "hub.lock"; }
  [[nodiscard]] std::filesystem::path socket() const { return path / "hub.sock"; }
  [[nodiscard]] std::filesystem::path checkpoint() const { return path / "checkpoint"; }
  /// Made of the logs, and made again when it is missing.
  [[nodiscard]] std::filesystem::path snapshots() const { return path / "snapshots"; }
  [[nodiscard]] std::filesystem::path keys() const { return path / "keys"; }
  /// Of several, the number-th from 1; of one alone, 0.
  [[nodiscard]] std::filesystem::path root_key(unsigned number = 0) const {
    return keys() / (number == 0 ? "root.key" : "root-" + std::to_string(number) + ".key");
  }
  [[nodiscard]] std::filesystem::path registrar_key() const { return keys() / "registrar.key"; }
  [[nodiscard]] std::filesystem::path administrator_key() const { return keys() / "administrator.key"; }
  [[nodiscard]] std::filesystem::path log_key() const { return keys() / "log.key"; }
  /// Takes the place of log_key() with the statement that names it.
  [[nodiscard]] std::filesystem::path next_log_key() const { return keys() / "log.next.key"; }
  // Of a section's hub.
  /// Whose network it mirrors, and where; with it the folder is a section's.
  [[nodiscard]] std::filesystem::path upstream() const { return path / "upstream"; }
  [[nodiscard]] std::filesystem::path section_key() const { return keys() / "section.key"; }
  /// Work without entries.
  [[nodiscard]] std::filesystem::path kept() const { return path / "section.db"; }
  /// What is mirrored is of an older epoch: it is taken anew at the next opening.
  [[nodiscard]] std::filesystem::path outdated() const { return path / "outdated"; }
  [[nodiscard]] bool is_section() const { return std::filesystem::exists(upstream()); }
  /// The first network statement, as long as roots have still to sign it.
  [[nodiscard]] std::filesystem::path first_statement() const { return path / "first.statement"; }
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

/// A key that works unattended. Nothing when there is no such file. Errors: storage_failed, corrupt,
/// invalid_value (of another kind, or sealed).
Result<std::optional<crypto::KeyPair>> read_unattended_key(const std::filesystem::path& file,
                                                           crypto::KeyKind kind);

/// Which keys lie in the folder beside the log key.
KeysAtHub keys_in(const HubFolder& folder);

/// Replaces the file's text as a whole. @param durable when this returns.
Status write_text(const std::filesystem::path& file, const std::string& text, bool durable = false);
std::optional<std::string> read_text(const std::filesystem::path& file);

}  // namespace wasl
