#include "shared/authority/statement.hpp"

#include <algorithm>
#include <set>

#include "shared/base/packed.hpp"

namespace wasl {
namespace {

constexpr std::size_t kKeysMost = 64;
constexpr std::size_t kNameBytes = 256;

void encode_keys(Writer& out, const std::vector<PublicKey>& keys) {
  out.varint(keys.size());
  for (const PublicKey& key : keys) out.fixed(key);
}

std::vector<PublicKey> decode_keys(Reader& in) {
  std::vector<PublicKey> keys(static_cast<std::size_t>(in.count(kKeysMost)));
  for (PublicKey& key : keys) key = in.fixed<PublicKey>();
  return keys;
}

Bytes signed_message(ByteView statement_bytes) {
  Bytes message = to_bytes("wasl.1/statement-signature");
  append(message, hash_of(statement_bytes).view());
  return message;
}

Result<NetworkStatement> decode(ByteView bytes) {
  Reader in(bytes);
  if (in.byte() != NetworkStatement::kVersion) {
    return fail(Errc::unsupported, "the network statement was written by a newer version",
                "update the program");
  }
  NetworkStatement s;
  s.number = in.varint();
  s.previous = in.fixed<Hash>();
  s.name = in.text(kNameBytes);
  s.roots = decode_keys(in);
  s.threshold = static_cast<std::uint32_t>(in.count(kKeysMost));
  s.log_key = in.fixed<PublicKey>();
  s.witnesses = decode_keys(in);
  s.registrars = decode_keys(in);
  s.schema = in.fixed<Hash>();
  s.epoch = in.varint();
  if (!in.finished() || s.number == 0 || s.threshold == 0 || s.threshold > s.roots.size()) {
    return fail(Errc::malformed, "the network statement does not follow the format");
  }
  return s;
}

}  // namespace

Bytes encode(const NetworkStatement& s) {
  Writer out;
  out.byte(NetworkStatement::kVersion);
  out.varint(s.number);
  out.fixed(s.previous);
  out.sized(s.name);
  encode_keys(out, s.roots);
  out.varint(s.threshold);
  out.fixed(s.log_key);
  encode_keys(out, s.witnesses);
  encode_keys(out, s.registrars);
  out.fixed(s.schema);
  out.varint(s.epoch);
  return out.take();
}

Hash hash_of(ByteView statement_bytes) { return crypto::hash("wasl.1/statement", statement_bytes); }

std::size_t right_signatures(const SignedStatement& statement, const std::vector<PublicKey>& roots) {
  std::set<PublicKey> seen;
  const Bytes message = signed_message(statement.bytes);
  for (const auto& [root, signature] : statement.signatures) {
    if (std::find(roots.begin(), roots.end(), root) != roots.end() &&
        crypto::verify(root, message, signature)) {
      seen.insert(root);
    }
  }
  return seen.size();
}

void add_signature(SignedStatement& statement, const crypto::KeyPair& root) {
  statement.signatures.push_back({root.public_key(), root.sign(signed_message(statement.bytes))});
}

Bytes encode(const SignedStatement& statement) {
  Writer out;
  out.sized(statement.bytes);
  out.varint(statement.signatures.size());
  for (const auto& [root, signature] : statement.signatures) {
    out.fixed(root);
    out.fixed(signature);
  }
  return out.take();
}

Result<SignedStatement> decode_signed_statement(ByteView bytes) {
  Reader in(bytes);
  SignedStatement out;
  out.bytes = to_bytes(in.sized(16 * 1024));
  const auto count = in.count(kKeysMost);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const auto root = in.fixed<PublicKey>();
    out.signatures.push_back({root, in.fixed<Signature>()});
  }
  if (!in.finished()) return fail(Errc::malformed, "the network statement is cut short or padded");
  return out;
}

Result<NetworkStatement> open_statement(const SignedStatement& statement, const NetworkStatement* before,
                                        const Hash* before_hash) {
  WASL_LET(NetworkStatement opened, decode(statement.bytes));
  if (right_signatures(statement, opened.roots) < opened.threshold) {
    return fail(Errc::bad_signature, "the network statement lacks signatures of its root keys");
  }
  if (before == nullptr) {
    if (opened.number != 1 || !opened.previous.is_zero()) {
      return fail(Errc::malformed, "the first network statement must have number 1");
    }
    return opened;
  }
  if (opened.number != before->number + 1 || opened.previous != *before_hash ||
      opened.epoch < before->epoch) {
    return fail(Errc::malformed, "the network statement does not follow the one before it");
  }
  if (right_signatures(statement, before->roots) < before->threshold) {
    return fail(Errc::bad_signature, "the network statement lacks signatures of the root keys before it");
  }
  return opened;
}

}  // namespace wasl
