#pragma once
// A leaf of `heads`, the one signed log: how far a space had grown at a commit, and what its state was.
// Values only.
#include <cstdint>
#include <optional>

#include "shared/base/bytes.hpp"
#include "shared/base/environment.hpp"
#include "shared/base/result.hpp"
#include "shared/ledger/blinding.hpp"

namespace wasl::ledger {

struct HeadsLeaf {
  Bytes name;                             ///< space: UTF-8 text, or 32 blinded bytes when it is private
  std::uint64_t size = 0;                 ///< entries of the space's log
  Hash root;                              ///< of the space's tree at `size`
  Hash digest;                            ///< state digest after the first `digest_position` entries
  std::uint64_t digest_position = 0;      ///< at most `size`: the digest may lag behind
  std::uint64_t authority_size = 0;       ///< entries of the authority log at that commit
  Millis hub_time = 0;                    ///< never negative
  std::optional<std::uint64_t> previous;  ///< index in `heads` of this space's last leaf before this one

  bool operator==(const HeadsLeaf&) const = default;

  [[nodiscard]] bool is_blinded() const { return name.size() == Hash::kSize; }
  /// @pre what decode checks holds.
  [[nodiscard]] Bytes encode() const;
  /// @return unsupported for another version byte; malformed for a name that is empty, too long or neither
  /// UTF-8 nor 32 bytes, a size above 2^63 - 1, a digest position above the size, or bytes left over.
  static Result<HeadsLeaf> decode(ByteView bytes);
};

/// The level 0 hash of the tree of `heads`.
Hash leaf_hash(const HeadsLeaf& leaf);

}  // namespace wasl::ledger
