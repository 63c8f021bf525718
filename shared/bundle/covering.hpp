#pragma once
// What makes entries believable that come from anybody: the leaf of the signed log `heads` under which they
// stand. Pure functions; office and hub ask the same.
#include <optional>

#include "shared/ledger/heads.hpp"
#include "shared/ledger/merkle.hpp"
#include "shared/ledger/note.hpp"
#include "shared/wire/messages.hpp"

namespace wasl {

/// The leaf of `vouched.space`, in a checkpoint that the log key signed.
struct VouchedLeaf {
  ledger::Checkpoint checkpoint;
  std::uint64_t index = 0;
  ledger::HeadsLeaf leaf;
};
/// @param epoch of the log `heads`. Errors: malformed, bad_signature (nothing that this key signed in this
/// epoch, or no leaf of that space).
Result<VouchedLeaf> open_vouched(const Vouched& vouched, const NetworkId& network, std::uint64_t epoch,
                                 const PublicKey& log_key);

/// Roots of a log on its way through a segment.
struct Reached {
  Hash at_known;  ///< root at the smaller of `known` and the segment's end
  Hash at_end;
  Position end = 0;
};
/// The space's log as the segment goes on from `before`, its first `segment.first` - 1 entries.
/// @param known a size of interest on the way. @pre at least segment.first - 1.
Reached follow(const Segment& segment, ledger::Frontier before, const std::optional<ledger::BlindingKey>& key,
               Position known);

/// What of the segment stands behind the first `size` entries, with the openings of that alone.
Segment behind(const Segment& segment, Position size);

}  // namespace wasl
