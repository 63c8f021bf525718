#pragma once
// The only room that knows libsodium: hashing under domain tags, Ed25519, SHA-256.
// Thread: free functions are safe from any thread once `crypto::start()` has returned true.
#include <initializer_list>
#include <memory>
#include <string_view>

#include "shared/base/bytes.hpp"
#include "shared/base/environment.hpp"

namespace wasl::crypto {

/// Initialises the library; call once in main. @return false when the machine gives no randomness.
bool start();

/// BLAKE2b-256 over length-of-tag ‖ tag ‖ parts. A tag a kind of object, so that no bytes mean two things.
Hash hash(std::string_view tag, std::initializer_list<ByteView> parts);
inline Hash hash(std::string_view tag, ByteView data) { return hash(tag, {data}); }

Hash sha256(std::initializer_list<ByteView> parts);
Hash hmac_sha256(ByteView key, ByteView data);

/// An Ed25519 key pair. The secret half is wiped when the object goes.
class KeyPair {
 public:
  static KeyPair generate(Random& random);
  static KeyPair from_seed(const Fixed<struct SeedTag, 32>& seed);
  KeyPair(KeyPair&&) noexcept;
  KeyPair& operator=(KeyPair&&) noexcept;
  KeyPair(const KeyPair&) = delete;
  KeyPair& operator=(const KeyPair&) = delete;
  ~KeyPair();

  [[nodiscard]] const PublicKey& public_key() const { return public_; }
  [[nodiscard]] Fixed<struct SeedTag, 32> seed() const;
  [[nodiscard]] Signature sign(ByteView message) const;

 private:
  KeyPair() = default;
  PublicKey public_;
  std::array<Byte, 64> secret_{};
};
using Seed = Fixed<struct SeedTag, 32>;

bool verify(const PublicKey& key, ByteView message, const Signature& signature);
/// libsodium 1.0.18 verifies under mixed-order keys; such a key must not enter a network.
bool is_valid_key(const PublicKey& key);

/// The X25519 public half of a secret, for sealed bundles.
PublicKey sealing_public_key(const Seed& secret);

/// The operating system's randomness.
class SystemRandom final : public Random {
 public:
  void fill(std::span<Byte> out) override;
};

}  // namespace wasl::crypto
