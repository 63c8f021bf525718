#include "shared/ledger/digest.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "shared/crypto/crypto.hpp"

namespace wasl::ledger {
namespace {

Hash record(int number) { return crypto::hash("test", view(std::to_string(number))); }

/// An id hash of bucket `bucket`.
Hash id_in(unsigned bucket, int number) {
  Hash hash = record(number);
  hash.bytes[0] = static_cast<Byte>(bucket >> 4);
  hash.bytes[1] = static_cast<Byte>(bucket << 4 | (hash.bytes[1] & 15));
  return hash;
}

/// The root as the protocol page words it, from scratch.
Hash naive_digest(const std::map<std::string, Hash>& records) {
  std::vector<std::vector<Hash>> buckets(kDigestBuckets);
  for (const auto& [id, hash] : records) buckets[bucket_of(id)].push_back(hash);
  std::vector<Hash> nodes;
  for (auto& bucket : buckets) {
    std::sort(bucket.begin(), bucket.end());
    Bytes data;
    for (const Hash& hash : bucket) append(data, hash.view());
    nodes.push_back(bucket.empty() ? Hash{} : crypto::hash("wasl.1/bucket", data));
  }
  for (const std::string_view tag : {"wasl.1/digest/1", "wasl.1/digest/2", "wasl.1/digest/3"}) {
    std::vector<Hash> above;
    for (std::size_t i = 0; i < nodes.size(); i += 16) {
      Bytes data;
      for (std::size_t k = i; k < i + 16; ++k) append(data, nodes[k].view());
      above.push_back(crypto::hash(tag, data));
    }
    nodes = above;
  }
  EXPECT_EQ(nodes.size(), 1U);
  return nodes[0];
}

TEST(Bucket, IsNumberedByTheFirstTwelveBits) {
  EXPECT_EQ(bucket_of(id_in(0, 1)), 0U);
  EXPECT_EQ(bucket_of(id_in(0xABC, 1)), 0xABCU);
  EXPECT_EQ(bucket_of(id_in(4095, 1)), 4095U);
  const Hash hash = crypto::hash("wasl.1/record-id", view("r1"));
  EXPECT_EQ(id_hash("r1"), hash);
  EXPECT_EQ(std::stoul(to_hex(hash.view()).substr(0, 3), nullptr, 16), bucket_of("r1"));
}

TEST(Bucket, DoesNotDependOnTheOrderOfChanges) {
  Bucket rising;
  Bucket falling;
  for (int i = 0; i < 50; ++i) rising.set(id_in(7, i), record(i));
  for (int i = 50; i-- > 0;) {
    falling.set(id_in(7, i), record(1000 + i));  // an older version, replaced
    falling.set(id_in(7, i), record(i));
  }
  EXPECT_EQ(rising, falling);
  EXPECT_EQ(rising.hash(), falling.hash());
  EXPECT_EQ(rising.encode(), falling.encode());
  EXPECT_EQ(rising.items().size(), 50U);
}

TEST(Bucket, HashesRecordsInByteOrderWhateverTheirIds) {
  const auto [low, high] = std::minmax({record(1), record(2)});
  const Hash expected = crypto::hash("wasl.1/bucket", {low.view(), high.view()});
  Bucket bucket;
  bucket.set(id_in(7, 1), low);
  bucket.set(id_in(7, 2), high);
  EXPECT_EQ(bucket.hash(), expected);
  bucket.set(id_in(7, 1), high);
  bucket.set(id_in(7, 2), low);
  EXPECT_EQ(bucket.hash(), expected);
}

TEST(Bucket, ErasingRestoresWhatWasBefore) {
  Bucket bucket;
  EXPECT_TRUE(bucket.hash().is_zero());
  EXPECT_FALSE(bucket.erase(id_in(7, 1)));
  bucket.set(id_in(7, 1), record(1));
  const Bucket one = bucket;
  bucket.set(id_in(7, 2), record(2));
  EXPECT_NE(bucket.hash(), one.hash());
  EXPECT_TRUE(bucket.erase(id_in(7, 2)));
  EXPECT_EQ(bucket, one);
  EXPECT_TRUE(bucket.erase(id_in(7, 1)));
  EXPECT_TRUE(bucket.hash().is_zero());
  EXPECT_TRUE(bucket.encode().empty());
}

TEST(Bucket, SurvivesItsEncodingAndRefusesOthers) {
  Bucket bucket;
  for (int i = 0; i < 20; ++i) bucket.set(id_in(7, i), record(i));
  const Bytes bytes = bucket.encode();
  EXPECT_EQ(bytes.size(), 20 * Bucket::kItemBytes);
  EXPECT_EQ(*Bucket::decode(bytes), bucket);
  EXPECT_FALSE(Bucket::decode(ByteView(bytes).first(bytes.size() - 1)));

  const ByteView first = ByteView(bytes).first(Bucket::kItemBytes);
  Bytes swapped = to_bytes(ByteView(bytes).subspan(Bucket::kItemBytes, Bucket::kItemBytes));
  append(swapped, first);
  EXPECT_EQ(Bucket::decode(swapped).error().code, Errc::malformed);
  Bytes twice = to_bytes(first);
  append(twice, first);
  EXPECT_FALSE(Bucket::decode(twice));
  Bucket other;
  other.set(id_in(8, 1), record(1));
  Bytes mixed = bytes;
  append(mixed, other.encode());
  EXPECT_FALSE(Bucket::decode(mixed));
}

TEST(DigestTree, GrowsToWhatIsComputedFromScratch) {
  std::map<std::string, Hash> records;
  std::map<unsigned, Bucket> buckets;
  DigestTree tree;
  EXPECT_EQ(tree.root(), naive_digest(records));
  for (int step = 0; step < 300; ++step) {
    const std::string id = "record-" + std::to_string(step * 7919 % 100);
    Bucket& bucket = buckets[bucket_of(id)];
    if (step % 5 == 4) {
      bucket.erase(id_hash(id));
      records.erase(id);
    } else {
      bucket.set(id_hash(id), record(step));
      records[id] = record(step);
    }
    tree.set(bucket_of(id), bucket.hash());
    if (step % 30 == 0) {
      ASSERT_EQ(tree.root(), naive_digest(records)) << step;
    }
  }
  EXPECT_EQ(tree.root(), naive_digest(records));
}

// The values of shared/ledger/README.md, computed with Python's hashlib from the definition there.
TEST(DigestTree, HasTheRootsOfTheProtocol) {
  DigestTree tree;
  EXPECT_EQ(to_hex(tree.root().view()), "40a23781091e08345b7ea5ba6297746913ea02b47b75606783ea784fd1377c1a");
  Hash record_hash;
  record_hash.bytes.fill(0xAA);
  Bucket bucket;
  bucket.set(id_hash("r1"), record_hash);
  EXPECT_EQ(bucket_of("r1"), 3433U);
  tree.set(bucket_of("r1"), bucket.hash());
  EXPECT_EQ(to_hex(tree.root().view()), "888d0c54dac54315e032dd45f5f9fb94d2057c5565c13e17cfceb76be1fc0b7a");
}

TEST(DigestTree, ReturnsToItsRootWhenABucketIsPutBack) {
  DigestTree tree;
  const Hash empty = tree.root();
  tree.set(4095, record(1));
  EXPECT_NE(tree.root(), empty);
  EXPECT_EQ(tree.bucket(4095), record(1));
  tree.set(4095, {});
  EXPECT_EQ(tree.root(), empty);
}

TEST(DigestTree, IsAssignedWhatAnotherTreeHoldsWhateverItHeldBefore) {
  DigestTree tree;
  for (unsigned bucket = 0; bucket < 4096; bucket += 7) tree.set(bucket, record(static_cast<int>(bucket)));
  static_cast<void>(tree.root());
  DigestTree other;
  std::vector<std::pair<unsigned, Hash>> filled;
  for (unsigned bucket = 0; bucket < 4096; bucket += 13) {  // some the same, some other, some new, some gone
    filled.emplace_back(bucket, record(static_cast<int>(bucket % 2)));
    other.set(bucket, filled.back().second);
  }
  tree.assign(filled);
  EXPECT_EQ(tree.root(), other.root());
  EXPECT_EQ(tree.encode(), other.encode());
  tree.assign(filled);
  EXPECT_EQ(tree.root(), other.root());
  tree.assign({});
  EXPECT_EQ(tree.root(), DigestTree().root());
}

TEST(DigestTree, ChildrenLeadToTheBucketThatDiffers) {
  DigestTree ours;
  DigestTree theirs;
  for (unsigned b = 0; b < kDigestBuckets; b += 3) {
    ours.set(b, record(static_cast<int>(b)));
    theirs.set(b, record(static_cast<int>(b)));
  }
  theirs.set(0xABC, record(-1));
  unsigned index = 0;
  Hash parent = theirs.root();
  for (unsigned level = kDigestLevels; level >= 1; --level) {
    const auto mine = ours.children(level, index);
    const auto other = theirs.children(level, index);
    ASSERT_TRUE(mine && other);
    EXPECT_EQ(digest_node(level, *other), parent);
    const auto at = std::mismatch(mine->begin(), mine->end(), other->begin());
    ASSERT_NE(at.first, mine->end());
    parent = *at.second;
    index = index * kDigestChildren + static_cast<unsigned>(at.first - mine->begin());
  }
  EXPECT_EQ(index, 0xABCU);
  EXPECT_EQ(parent, record(-1));
}

TEST(DigestTree, HasNoNodesOutsideItsLevels) {
  DigestTree tree;
  EXPECT_TRUE(tree.children(1, 255));
  EXPECT_TRUE(tree.children(3, 0));
  EXPECT_EQ(tree.children(0, 0).error().code, Errc::invalid_value);
  EXPECT_FALSE(tree.children(1, 256));
  EXPECT_FALSE(tree.children(2, 16));
  EXPECT_FALSE(tree.children(3, 1));
  EXPECT_FALSE(tree.children(4, 0));
}

TEST(DigestTree, SurvivesItsEncodingAndRefusesOthers) {
  DigestTree tree;
  EXPECT_EQ(tree.encode().size(), 512U);
  tree.set(0, record(1));
  tree.set(9, record(2));
  tree.set(4095, record(3));
  const Bytes bytes = tree.encode();
  EXPECT_EQ(bytes.size(), 512U + 3 * 32);
  EXPECT_EQ(bytes[0], 1);
  EXPECT_EQ(bytes[1], 2);
  EXPECT_EQ(bytes[511], 128);
  auto decoded = DigestTree::decode(bytes);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->root(), tree.root());
  EXPECT_EQ(decoded->encode(), bytes);

  for (const std::size_t cut : {0U, 1U, 511U, 512U, 607U}) {
    EXPECT_FALSE(DigestTree::decode(ByteView(bytes).first(cut))) << cut;
  }
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(DigestTree::decode(longer));
  Bytes zero = bytes;
  std::fill(zero.end() - 32, zero.end(), Byte{0});
  EXPECT_EQ(DigestTree::decode(zero).error().code, Errc::malformed);
}

}  // namespace
}  // namespace wasl::ledger
