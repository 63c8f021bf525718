#pragma once
// How long the hub waits for whom, and what of its logs it keeps for that (PROTOCOL.md 21.1).
#include <optional>
#include <string>
#include <vector>

#include "server/hub/hub.hpp"
#include "shared/ledger/retention.hpp"

namespace wasl {

/// Nothing: it has never synced, or its key was revoked.
Result<std::optional<Millis>> leased_until(Hub& hub, const PublicKey& device,
                                           const ledger::RetentionRules& rules);

struct SpaceFloor {
  Position floor = 0;              ///< what stands up to it is news to nobody who is waited for
  Position old = 0;                ///< of the last entry that is old enough
  std::vector<PublicKey> held_by;  ///< devices that it waits for, if they alone keep it from `old`
};
/// @param snapshot position of the newest one, from which who is not waited for begins. Errors:
/// storage_failed, corrupt. @pre the space is not `authority`, of which everything is kept.
Result<SpaceFloor> floor_of(Hub& hub, Position snapshot, const std::string& space,
                            const ledger::RetentionRules& rules);
Result<SpaceFloor> floor_of(Hub& hub, const SnapshotShelf& shelf, const std::string& space,
                            const ledger::RetentionRules& rules);

}  // namespace wasl
