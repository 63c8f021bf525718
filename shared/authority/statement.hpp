#pragma once
// The network statement: the only thing root keys sign (PROTOCOL.md section 6).
#include <cstdint>
#include <string>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/crypto/crypto.hpp"

namespace wasl {

struct NetworkStatement {
  static constexpr Byte kVersion = 1;

  std::uint64_t number = 1;
  Hash previous;  ///< hash of the statement before; 32 zero bytes for number 1
  std::string name;
  std::vector<PublicKey> roots;
  std::uint32_t threshold = 1;
  PublicKey log_key;
  std::vector<PublicKey> witnesses;
  std::vector<PublicKey> registrars;
  Hash schema;
  std::uint64_t epoch = 1;  ///< number of the hub log's life
};

Bytes encode(const NetworkStatement& statement);
Hash hash_of(ByteView statement_bytes);

/// A statement with the signatures of its roots.
struct SignedStatement {
  struct RootSignature {
    PublicKey root;
    Signature signature;
  };
  Bytes bytes;
  std::vector<RootSignature> signatures;

  [[nodiscard]] Hash hash() const { return hash_of(bytes); }
};

void add_signature(SignedStatement& statement, const crypto::KeyPair& root);
/// How many of these roots have signed it, each once.
std::size_t right_signatures(const SignedStatement& statement, const std::vector<PublicKey>& roots);
Bytes encode(const SignedStatement& statement);
Result<SignedStatement> decode_signed_statement(ByteView bytes);

/// Checks shape and signatures. `before` is the statement it follows (its roots sign too), or null for the
/// first. Errors: malformed, bad_signature.
Result<NetworkStatement> open_statement(const SignedStatement& statement, const NetworkStatement* before,
                                        const Hash* before_hash);

/// A network is named by the hash of its first statement.
inline NetworkId network_id(const Hash& first_statement) { return NetworkId{first_statement.bytes}; }

}  // namespace wasl
