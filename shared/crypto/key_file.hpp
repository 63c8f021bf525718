#pragma once
// A key as a file: one key each, its secret plain (what works unattended) or sealed under a passphrase. A few
// lines of text, so that a person sees what it is; a check finds what a worn medium changed.
// Thread: free functions, any thread.
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>

#include "shared/base/environment.hpp"
#include "shared/base/result.hpp"
#include "shared/crypto/crypto.hpp"

namespace wasl::crypto {

/// What a key is for. No key does two of these.
enum class KeyKind {
  root,       ///< signs network statements, and leaves the machine at once
  registrar,  ///< adds organisations, invites, enrols
  log,        ///< the hub's: signs checkpoints and answers
  person,     ///< acts of power
  device,     ///< a section's hub: answers its offices, signs no work
};
std::string_view to_word(KeyKind kind);

/// What it costs to try a passphrase (Argon2id). It stands in the file: what is dear today may be cheap
/// later.
struct SealCost {
  std::uint64_t passes = 3;
  std::uint64_t memory = 256 * 1024 * 1024;  ///< bytes
};

class KeyFile {
 public:
  /// @param words for people: whose key it is and what to do with it, in lines.
  static KeyFile plain(KeyKind kind, const KeyPair& key, std::string words);
  /// Errors: invalid_value (no passphrase), storage_failed (too little memory).
  static Result<KeyFile> sealed(KeyKind kind, const KeyPair& key, std::string words,
                                std::string_view passphrase, Random& random, const SealCost& cost = {});
  /// Errors: corrupt (not one, or damaged), unsupported.
  static Result<KeyFile> decode(std::string_view text);
  [[nodiscard]] std::string encode() const;

  [[nodiscard]] KeyKind kind() const { return kind_; }
  [[nodiscard]] const PublicKey& public_key() const { return public_; }
  [[nodiscard]] const std::string& words() const { return words_; }
  [[nodiscard]] bool is_sealed() const { return std::holds_alternative<Sealed>(secret_); }
  /// @param passphrase unused for a plain one. Errors: unauthorised (another passphrase), corrupt,
  /// storage_failed (too little memory).
  [[nodiscard]] Result<KeyPair> open(std::string_view passphrase = {}) const;

 private:
  static constexpr std::size_t kBoxBytes = 16 + 32;
  struct Sealed {
    SealCost cost;
    Salt salt;
    Fixed<struct NonceTag, 24> nonce;
    Fixed<struct BoxTag, kBoxBytes> box;
  };
  using Plain = Seed;

  [[nodiscard]] Result<Hash> sealing_key(const Sealed& sealed, std::string_view passphrase) const;

  KeyKind kind_ = KeyKind::root;
  PublicKey public_;
  std::string words_;
  std::variant<Plain, Sealed> secret_;
};

/// Durable, mode 0600, as a whole or not at all. Errors: conflict (there is such a file), storage_failed.
Status write_key_file(const std::filesystem::path& path, const KeyFile& file);
/// Puts another in its place, in one step: a passphrase that changes.
Status replace_key_file(const std::filesystem::path& path, const KeyFile& file);
/// Errors: not_found, invalid_value (a key of another kind), corrupt, unsupported, storage_failed.
Result<KeyFile> read_key_file(const std::filesystem::path& path, KeyKind kind);
Result<KeyFile> read_key_file(const std::filesystem::path& path);

}  // namespace wasl::crypto
