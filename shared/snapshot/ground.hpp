#pragma once
// What a space's log goes on from at a position, beside the records (PROTOCOL.md 20.1). Pure values.
#include <map>
#include <string_view>
#include <utility>

#include "shared/base/environment.hpp"
#include "shared/ledger/merkle.hpp"
#include "shared/model/change_set.hpp"

namespace wasl::snapshot {

struct Ground {
  ledger::Frontier frontier;    ///< of the log's tree; its size is the position
  std::uint64_t authority = 0;  ///< position that the last entry names
  Millis hub_time = 0;          ///< of the last entry
  std::map<Source, ChainEnd> ends;
  /// Headers that stand in the log and have no entry by then: they may get one.
  std::map<std::pair<Source, Sequence>, Hash> stand_ins;

  bool operator==(const Ground&) const = default;

  /// Whether the change set at this place of a chain has its entry.
  [[nodiscard]] bool has_entry(const Source& source, Sequence sequence) const;
};

Bytes encode(const Ground& ground);
/// @param space whose log it is. Errors: malformed.
Result<Ground> decode_ground(ByteView bytes, std::string_view space);

}  // namespace wasl::snapshot
