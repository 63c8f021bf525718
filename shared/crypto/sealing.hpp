#pragma once
// Bytes that only the holder of a key can open: a short secret to an X25519 key, and much under that secret.
// Thread: free functions, as in crypto.hpp.
#include <optional>

#include "shared/crypto/crypto.hpp"

namespace wasl::crypto {

using SecretKey = Fixed<struct SecretKeyTag, 32>;
constexpr std::size_t kSealedKeyBytes = 80;
constexpr std::size_t kLockedMore = 16;  ///< bytes that lock() adds

/// As libsodium's crypto_box_seal, with the randomness of the caller.
Bytes seal(const SecretKey& secret, const PublicKey& recipient, Random& random);
/// @param secret the X25519 half of the key that it was sealed to.
std::optional<SecretKey> unseal(ByteView sealed, const Seed& secret);

/// XChaCha20-Poly1305. @param number never twice under one key.
Bytes lock(ByteView plain, const SecretKey& key, std::uint64_t number, ByteView bound_to);
std::optional<Bytes> unlock(ByteView locked, const SecretKey& key, std::uint64_t number, ByteView bound_to);

/// The X25519 halves that go with a key which signs: of one that publishes no key of its own to seal to.
/// @return nothing for what is no point of the curve.
std::optional<PublicKey> sealing_key_of(const PublicKey& signing);
Seed sealing_secret_of(const KeyPair& signing);

}  // namespace wasl::crypto
