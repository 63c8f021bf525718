#pragma once
// Two checkpoints of one log, both signed by its key: one history, or the proof of a lie. Pure.
#include <functional>
#include <optional>

#include "shared/ledger/note.hpp"
#include "shared/ledger/tiles.hpp"

namespace wasl::ledger {

enum class Comparison {
  one_history,    ///< the same, or the longer one begins with the shorter
  two_histories,  ///< no log has both: whoever signed them has lied
  unknown,        ///< of different sizes, and the log between them is not here
};

/// The full tile, or a partial one at least `tile.width` wide; nothing when there is none.
using TileAt = std::function<Result<std::optional<Bytes>>(const Tile& tile)>;

/// @param tiles level 0 of the log, as somebody keeps a copy of it; without them only equal sizes say
/// something. Errors: invalid_value (the tiles are not of the larger checkpoint, or a tile is missing), and
/// those of `tiles`.
Result<Comparison> compare(const Checkpoint& one, const Checkpoint& other, const TileAt& tiles);

}  // namespace wasl::ledger
