#include "shared/authority/statement.hpp"

#include <algorithm>
#include <set>

#include "shared/base/packed.hpp"

namespace wasl {
namespace {

constexpr std::size_t kKeysMost = 64;
constexpr std::size_t kNetworkNameBytes = 256;

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

/// Keys that cannot be used, twice, or for two things: a threshold would not be what it says.
bool are_sound(const NetworkStatement& s) {
  std::set<PublicKey> seen;
  const auto enters = [&](const PublicKey& key) {
    return crypto::is_valid_key(key) && seen.insert(key).second;
  };
  return std::all_of(s.roots.begin(), s.roots.end(), enters) && enters(s.log_key) &&
         std::all_of(s.registrars.begin(), s.registrars.end(), enters) &&
         std::all_of(s.witnesses.begin(), s.witnesses.end(), enters);
}

constexpr std::string_view kFileLine = "wasl-statement 1\n";
constexpr std::string_view kFileWord = "wasl-statement ";

}  // namespace

std::vector<PublicKey> signers(const SignedStatement& statement, const std::vector<PublicKey>& roots) {
  std::vector<PublicKey> out;
  const Bytes message = signed_message(statement.bytes);
  for (const PublicKey& root : roots) {
    const bool has_signed = std::any_of(
        statement.signatures.begin(), statement.signatures.end(),
        [&](const auto& one) { return one.root == root && crypto::verify(root, message, one.signature); });
    if (has_signed) out.push_back(root);
  }
  return out;
}

Result<NetworkStatement> decode_statement(ByteView bytes) {
  Reader in(bytes);
  if (in.byte() != NetworkStatement::kVersion) {
    return fail(Errc::unsupported, "the network statement was written by a newer version",
                "update the program");
  }
  NetworkStatement s;
  s.number = in.varint();
  s.previous = in.fixed<Hash>();
  s.name = in.text(kNetworkNameBytes);
  s.roots = decode_keys(in);
  s.threshold = static_cast<std::uint32_t>(in.count(kKeysMost));
  s.log_key = in.fixed<PublicKey>();
  s.witnesses = decode_keys(in);
  s.registrars = decode_keys(in);
  s.schema = in.fixed<Hash>();
  s.epoch = in.varint();
  if (!in.finished() || s.number == 0 || s.threshold == 0 || s.threshold > s.roots.size() || s.epoch == 0) {
    return fail(Errc::malformed, "the network statement does not follow the format");
  }
  if (!are_sound(s)) {
    return fail(Errc::malformed,
                "the network statement names a key twice, for two things, or one that is none");
  }
  return s;
}

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

void add_signature(SignedStatement& statement, const crypto::KeyPair& root) {
  const bool is_there = std::any_of(statement.signatures.begin(), statement.signatures.end(),
                                    [&](const auto& one) { return one.root == root.public_key(); });
  if (is_there) return;
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
  WASL_LET(NetworkStatement opened, decode_statement(statement.bytes));
  if (signers(statement, opened.roots).size() < opened.threshold) {
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
  if (signers(statement, before->roots).size() < before->threshold) {
    return fail(Errc::bad_signature, "the network statement lacks signatures of the root keys before it");
  }
  return opened;
}

Result<std::vector<OpenedStatement>> walk_statements(const std::vector<SignedStatement>& chain,
                                                     const NetworkId& network) {
  std::vector<OpenedStatement> out;
  for (const SignedStatement& one : chain) {
    const OpenedStatement* before = out.empty() ? nullptr : &out.back();
    WASL_LET(NetworkStatement statement,
             open_statement(one, before ? &before->statement : nullptr, before ? &before->hash : nullptr));
    out.push_back({std::move(statement), one.hash()});
  }
  if (out.empty()) return fail(Errc::malformed, "there is no network statement");
  if (network_id(out.front().hash) != network) {
    return fail(Errc::wrong_network, "these are the statements of another network",
                "check the hub's address");
  }
  return out;
}

std::string to_text(const StatementFile& file) {
  std::string text(kFileLine);
  if (file.before) text += "before " + to_base64url(encode(*file.before)) + "\n";
  return text + "statement " + to_base64url(encode(file.draft)) + "\n";
}

Result<StatementFile> parse_statement_file(std::string_view text) {
  if (text.starts_with(kFileWord) && !text.starts_with(kFileLine)) {
    return fail(Errc::unsupported, "this statement's file was written by a newer version",
                "update the program");
  }
  const auto broken = [] {
    return fail(Errc::malformed, "this is no whole file of a network statement", "copy it again");
  };
  if (!text.starts_with(kFileLine)) return broken();
  text.remove_prefix(kFileLine.size());
  const auto take = [&](std::string_view name) -> std::optional<SignedStatement> {
    const auto end = text.find('\n');
    if (!text.starts_with(name) || end == std::string_view::npos) return std::nullopt;
    const auto bytes = from_base64url(text.substr(name.size(), end - name.size()));
    text.remove_prefix(end + 1);
    if (!bytes) return std::nullopt;
    auto statement = decode_signed_statement(*bytes);
    if (!statement) return std::nullopt;
    return *std::move(statement);
  };
  StatementFile file;
  if (text.starts_with("before ")) {
    file.before = take("before ");
    if (!file.before) return broken();
  }
  auto draft = take("statement ");
  if (!draft || !text.empty()) return broken();
  file.draft = *std::move(draft);
  return file;
}

}  // namespace wasl
