// Proofs from a small tree are taken, damaged ones are not; and proofs of any shape end.
#include "shared/ledger/merkle.hpp"

#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

using ledger::Leaf;

constexpr std::uint64_t kLeavesMost = 40;

struct Tree {
  explicit Tree(std::uint64_t size) {
    for (std::uint64_t i = 0; i < size; ++i) {
      leaves.push_back(ledger::leaf_hash(Bytes{static_cast<Byte>(i)}));
      frontier.append(leaves.back(), nodes);
    }
  }
  [[nodiscard]] ledger::NodeAt node_at() const {
    return [this](unsigned level, std::uint64_t index) {
      const auto it = std::find_if(nodes.begin(), nodes.end(), [&](const ledger::Node& node) {
        return node.level == level && node.index == index;
      });
      WASL_ASSERT(it != nodes.end());
      return it->hash;
    };
  }
  std::vector<Hash> leaves;
  std::vector<ledger::Node> nodes;
  ledger::Frontier frontier;
};

/// @return whether it is another proof now.
bool damage(Feed& feed, std::vector<Hash>& proof) {
  const std::vector<Hash> before = proof;
  while (!feed.empty()) {
    const std::size_t at = feed.below(proof.size() + 1);
    switch (feed.below(3)) {
      case 0:
        proof.insert(proof.begin() + static_cast<std::ptrdiff_t>(at), feed.fixed<Hash>());
        break;
      case 1:
        if (at < proof.size()) proof[at].bytes[feed.below(Hash::kSize)] ^= feed.byte();
        break;
      default:
        if (at < proof.size()) proof.erase(proof.begin() + static_cast<std::ptrdiff_t>(at));
    }
    if (proof.size() > 2 * ledger::kProofHashesMax) break;
  }
  return proof != before;
}

void honest_and_damaged(Feed feed) {
  const Tree tree(1 + feed.below(kLeavesMost));
  const std::uint64_t size = tree.frontier.size();
  const Hash root = tree.frontier.root();
  const std::uint64_t old_size = feed.below(size + 1);
  const Hash old_root = ledger::root_at(old_size, tree.node_at());
  auto consistency = ledger::consistency_proof(old_size, size, tree.node_at());
  WASL_ASSERT(ledger::verify_consistency(old_size, old_root, size, root, consistency));

  std::vector<Leaf> leaves;
  std::vector<std::uint64_t> indexes;
  for (std::uint64_t i = 0; i < size; ++i) {
    if (i != 0 && feed.flag()) continue;
    leaves.push_back({i, tree.leaves[i]});
    indexes.push_back(i);
  }
  auto inclusion = ledger::inclusion_proofs(indexes, size, tree.node_at());
  WASL_ASSERT(ledger::verify_inclusions(leaves, size, inclusion, root));
  auto single = ledger::inclusion_proof(old_size % size, size, tree.node_at());
  WASL_ASSERT(ledger::verify_inclusion(tree.leaves[old_size % size], old_size % size, size, single, root));

  std::vector<Hash>& proof = *feed.one_of<std::vector<Hash>*>({&consistency, &inclusion, &single});
  if (!damage(feed, proof)) return;
  WASL_ASSERT(!(ledger::verify_consistency(old_size, old_root, size, root, consistency) &&
                ledger::verify_inclusions(leaves, size, inclusion, root) &&
                ledger::verify_inclusion(tree.leaves[old_size % size], old_size % size, size, single, root)));
}

void any_shape(Feed feed) {
  const std::uint64_t size = feed.number();
  const std::uint64_t other = feed.number();
  // Of 32 bytes that are hashed: whoever chooses the root itself can make any proof lead to it.
  const Hash root = crypto::sha256({feed.fixed<Hash>().view()});
  std::vector<Leaf> leaves;
  for (std::size_t left = feed.below(8); left > 0; --left) leaves.push_back({feed.number(), Hash{}});
  std::vector<Hash> proof(feed.below(2 * ledger::kProofHashesMax));
  for (Hash& hash : proof) hash = feed.fixed<Hash>();
  WASL_ASSERT(!ledger::verify_inclusion(Hash{}, other, size, proof, root));
  WASL_ASSERT(!ledger::verify_inclusions(leaves, size, proof, root) || leaves.empty());
  const bool consistent = ledger::verify_consistency(other, Hash{}, size, root, proof);
  WASL_ASSERT(!consistent);
}

WASL_FUZZ(merkle) {
  honest_and_damaged(Feed(input));
  any_shape(Feed(input));
}

}  // namespace
}  // namespace wasl::fuzz
