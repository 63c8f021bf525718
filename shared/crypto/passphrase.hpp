#pragma once
// Where a passphrase comes from: a person at the terminal, or a file that a script names.
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/result.hpp"
#include "shared/crypto/key_file.hpp"

namespace wasl::crypto {

constexpr std::size_t kPassphraseLeast = 8;  // bytes of a new one: Argon2id buys time, not a good passphrase

/// Words that are wiped when the object goes.
class Passphrase {
 public:
  explicit Passphrase(std::string words) : words_(std::move(words)) {}
  Passphrase(Passphrase&& other) noexcept;
  Passphrase& operator=(Passphrase&&) = delete;
  ~Passphrase();
  [[nodiscard]] std::string_view view() const { return words_; }

 private:
  std::string words_;
};

/// @param file its first line is the passphrase; none: the terminal, without echo. Errors: not_found (no
/// terminal to ask at, no such file), invalid_value (empty), storage_failed.
Result<Passphrase> ask_passphrase(const std::string& prompt,
                                  const std::optional<std::filesystem::path>& file);
/// The same for a new one: at the terminal it is asked twice. Errors: also invalid_value (too short, or not
/// the same twice).
Result<Passphrase> ask_new_passphrase(const std::string& prompt,
                                      const std::optional<std::filesystem::path>& file);

/// Reads the file and opens it; a person is asked only when it is sealed.
Result<KeyPair> load_key(const std::filesystem::path& path, KeyKind kind,
                         const std::optional<std::filesystem::path>& passphrase_file = {});

}  // namespace wasl::crypto
