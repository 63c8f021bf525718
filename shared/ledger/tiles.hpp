#pragma once
// How a log is cut into files that never change (c2sp.org/tlog-tiles): paths and widths. Who serves a log and
// who reads one call the same functions. Pure.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/bytes.hpp"

namespace wasl::ledger {

constexpr unsigned kTileHeight = 8;                 // levels of the tree in one tile
constexpr unsigned kTileWidth = 1U << kTileHeight;  // hashes, or entries, of a full one
constexpr std::size_t kBundleEntryBytes =
    (std::size_t{1} << 16) - 1;  // the length before an entry has two bytes

/// A tile of hashes, or a bundle of entries.
struct Tile {
  bool entries = false;
  unsigned level = 0;  ///< of the tile: its hashes stand on level 8 × this of the tree
  std::uint64_t index = 0;
  unsigned width = kTileWidth;  ///< below kTileWidth: a partial tile

  bool operator==(const Tile&) const = default;
  [[nodiscard]] bool is_full() const { return width == kTileWidth; }
  /// Level in the tree of the hashes in it.
  [[nodiscard]] unsigned tree_level() const { return level * kTileHeight; }
  /// Index, on that level, of the first one.
  [[nodiscard]] std::uint64_t first() const { return index * kTileWidth; }
};

/// "tile/<L>/<N>[.p/<W>]" or "tile/entries/<N>[.p/<W>]", in the one spelling that the standard has for it.
std::optional<Tile> parse_tile_path(std::string_view path);
std::string tile_path(const Tile& tile);

/// Hashes that the tile has in a tree of `size` leaves: 0, when it is not there, to kTileWidth.
unsigned width_at(const Tile& tile, std::uint64_t size);

/// Adds an entry to a bundle. @pre at most kBundleEntryBytes.
void add_to_bundle(Bytes& bundle, ByteView entry);

}  // namespace wasl::ledger
