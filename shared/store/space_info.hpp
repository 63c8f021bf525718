#pragma once
// How far a space's log is stored, applied, digested and proved.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/environment.hpp"
#include "shared/ledger/blinding.hpp"
#include "shared/ledger/merkle.hpp"
#include "shared/snapshot/ground.hpp"
#include "shared/store/log_rows.hpp"

namespace wasl {

/// Where a log begins of which the first entries are not here: the state behind them came as a snapshot.
struct LogStart {
  snapshot::Ground ground;
  std::vector<Hash> pieces;  ///< of that state, in order
};

struct SpaceInfo {
  SpaceNumber number = 0;
  std::string name;
  Position size = 0;  ///< entries stored
  Position applied =
      0;  ///< entries whose effect is in the confirmed state; a group takes effect at its last part
  Position digested = 0;  ///< entries whose records the stored buckets of the digest cover
  Position proved = 0;    ///< entries that stand under a root which the hub signed
  Position authority =
      0;  ///< size of `authority` when the hub signed that: what comes after rests on no less
  ledger::Frontier frontier;
  std::optional<ledger::BlindingKey> key;
  std::uint64_t leaf_index = 0;           ///< of the newest leaf of `heads` verified for this space
  Bytes leaf;                             ///< empty: none yet
  Millis as_of = 0;                       ///< hub time of the last proof that covered this space
  std::shared_ptr<const LogStart> start;  ///< null: the log is here from its first entry on

  /// Entries that are not here, because the log was begun behind them.
  [[nodiscard]] Position begins_behind() const { return start ? start->ground.frontier.size() : 0; }
};

/// Whose entries' hashes are blinded. Null: nobody's.
inline std::optional<ledger::BlindingKey> blinding_of(const SpaceInfo& info) {
  return is_private_space(info.name) ? info.key : std::nullopt;
}

}  // namespace wasl
