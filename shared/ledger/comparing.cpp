#include "shared/ledger/comparing.hpp"

#include "shared/ledger/merkle.hpp"

namespace wasl::ledger {
namespace {

/// Adds the leaf hashes of the tile in which the tree now ends, up to `size` leaves in all.
Status grow(Frontier& tree, std::uint64_t size, const TileAt& tiles) {
  Tile tile{.index = tree.size() / kTileWidth};
  tile.width = width_at(tile, size);
  WASL_LET(const auto bytes, tiles(tile));
  if (!bytes || bytes->size() < tile.width * Hash::kSize) {
    return fail(Errc::invalid_value, "the copy of the log lacks " + tile_path(tile),
                "copy everything below /log/heads/ again");
  }
  for (std::uint64_t at = tree.size() % kTileWidth; at < tile.width; ++at)
    tree.append(*Hash::from(ByteView(*bytes).subspan(at * Hash::kSize, Hash::kSize)));
  return {};
}

Result<Hash> root_of(Frontier& tree, std::uint64_t size, const TileAt& tiles) {
  while (tree.size() < size) WASL_TRY(grow(tree, size, tiles));
  return tree.root();
}

}  // namespace

Result<Comparison> compare(const Checkpoint& one, const Checkpoint& other, const TileAt& tiles) {
  const Checkpoint& shorter = one.size <= other.size ? one : other;
  const Checkpoint& longer = one.size <= other.size ? other : one;
  if (shorter.size == longer.size)
    return shorter.root == longer.root ? Comparison::one_history : Comparison::two_histories;
  if (!tiles) return Comparison::unknown;
  Frontier tree;
  WASL_LET(const Hash root_before, root_of(tree, shorter.size, tiles));
  WASL_LET(const Hash root_after, root_of(tree, longer.size, tiles));
  if (root_after != longer.root) {
    return fail(Errc::invalid_value,
                "the copy of the log is not of the checkpoint of size " + std::to_string(longer.size) +
                    (root_before == shorter.root ? "; it is of the shorter one's history" : ""),
                "copy /log/heads/ from whoever showed the longer checkpoint");
  }
  return root_before == shorter.root ? Comparison::one_history : Comparison::two_histories;
}

}  // namespace wasl::ledger
