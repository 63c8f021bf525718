// What holds for every tree, every choice of leaves and every proof that an attacker may send.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "shared/ledger/merkle.hpp"
#include "tests/unit/ledger_tree.hpp"

namespace wasl::ledger {
namespace {

using testing::KeptTree;

Hash any_hash() { return *Hash::from(*rc::gen::container<Bytes>(Hash::kSize, rc::gen::arbitrary<Byte>())); }

std::uint64_t any_size_from(std::uint64_t least) { return *rc::gen::inRange<std::uint64_t>(least, 300); }

/// Any number, small or near the largest tree.
std::uint64_t any_number() {
  const auto n = *rc::gen::arbitrary<std::uint64_t>();
  return n >> *rc::gen::inRange(0, 64);
}

std::vector<Leaf> any_leaves_of(const KeptTree& tree, std::uint64_t size) {
  const auto count = *rc::gen::inRange<std::size_t>(1, 20);
  const auto chosen =
      *rc::gen::container<std::vector<std::uint64_t>>(count, rc::gen::inRange<std::uint64_t>(0, size));
  std::vector<Leaf> leaves;
  for (const std::uint64_t index : std::set(chosen.begin(), chosen.end())) {
    leaves.push_back({index, tree.leaves()[index]});
  }
  return leaves;
}

std::vector<Hash> proof_of(const std::vector<Leaf>& leaves, std::uint64_t size, const KeptTree& tree) {
  std::vector<std::uint64_t> indexes;
  for (const Leaf& leaf : leaves) indexes.push_back(leaf.index);
  return inclusion_proofs(indexes, size, tree.node_at());
}

void flip_any_bit(Hash& hash) {
  const auto bit = *rc::gen::inRange<std::size_t>(0, Hash::kSize * 8);
  hash.bytes[bit / 8] ^= static_cast<Byte>(1U << bit % 8);
}

RC_GTEST_PROP(MerkleProperties, AFrontierSavedAnywhereGrowsToTheSameRoot, ()) {
  const auto size = any_size_from(0);
  const auto saved_at = *rc::gen::inRange<std::uint64_t>(0, size + 1);
  const KeptTree tree(size);
  Frontier frontier = *Frontier::decode(Frontier::at(saved_at, tree.node_at()).encode());
  for (std::uint64_t i = saved_at; i < size; ++i) frontier.append(tree.leaves()[i]);
  RC_ASSERT(frontier == tree.frontier());
  RC_ASSERT(frontier.root() == testing::naive_root(tree.leaves()));
}

RC_GTEST_PROP(MerkleProperties, OneProofCoversAnyLeavesAndIsNoLongerThanTheirProofs, ()) {
  const auto size = any_size_from(1);
  const KeptTree tree(size);
  const auto leaves = any_leaves_of(tree, size);
  const auto proof = proof_of(leaves, size, tree);
  RC_ASSERT(verify_inclusions(leaves, size, proof, tree.root(size)));
  std::size_t apart = 0;
  for (const Leaf& leaf : leaves) apart += inclusion_proof(leaf.index, size, tree.node_at()).size();
  RC_ASSERT(proof.size() <= apart);
  const std::set<Hash> distinct(proof.begin(), proof.end());
  RC_ASSERT(distinct.size() == proof.size());
}

RC_GTEST_PROP(MerkleProperties, OneLeafHasTheSameHashesInBothKindsOfProof, ()) {
  const auto size = any_size_from(1);
  const KeptTree tree(size);
  const auto index = *rc::gen::inRange<std::uint64_t>(0, size);
  auto single = inclusion_proof(index, size, tree.node_at());
  auto multi = proof_of({{index, tree.leaves()[index]}}, size, tree);
  std::sort(single.begin(), single.end());
  std::sort(multi.begin(), multi.end());
  RC_ASSERT(single == multi);
}

RC_GTEST_PROP(MerkleProperties, AnyDamageToAProofOfSeveralLeavesIsRefused, ()) {
  const auto size = any_size_from(2);
  const KeptTree tree(size);
  auto leaves = any_leaves_of(tree, size);
  auto proof = proof_of(leaves, size, tree);
  const auto at = *rc::gen::inRange<std::size_t>(0, proof.size() + leaves.size());
  flip_any_bit(at < proof.size() ? proof[at] : leaves[at - proof.size()].hash);
  RC_ASSERT(!verify_inclusions(leaves, size, proof, tree.root(size)));
}

RC_GTEST_PROP(MerkleProperties, ALeafThatIsNotThereCannotBeClaimed, ()) {
  const auto size = any_size_from(2);
  const KeptTree tree(size);
  auto leaves = any_leaves_of(tree, size);
  const auto proof = proof_of(leaves, size, tree);
  Leaf& moved = leaves[*rc::gen::inRange<std::size_t>(0, leaves.size())];
  moved.index = (moved.index + *rc::gen::inRange<std::uint64_t>(1, size)) % size;
  RC_ASSERT(!verify_inclusions(leaves, size, proof, tree.root(size)));
}

RC_GTEST_PROP(MerkleProperties, AForkedHistoryIsNeverConsistent, ()) {
  const auto old_size = any_size_from(1);
  const auto new_size = old_size + *rc::gen::inRange<std::uint64_t>(0, 100);
  const auto fork = *rc::gen::inRange<std::uint64_t>(0, old_size);
  const KeptTree tree(new_size);
  KeptTree forked;
  for (std::uint64_t i = 0; i < new_size; ++i) {
    forked.append(i == fork ? KeptTree::numbered_leaf(new_size + i) : tree.leaves()[i]);
  }
  const Hash old_root = tree.root(old_size);
  const auto honest = consistency_proof(old_size, new_size, tree.node_at());
  const auto forged = consistency_proof(old_size, new_size, forked.node_at());
  RC_ASSERT(verify_consistency(old_size, old_root, new_size, tree.root(new_size), honest));
  RC_ASSERT(!verify_consistency(old_size, old_root, new_size, forked.root(new_size), honest));
  RC_ASSERT(!verify_consistency(old_size, old_root, new_size, forked.root(new_size), forged));
}

RC_GTEST_PROP(MerkleProperties, ProofsMadeOfNoiseAreRefusedWhateverTheNumbers, ()) {
  const auto size = any_number();
  const auto other = any_number();
  std::vector<Hash> noise(*rc::gen::inRange<std::size_t>(0, 70));
  for (Hash& hash : noise) hash.bytes[0] = *rc::gen::arbitrary<Byte>();
  const Hash root = any_hash();
  const Hash leaf = any_hash();
  RC_PRE(root != leaf);
  RC_ASSERT(!verify_inclusion(leaf, other, size, noise, root));
  RC_ASSERT(!verify_consistency(other, leaf, size, root, noise));
  const std::vector<Leaf> leaves{{other, leaf}, {any_number(), leaf}};
  RC_ASSERT(!verify_inclusions(leaves, size, noise, root));
}

RC_GTEST_PROP(MerkleProperties, AnyBytesDecodeToAFrontierOrAreRefused, (const Bytes& noise)) {
  const auto decoded = Frontier::decode(noise);
  if (decoded) RC_ASSERT(decoded->encode() == noise);
}

}  // namespace
}  // namespace wasl::ledger
