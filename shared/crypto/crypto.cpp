#include "shared/crypto/crypto.hpp"

#include <sodium.h>

#include <utility>

#include "shared/base/result.hpp"

namespace wasl::crypto {

bool start() { return sodium_init() >= 0; }

Hash hash(std::string_view tag, std::initializer_list<ByteView> parts) {
  WASL_ASSERT(!tag.empty() && tag.size() < 256);
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, Hash::kSize);
  const auto length = static_cast<Byte>(tag.size());
  crypto_generichash_update(&state, &length, 1);
  crypto_generichash_update(&state, view(tag).data(), tag.size());
  for (const ByteView part : parts) crypto_generichash_update(&state, part.data(), part.size());
  Hash out;
  crypto_generichash_final(&state, out.bytes.data(), out.bytes.size());
  return out;
}

Hash sha256(std::initializer_list<ByteView> parts) {
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  for (const ByteView part : parts) crypto_hash_sha256_update(&state, part.data(), part.size());
  Hash out;
  crypto_hash_sha256_final(&state, out.bytes.data());
  return out;
}

Hash hmac_sha256(ByteView key, ByteView data) {
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, key.data(), key.size());
  crypto_auth_hmacsha256_update(&state, data.data(), data.size());
  Hash out;
  crypto_auth_hmacsha256_final(&state, out.bytes.data());
  return out;
}

KeyPair KeyPair::generate(Random& random) {
  auto seed = random.fixed<Seed>();
  KeyPair pair = from_seed(seed);
  sodium_memzero(seed.bytes.data(), seed.bytes.size());
  return pair;
}

KeyPair KeyPair::from_seed(const Seed& seed) {
  KeyPair pair;
  crypto_sign_seed_keypair(pair.public_.bytes.data(), pair.secret_.data(), seed.bytes.data());
  return pair;
}

KeyPair::KeyPair(KeyPair&& other) noexcept : public_(other.public_), secret_(other.secret_) {
  sodium_memzero(other.secret_.data(), other.secret_.size());
}

KeyPair& KeyPair::operator=(KeyPair&& other) noexcept {
  std::swap(public_, other.public_);
  std::swap(secret_, other.secret_);
  return *this;
}

KeyPair::~KeyPair() { sodium_memzero(secret_.data(), secret_.size()); }

Seed KeyPair::seed() const {
  Seed out;
  crypto_sign_ed25519_sk_to_seed(out.bytes.data(), secret_.data());
  return out;
}

Signature KeyPair::sign(ByteView message) const {
  Signature out;
  crypto_sign_detached(out.bytes.data(), nullptr, message.data(), message.size(), secret_.data());
  return out;
}

bool verify(const PublicKey& key, ByteView message, const Signature& signature) {
  return crypto_sign_verify_detached(signature.bytes.data(), message.data(), message.size(),
                                     key.bytes.data()) == 0;
}

bool is_valid_key(const PublicKey& key) { return crypto_core_ed25519_is_valid_point(key.bytes.data()) == 1; }

PublicKey sealing_public_key(const Seed& secret) {
  PublicKey out;
  crypto_scalarmult_curve25519_base(out.bytes.data(), secret.bytes.data());
  return out;
}

void SystemRandom::fill(std::span<Byte> out) { randombytes_buf(out.data(), out.size()); }

}  // namespace wasl::crypto
