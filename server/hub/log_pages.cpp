#include "server/hub/log_pages.hpp"

#include "shared/ledger/entry.hpp"

namespace wasl {
namespace {

constexpr std::string_view kHeads = "/log/heads/";
constexpr std::string_view kPublic = "/log/public/";

bool has(const ledger::Tile& tile, std::uint64_t size) { return width_at(tile, size) >= tile.width; }

LogPage hashes_page(const std::vector<Hash>& hashes) {
  LogPage page;
  for (const Hash& hash : hashes) page.body.append(text_view(hash.view()));
  return page;
}

}  // namespace

Result<std::optional<LogPage>> LogPages::page(std::string_view target) {
  const bool of_heads = target.starts_with(kHeads);
  if (!of_heads && !target.starts_with(kPublic)) return std::optional<LogPage>();
  target.remove_prefix((of_heads ? kHeads : kPublic).size());
  if (of_heads && target == "checkpoint") {
    if (heads_.note().empty()) return std::optional<LogPage>();
    return std::optional(LogPage{heads_.note(), true, false});
  }
  const auto tile = ledger::parse_tile_path(target);
  if (!tile) return std::optional<LogPage>();
  return of_heads ? heads_tile(*tile) : public_tile(*tile);
}

Result<std::optional<LogPage>> LogPages::heads_tile(const ledger::Tile& tile) {
  if (!has(tile, heads_.seen().size)) return std::optional<LogPage>();
  if (!tile.entries) {
    WASL_LET(const auto hashes, store_.heads_nodes(tile.tree_level(), tile.first(), tile.width));
    return std::optional(hashes_page(hashes));
  }
  WASL_LET(const auto leaves, store_.heads_leaves(tile.first(), tile.width));
  Bytes bundle;
  for (const Bytes& leaf : leaves) ledger::add_to_bundle(bundle, leaf);
  return std::optional(LogPage{to_text(bundle)});
}

Result<std::optional<LogPage>> LogPages::public_tile(const ledger::Tile& tile) {
  WASL_LET(const Position size, public_size());
  if (!has(tile, size)) return std::optional<LogPage>();
  if (!tile.entries) {
    WASL_LET(const auto hashes, store_.tree_nodes(kPublicSpace, tile.tree_level(), tile.first(), tile.width));
    return std::optional(hashes_page(hashes));
  }
  WASL_LET(const auto rows, store_.entries(kPublicSpace, tile.first() + 1, tile.first() + tile.width));
  if (rows.size() != tile.width) return fail(Errc::corrupt, "the hub's log of public has a gap");
  Bytes bundle;
  for (const EntryRow& row : rows) ledger::add_to_bundle(bundle, row.entry.encode());
  return std::optional(LogPage{to_text(bundle)});
}

Result<Position> LogPages::public_size() {
  WASL_LET(const SpaceInfo* const info, store_.space(kPublicSpace));
  if (info->leaf.empty()) return Position{0};
  std::uint64_t index = info->leaf_index;
  Bytes bytes = info->leaf;
  for (;;) {
    WASL_LET(const ledger::HeadsLeaf leaf, ledger::HeadsLeaf::decode(bytes));
    if (index < heads_.seen().size) return leaf.size;
    if (!leaf.previous) return Position{0};
    index = *leaf.previous;
    WASL_LET(bytes, store_.heads_leaf(index));
  }
}

}  // namespace wasl
