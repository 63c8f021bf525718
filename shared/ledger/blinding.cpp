#include "shared/ledger/blinding.hpp"

#include "shared/crypto/crypto.hpp"

namespace wasl::ledger {
namespace {

Hash blind(const BlindingKey& key, Byte purpose, ByteView what) {
  Bytes data{purpose};
  append(data, what);
  return crypto::hmac_sha256(key.view(), data);
}

}  // namespace

Hash blind_leaf(const BlindingKey& key, ByteView entry) { return blind(key, 0x00, entry); }
Hash blind_name(const BlindingKey& key, std::string_view name) { return blind(key, 0x01, view(name)); }

}  // namespace wasl::ledger
