#include "shared/crypto/sealing.hpp"

#include <sodium.h>

#include "shared/base/result.hpp"

namespace wasl::crypto {
namespace {

using Nonce = std::array<Byte, crypto_box_NONCEBYTES>;

/// That of crypto_box_seal.
Nonce seal_nonce(ByteView ephemeral, const PublicKey& recipient) {
  Nonce nonce;
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, nonce.size());
  crypto_generichash_update(&state, ephemeral.data(), ephemeral.size());
  crypto_generichash_update(&state, recipient.bytes.data(), recipient.bytes.size());
  crypto_generichash_final(&state, nonce.data(), nonce.size());
  return nonce;
}

std::array<Byte, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES> lock_nonce(std::uint64_t number) {
  std::array<Byte, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES> nonce{};
  for (unsigned i = 0; i < 8; ++i) nonce[i] = static_cast<Byte>(number >> (8 * i));
  return nonce;
}

}  // namespace

static_assert(kSealedKeyBytes == SecretKey::kSize + crypto_box_SEALBYTES);
static_assert(kLockedMore == crypto_aead_xchacha20poly1305_ietf_ABYTES);

Bytes seal(const SecretKey& secret, const PublicKey& recipient, Random& random) {
  auto seed = random.fixed<Seed>();
  Bytes sealed(kSealedKeyBytes);
  std::array<Byte, crypto_box_SECRETKEYBYTES> ephemeral;
  crypto_box_seed_keypair(sealed.data(), ephemeral.data(), seed.bytes.data());
  const Nonce nonce = seal_nonce(ByteView(sealed).first(crypto_box_PUBLICKEYBYTES), recipient);
  const int done =
      crypto_box_easy(sealed.data() + crypto_box_PUBLICKEYBYTES, secret.bytes.data(), secret.bytes.size(),
                      nonce.data(), recipient.bytes.data(), ephemeral.data());
  sodium_memzero(ephemeral.data(), ephemeral.size());
  sodium_memzero(seed.bytes.data(), seed.bytes.size());
  // A key of low order: nobody could open it, and nobody shall.
  if (done != 0) random.fill(sealed);
  return sealed;
}

std::optional<SecretKey> unseal(ByteView sealed, const Seed& secret) {
  if (sealed.size() != kSealedKeyBytes) return std::nullopt;
  const PublicKey own = sealing_public_key(secret);
  SecretKey out;
  const int done = crypto_box_seal_open(out.bytes.data(), sealed.data(), sealed.size(), own.bytes.data(),
                                        secret.bytes.data());
  return done == 0 ? std::optional(out) : std::nullopt;
}

Bytes lock(ByteView plain, const SecretKey& key, std::uint64_t number, ByteView bound_to) {
  const auto nonce = lock_nonce(number);
  Bytes out(plain.size() + kLockedMore);
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data(), nullptr, plain.data(), plain.size(), bound_to.data(),
                                             bound_to.size(), nullptr, nonce.data(), key.bytes.data());
  return out;
}

std::optional<Bytes> unlock(ByteView locked, const SecretKey& key, std::uint64_t number, ByteView bound_to) {
  if (locked.size() < kLockedMore) return std::nullopt;
  const auto nonce = lock_nonce(number);
  Bytes out(locked.size() - kLockedMore);
  const int done = crypto_aead_xchacha20poly1305_ietf_decrypt(out.data(), nullptr, nullptr, locked.data(),
                                                              locked.size(), bound_to.data(), bound_to.size(),
                                                              nonce.data(), key.bytes.data());
  return done == 0 ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<PublicKey> sealing_key_of(const PublicKey& signing) {
  PublicKey out;
  if (crypto_sign_ed25519_pk_to_curve25519(out.bytes.data(), signing.bytes.data()) != 0) return std::nullopt;
  return out;
}

Seed sealing_secret_of(const KeyPair& signing) {
  // The first half of the secret is the seed; libsodium derives the rest from it.
  std::array<Byte, crypto_sign_SECRETKEYBYTES> secret;
  const Seed seed = signing.seed();
  PublicKey ignored;
  crypto_sign_seed_keypair(ignored.bytes.data(), secret.data(), seed.bytes.data());
  Seed out;
  crypto_sign_ed25519_sk_to_curve25519(out.bytes.data(), secret.data());
  sodium_memzero(secret.data(), secret.size());
  return out;
}

}  // namespace wasl::crypto
