#pragma once
// The Merkle tree of a space's log, out of its rows: subtrees of 64 leaves and more are kept, smaller ones
// are made of the entries again. Proofs for any size up to the space's. Errors: corrupt (a row is missing).
#include <vector>

#include "shared/store/row_store.hpp"

namespace wasl::stored_tree {

/// Keeps those that are large enough.
Status save_nodes(RowStore& rows, SpaceNumber space, std::vector<ledger::Node> nodes);
/// @pre here and below: the space has so many entries.
Result<ledger::Frontier> frontier(RowStore& rows, const SpaceInfo& info, Position size);
/// That the first `size` entries begin with the first `part`.
Result<std::vector<Hash>> consistency(RowStore& rows, const SpaceInfo& info, Position part, Position size);
/// One proof for entries at rising positions within `size`.
Result<std::vector<Hash>> inclusion(RowStore& rows, const SpaceInfo& info,
                                    const std::vector<Position>& positions, Position size);
/// Hashes of level 0 (leaves), or of level 6 and above, in order.
Result<std::vector<Hash>> nodes(RowStore& rows, const SpaceInfo& info, unsigned level, std::uint64_t first,
                                std::size_t count);

}  // namespace wasl::stored_tree
