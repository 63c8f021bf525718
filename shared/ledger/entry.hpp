#pragma once
// An entry of a space's log, and the Merkle leaf made of it. Values only.
#include <cstdint>
#include <optional>

#include "shared/base/bytes.hpp"
#include "shared/base/environment.hpp"
#include "shared/base/packed.hpp"
#include "shared/base/result.hpp"
#include "shared/ledger/blinding.hpp"

namespace wasl::ledger {

enum class EntryKind : Byte {
  accept = 1,
  adopt = 2,
  void_ = 3,
  unvoid = 4,
  snapshot = 5,
  statement = 6,
  collect = 7,
};
constexpr EntryKind kNewestKind = EntryKind::collect;

struct Entry {
  EntryKind kind = EntryKind::accept;
  Hash hash;  ///< of the change set, the snapshot's manifest, the statement or the list of what is collected
  std::uint64_t authority = 0;  ///< position of the authority log that this entry was judged at
  Millis hub_time = 0;          ///< never negative

  bool operator==(const Entry&) const = default;

  /// kind byte ‖ 32 bytes ‖ varint authority ‖ varint hub time. @pre hub_time >= 0.
  void write(Writer& out) const;
  [[nodiscard]] Bytes encode() const;
  /// Reads one entry of a longer message; fails `in` at an unknown kind or a time above 2^63 - 1.
  static Entry read(Reader& in);
  /// @return unsupported for a kind of a newer version, malformed for anything else that is not one entry.
  static Result<Entry> decode(ByteView bytes);
};

/// The bytes of the entry, or 32 blinded bytes when the space is private.
Bytes leaf_data(const Entry& entry, const std::optional<BlindingKey>& key);
/// The level 0 hash of the space's tree.
Hash leaf_hash(const Entry& entry, const std::optional<BlindingKey>& key);

}  // namespace wasl::ledger
