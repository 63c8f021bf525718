#pragma once
// What a revocation for `compromised` takes back in a space, and the state without it (PROTOCOL.md 6.6).
// Hub and replica ask the same. Thread: that of the store's Database; inside the caller's transaction.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "shared/authority/authority_state.hpp"
#include "shared/store/log_store.hpp"

namespace wasl {

/// An entry that stands and may not.
struct FallenEntry {
  Position position = 0;
  Hash name;
};

/// Of the space's first `until` entries those that revocations at or before `at` void and that no `void`
/// names yet, in their order.
Result<std::vector<FallenEntry>> fallen_entries(LogStore& store, const SpaceInfo& info,
                                                const AuthorityState& authority, Position at, Position until,
                                                const NetworkId& network);

/// By register and id.
using TouchedRecords = std::map<std::pair<std::uint32_t, std::string>, RecordState>;
/// The records that `fallen` touched, as the first `until` entries give them without `fallen` and without
/// what was voided before. A record that is left without heads and deletes was never there.
Result<TouchedRecords> records_without(LogStore& store, const SpaceInfo& info,
                                       const AuthorityState& authority,
                                       const std::vector<FallenEntry>& fallen, Position until,
                                       const NetworkId& network);

}  // namespace wasl
