#pragma once
// The network statement: the only thing root keys sign (PROTOCOL.md section 6).
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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

/// A root that has signed already changes nothing.
void add_signature(SignedStatement& statement, const crypto::KeyPair& root);
/// Those of the keys given that have signed it.
std::vector<PublicKey> signers(const SignedStatement& statement, const std::vector<PublicKey>& roots);
Bytes encode(const SignedStatement& statement);
Result<SignedStatement> decode_signed_statement(ByteView bytes);

/// Shape only: what is drafted, and signed by nobody yet. Errors: malformed, unsupported.
Result<NetworkStatement> decode_statement(ByteView bytes);
/// Checks shape and signatures. `before` is the statement it follows (its roots sign too), or null for the
/// first. Errors: malformed, bad_signature.
Result<NetworkStatement> open_statement(const SignedStatement& statement, const NetworkStatement* before,
                                        const Hash* before_hash);

struct OpenedStatement {
  NetworkStatement statement;
  Hash hash;
};
/// All statements of a network, from number 1 on: nothing but its name is needed to believe the last of them.
/// Errors: malformed, bad_signature, wrong_network, unsupported.
Result<std::vector<OpenedStatement>> walk_statements(const std::vector<SignedStatement>& chain,
                                                     const NetworkId& network);

/// A statement on its way from root to root, as a file that people carry: with the one in force before it, so
/// that whoever signs sees what changes.
struct StatementFile {
  std::optional<SignedStatement> before;  ///< none: the network's first
  SignedStatement draft;
};
std::string to_text(const StatementFile& file);
/// Errors: malformed, unsupported.
Result<StatementFile> parse_statement_file(std::string_view text);

/// A network is named by the hash of its first statement.
inline NetworkId network_id(const Hash& first_statement) { return NetworkId{first_statement.bytes}; }

}  // namespace wasl
