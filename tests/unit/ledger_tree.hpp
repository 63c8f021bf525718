#pragma once
// For tests of the ledger: a tree that remembers every complete subtree it was given, as a store would, and
// the definition of RFC 6962 section 2.1 written down as it stands there.
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "shared/ledger/merkle.hpp"

namespace wasl::ledger::testing {

class KeptTree {
 public:
  KeptTree() = default;
  explicit KeptTree(std::uint64_t size) {
    for (std::uint64_t i = 0; i < size; ++i) append(numbered_leaf(i));
  }

  static Hash numbered_leaf(std::uint64_t index) { return leaf_hash(view("leaf " + std::to_string(index))); }

  void append(const Hash& leaf) {
    std::vector<Node> created;
    frontier_.append(leaf, created);
    for (const Node& node : created) nodes_[{node.level, node.index}] = node.hash;
    leaves_.push_back(leaf);
  }

  [[nodiscard]] NodeAt node_at() const {
    return [this](unsigned level, std::uint64_t index) { return nodes_.at({level, index}); };
  }
  [[nodiscard]] Hash root(std::uint64_t size) const { return root_at(size, node_at()); }
  [[nodiscard]] const std::vector<Hash>& leaves() const { return leaves_; }
  [[nodiscard]] const Frontier& frontier() const { return frontier_; }
  [[nodiscard]] std::size_t node_count() const { return nodes_.size(); }

 private:
  Frontier frontier_;
  std::map<std::pair<unsigned, std::uint64_t>, Hash> nodes_;
  std::vector<Hash> leaves_;
};

/// MTH of RFC 6962, over leaf hashes.
inline Hash naive_root(std::span<const Hash> leaves) {
  if (leaves.empty()) return empty_root();
  if (leaves.size() == 1) return leaves[0];
  std::size_t half = 1;
  while (half * 2 < leaves.size()) half *= 2;
  return node_hash(naive_root(leaves.first(half)), naive_root(leaves.subspan(half)));
}

}  // namespace wasl::ledger::testing
