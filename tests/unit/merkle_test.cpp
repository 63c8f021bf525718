// The tree against the published vectors of certificate-transparency's merkle_tree_test and against its own
// definition, for every pair of sizes up to 65.
#include "shared/ledger/merkle.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string_view>

#include "tests/unit/ledger_tree.hpp"

namespace wasl::ledger {
namespace {

using testing::KeptTree;
using testing::naive_root;

constexpr std::uint64_t kSizes = 65;

Hash hash_of(std::string_view hex) { return *Hash::from(*from_hex(hex)); }

std::vector<Hash> hashes_of(std::initializer_list<std::string_view> hexes) {
  std::vector<Hash> out;
  for (const auto hex : hexes) out.push_back(hash_of(hex));
  return out;
}

constexpr std::array<std::string_view, 8> kLeaves{
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
constexpr std::array<std::string_view, 9> kRoots{
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

KeptTree reference_tree() {
  KeptTree tree;
  for (const auto leaf : kLeaves) tree.append(leaf_hash(*from_hex(leaf)));
  return tree;
}

/// Calls `attempt` with each copy of `proof` that differs in one bit, lacks one hash or has one more.
template <class Attempt>
void for_each_damage(const std::vector<Hash>& proof, Attempt attempt) {
  for (std::size_t i = 0; i < proof.size(); ++i) {
    std::vector<Hash> damaged = proof;
    for (std::size_t bit = 0; bit < Hash::kSize * 8; ++bit) {
      const auto mask = static_cast<Byte>(1U << bit % 8);
      damaged[i].bytes[bit / 8] ^= mask;
      attempt(damaged);
      damaged[i].bytes[bit / 8] ^= mask;
    }
    damaged.erase(damaged.begin() + static_cast<std::ptrdiff_t>(i));
    attempt(damaged);
  }
  std::vector<Hash> longer = proof;
  longer.push_back(proof.empty() ? Hash{} : proof.back());
  attempt(longer);
}

TEST(Merkle, GivesThePublishedRoots) {
  Frontier frontier;
  EXPECT_EQ(to_hex(frontier.root().view()), kRoots[0]);
  for (std::size_t i = 0; i < kLeaves.size(); ++i) {
    frontier.append(leaf_hash(*from_hex(kLeaves[i])));
    EXPECT_EQ(to_hex(frontier.root().view()), kRoots[i + 1]);
  }
}

TEST(Merkle, GivesThePublishedInclusionProofs) {
  const KeptTree tree = reference_tree();
  EXPECT_TRUE(inclusion_proof(0, 1, tree.node_at()).empty());
  EXPECT_EQ(inclusion_proof(0, 8, tree.node_at()),
            hashes_of({"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                       "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                       "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}));
  EXPECT_EQ(inclusion_proof(5, 8, tree.node_at()),
            hashes_of({"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                       "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                       "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}));
  EXPECT_EQ(inclusion_proof(2, 3, tree.node_at()), hashes_of({kRoots[2]}));
  EXPECT_EQ(inclusion_proof(1, 5, tree.node_at()),
            hashes_of({"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                       "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                       "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}));
}

TEST(Merkle, GivesThePublishedConsistencyProofs) {
  const KeptTree tree = reference_tree();
  EXPECT_TRUE(consistency_proof(1, 1, tree.node_at()).empty());
  EXPECT_EQ(consistency_proof(1, 8, tree.node_at()),
            hashes_of({"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                       "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                       "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}));
  EXPECT_EQ(consistency_proof(6, 8, tree.node_at()),
            hashes_of({"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                       "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                       "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}));
  EXPECT_EQ(consistency_proof(2, 5, tree.node_at()),
            hashes_of({"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                       "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}));
}

TEST(Merkle, EveryRootFollowsTheDefinition) {
  const KeptTree tree(kSizes);
  Frontier frontier;
  for (std::uint64_t size = 0; size <= kSizes; ++size) {
    const Hash expected = naive_root(std::span(tree.leaves()).first(size));
    EXPECT_EQ(frontier.root(), expected) << size;
    EXPECT_EQ(tree.root(size), expected) << size;
    EXPECT_EQ(Frontier::at(size, tree.node_at()), frontier) << size;
    if (size < kSizes) frontier.append(tree.leaves()[size]);
  }
}

TEST(Merkle, AppendingTellsExactlyTheCompleteSubtrees) {
  const KeptTree tree(kSizes);
  std::size_t expected = 0;
  for (unsigned level = 0; kSizes >> level != 0; ++level) {
    for (std::uint64_t index = 0; index < kSizes >> level; ++index, ++expected) {
      const auto covered = std::span(tree.leaves()).subspan(index << level, std::size_t{1} << level);
      EXPECT_EQ(tree.node_at()(level, index), naive_root(covered)) << level << " " << index;
    }
  }
  EXPECT_EQ(tree.node_count(), expected);
}

TEST(Frontier, SurvivesItsEncodingAndGrowsOn) {
  for (std::uint64_t size = 0; size <= kSizes; ++size) {
    Frontier frontier = KeptTree(size).frontier();
    const Bytes bytes = frontier.encode();
    auto decoded = Frontier::decode(bytes);
    ASSERT_TRUE(decoded) << size;
    EXPECT_EQ(*decoded, frontier);
    frontier.append(KeptTree::numbered_leaf(size));
    decoded->append(KeptTree::numbered_leaf(size));
    EXPECT_EQ(decoded->root(), frontier.root());

    Bytes longer = bytes;
    longer.push_back(0);
    EXPECT_FALSE(Frontier::decode(longer));
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
      EXPECT_FALSE(Frontier::decode(ByteView(bytes).first(cut)));
    }
  }
  const Bytes too_large{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01};
  EXPECT_EQ(Frontier::decode(too_large).error().code, Errc::malformed);
}

TEST(Merkle, EveryInclusionVerifiesAndNoOtherLeafIndexOrCheckpointDoes) {
  const KeptTree tree(kSizes + 1);
  for (std::uint64_t size = 1; size <= kSizes; ++size) {
    const Hash root = tree.root(size);
    for (std::uint64_t index = 0; index < size; ++index) {
      const auto proof = inclusion_proof(index, size, tree.node_at());
      const Hash& leaf = tree.leaves()[index];
      EXPECT_TRUE(verify_inclusion(leaf, index, size, proof, root)) << index << " of " << size;
      EXPECT_FALSE(verify_inclusion(leaf, index + 1, size, proof, root)) << index << " of " << size;
      EXPECT_FALSE(verify_inclusion(leaf, index - 1, size, proof, root)) << index << " of " << size;
      EXPECT_FALSE(verify_inclusion(leaf, index, size + 1, proof, tree.root(size + 1)));
      EXPECT_FALSE(verify_inclusion(leaf, index, size - 1, proof, tree.root(size - 1)));
      EXPECT_FALSE(verify_inclusion(tree.leaves()[index + 1], index, size, proof, root));
    }
  }
}

TEST(Merkle, EveryConsistencyVerifiesAndNoOtherSizeOrRootDoes) {
  const KeptTree tree(kSizes + 1);
  for (std::uint64_t size = 0; size <= kSizes; ++size) {
    const Hash root = tree.root(size);
    for (std::uint64_t old = 0; old <= size; ++old) {
      const auto proof = consistency_proof(old, size, tree.node_at());
      const Hash old_root = tree.root(old);
      EXPECT_TRUE(verify_consistency(old, old_root, size, root, proof)) << old << " to " << size;
      EXPECT_FALSE(verify_consistency(old + 1, old_root, size, root, proof)) << old << " to " << size;
      EXPECT_FALSE(verify_consistency(old - 1, old_root, size, root, proof)) << old << " to " << size;
      EXPECT_FALSE(verify_consistency(old, tree.root(old + 1), size, root, proof)) << old << " to " << size;
      if (old == 0) continue;  // an empty tree is the beginning of every other
      EXPECT_FALSE(verify_consistency(old, old_root, size + 1, tree.root(size + 1), proof));
      EXPECT_FALSE(verify_consistency(old, old_root, size - 1, tree.root(size - 1), proof));
    }
  }
}

TEST(Merkle, RefusesEveryDamagedProof) {
  const KeptTree tree(kSizes);
  for (const std::uint64_t size : {1U, 2U, 3U, 7U, 8U, 13U, 33U}) {
    const Hash root = tree.root(size);
    for (std::uint64_t index = 0; index < size; ++index) {
      for_each_damage(inclusion_proof(index, size, tree.node_at()), [&](const std::vector<Hash>& damaged) {
        ASSERT_FALSE(verify_inclusion(tree.leaves()[index], index, size, damaged, root));
      });
    }
    for (std::uint64_t old = 0; old <= size; ++old) {
      const Hash old_root = tree.root(old);
      for_each_damage(consistency_proof(old, size, tree.node_at()), [&](const std::vector<Hash>& damaged) {
        ASSERT_FALSE(verify_consistency(old, old_root, size, root, damaged));
      });
    }
  }
}

TEST(Merkle, RefusesAProofThatGoesOnAboveTheRootOfItsSize) {
  const KeptTree tree(4);
  // Leaf 1 of two is not leaf 0 of one, though the same hashes lead to the root.
  EXPECT_TRUE(verify_inclusion(tree.leaves()[1], 1, 2, std::array{tree.leaves()[0]}, tree.root(2)));
  EXPECT_FALSE(verify_inclusion(tree.leaves()[1], 0, 1, std::array{tree.leaves()[0]}, tree.root(2)));
  const Hash more = leaf_hash(view("more"));
  auto proof = consistency_proof(3, 4, tree.node_at());
  proof.push_back(more);
  EXPECT_FALSE(verify_consistency(3, node_hash(more, tree.root(3)), 4, node_hash(more, tree.root(4)), proof));
}

TEST(Merkle, WhatIsOutOfRangeGetsAnEmptyProofThatProvesNothing) {
  const KeptTree tree(5);
  EXPECT_TRUE(inclusion_proof(5, 5, tree.node_at()).empty());
  EXPECT_FALSE(verify_inclusion(tree.leaves()[0], 5, 5, {}, tree.leaves()[0]));
  EXPECT_FALSE(verify_inclusion(tree.leaves()[0], 0, 0, {}, tree.leaves()[0]));
  EXPECT_TRUE(consistency_proof(5, 4, tree.node_at()).empty());
  EXPECT_FALSE(verify_consistency(5, tree.root(5), 4, tree.root(4), {}));
  EXPECT_FALSE(verify_consistency(0, tree.root(1), 4, tree.root(4), {}));
  EXPECT_FALSE(verify_inclusion({}, 0, kTreeSizeMax + 1, std::vector<Hash>(63), {}));
  EXPECT_FALSE(verify_inclusion({}, 0, kTreeSizeMax, std::vector<Hash>(65), {}));
}

TEST(MerkleInclusions, EverySubsetOfASmallTreeVerifies) {
  for (std::uint64_t size = 1; size <= 9; ++size) {
    const KeptTree tree(size);
    for (std::uint64_t subset = 1; subset < std::uint64_t{1} << size; ++subset) {
      std::vector<std::uint64_t> indexes;
      std::vector<Leaf> leaves;
      for (std::uint64_t i = 0; i < size; ++i) {
        if ((subset >> i & 1) == 0) continue;
        indexes.push_back(i);
        leaves.push_back({i, tree.leaves()[i]});
      }
      const auto proof = inclusion_proofs(indexes, size, tree.node_at());
      ASSERT_TRUE(verify_inclusions(leaves, size, proof, tree.root(size)));
      if (subset + 1 == std::uint64_t{1} << size) {
        EXPECT_TRUE(proof.empty());
      }
      leaves.back().hash = node_hash(leaves.back().hash, leaves.back().hash);
      ASSERT_FALSE(verify_inclusions(leaves, size, proof, tree.root(size)));
    }
  }
}

TEST(MerkleInclusions, CarriesEachSharedNodeOnceAndRefusesDamage) {
  const KeptTree tree(64);
  const std::array<std::uint64_t, 3> indexes{4, 5, 40};
  const std::array<Leaf, 3> leaves{Leaf{4, tree.leaves()[4]}, Leaf{5, tree.leaves()[5]},
                                   Leaf{40, tree.leaves()[40]}};
  const auto proof = inclusion_proofs(indexes, 64, tree.node_at());
  EXPECT_EQ(proof.size(), 9U);  // 4 for the pair below the left half, 5 for the other; three proofs hold 18
  EXPECT_TRUE(verify_inclusions(leaves, 64, proof, tree.root(64)));
  for_each_damage(proof, [&](const std::vector<Hash>& damaged) {
    ASSERT_FALSE(verify_inclusions(leaves, 64, damaged, tree.root(64)));
  });
}

TEST(MerkleInclusions, RefusesLeavesThatAreNoneRepeatedUnsortedOrOutside) {
  const KeptTree tree(4);
  const Hash root = tree.root(4);
  const Leaf first{0, tree.leaves()[0]};
  const Leaf second{1, tree.leaves()[1]};
  const auto proof = inclusion_proofs(std::array<std::uint64_t, 2>{0, 1}, 4, tree.node_at());
  EXPECT_TRUE(verify_inclusions(std::array{first, second}, 4, proof, root));
  EXPECT_FALSE(verify_inclusions({}, 4, std::array{root}, root));
  EXPECT_FALSE(verify_inclusions(std::array{second, first}, 4, proof, root));
  EXPECT_FALSE(verify_inclusions(std::array{first, first}, 4, proof, root));
  EXPECT_FALSE(verify_inclusions(std::array{first, Leaf{4, second.hash}}, 4, proof, root));
  EXPECT_TRUE(inclusion_proofs(std::array<std::uint64_t, 2>{1, 1}, 4, tree.node_at()).empty());
  EXPECT_TRUE(inclusion_proofs(std::array<std::uint64_t, 1>{4}, 4, tree.node_at()).empty());
}

}  // namespace
}  // namespace wasl::ledger
