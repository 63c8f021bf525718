#include "shared/store/stored_tree.hpp"

namespace wasl::stored_tree {
namespace {

constexpr unsigned kKeptLevel = 6;

Result<std::vector<Hash>> leaves(RowStore& rows, const SpaceInfo& info, std::uint64_t first,
                                 std::uint64_t count) {
  WASL_LET(const auto entries, rows.entries(info.number, first + 1, first + count));
  if (entries.size() != count) return damaged_row("log");
  std::vector<Hash> hashes;
  hashes.reserve(entries.size());
  const auto key = blinding_of(info);
  for (const StoredEntry& row : entries) hashes.push_back(ledger::leaf_hash(row.entry, key));
  return hashes;
}

/// Hash of a complete subtree: as kept, or made of the entries below it.
Result<Hash> node(RowStore& rows, const SpaceInfo& info, unsigned level, std::uint64_t index) {
  if (level >= kKeptLevel) {
    WASL_LET(const auto kept, rows.nodes(info.number, level, index, 1));
    if (kept.empty()) return damaged_row("tree of " + info.name);
    return kept.front();
  }
  WASL_LET(const auto below, leaves(rows, info, index << level, std::uint64_t{1} << level));
  ledger::Frontier subtree;
  for (const Hash& leaf : below) subtree.append(leaf);
  return subtree.root();
}

/// A NodeAt cannot fail: what did is asked for afterwards.
class Nodes {
 public:
  Nodes(RowStore& rows, const SpaceInfo& info) : rows_(rows), info_(info) {}
  ledger::NodeAt at() {
    return [this](unsigned level, std::uint64_t index) {
      const auto hash = node(rows_, info_, level, index);
      if (!hash) failed_ = hash.error();
      return hash ? *hash : Hash{};
    };
  }
  template <class T>
  Result<T> unless_failed(T made) {
    if (failed_) return tl::unexpected(std::move(*failed_));
    return made;
  }

 private:
  RowStore& rows_;
  const SpaceInfo& info_;
  std::optional<Error> failed_;
};

}  // namespace

Status save_nodes(RowStore& rows, SpaceNumber space, std::vector<ledger::Node> nodes) {
  std::erase_if(nodes, [](const ledger::Node& one) { return one.level < kKeptLevel; });
  return nodes.empty() ? Status() : rows.add_nodes(space, nodes);
}

Result<ledger::Frontier> frontier(RowStore& rows, const SpaceInfo& info, Position size) {
  Nodes nodes(rows, info);
  return nodes.unless_failed(ledger::Frontier::at(size, nodes.at()));
}

Result<std::vector<Hash>> consistency(RowStore& rows, const SpaceInfo& info, Position part, Position size) {
  Nodes nodes(rows, info);
  return nodes.unless_failed(ledger::consistency_proof(part, size, nodes.at()));
}

Result<std::vector<Hash>> inclusion(RowStore& rows, const SpaceInfo& info,
                                    const std::vector<Position>& positions, Position size) {
  std::vector<std::uint64_t> indexes;
  for (const Position position : positions) indexes.push_back(position - 1);
  Nodes nodes(rows, info);
  return nodes.unless_failed(ledger::inclusion_proofs(indexes, size, nodes.at()));
}

Result<std::vector<Hash>> nodes(RowStore& rows, const SpaceInfo& info, unsigned level, std::uint64_t first,
                                std::size_t count) {
  WASL_ASSERT(level == 0 || level >= kKeptLevel);
  if (level == 0) return leaves(rows, info, first, count);
  WASL_LET(auto kept, rows.nodes(info.number, level, first, count));
  if (kept.size() != count) return damaged_row("tree of " + info.name);
  return kept;
}

}  // namespace wasl::stored_tree
