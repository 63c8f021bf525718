#pragma once
// Hides the entries and the names of private spaces in logs that everybody shares. The hub makes a key for
// each private space and gives it to the space's readers. Pure functions.
#include "shared/base/bytes.hpp"

namespace wasl::ledger {

using BlindingKey = Fixed<struct BlindingKeyTag, 32>;

/// Leaf data of an entry of a private space: HMAC-SHA-256(key, 0x00 ‖ entry).
Hash blind_leaf(const BlindingKey& key, ByteView entry);
/// A private space's name in a leaf of `heads`: HMAC-SHA-256(key, 0x01 ‖ name).
Hash blind_name(const BlindingKey& key, std::string_view name);

}  // namespace wasl::ledger
