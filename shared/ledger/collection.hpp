#pragma once
// What an entry of kind `collect` lists: dead records that leave a space's state for good (PROTOCOL.md 21.5).
// Values only; whether they may go is asked in shared/store/collecting.hpp.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"

namespace wasl::ledger {

struct Collection {
  static constexpr std::size_t kRecordsMost = 256;  // one slice of an office that applies it, 17 KB

  std::uint64_t floor = 0;  ///< what is older than its entry, and settled
  std::vector<std::pair<std::uint32_t, std::string>> records{};  ///< register and id, rising

  bool operator==(const Collection&) const = default;
  /// varint floor ‖ varint records, each varint register ‖ sized id.
  [[nodiscard]] Bytes encode() const;
  /// Errors: malformed.
  static Result<Collection> decode(ByteView bytes);
};

/// Of the encoded form: the entry's hash.
Hash collection_hash(ByteView bytes);

}  // namespace wasl::ledger
