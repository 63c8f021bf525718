#pragma once
// The state digest of a space: a fixed tree over its records by which two sides see that they hold the same
// confirmed state, or find the few records that differ. Values only; a store keeps the blobs.
#include <array>
#include <bitset>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"

namespace wasl::ledger {

constexpr unsigned kDigestBuckets = 4096;
constexpr unsigned kDigestChildren = 16;
constexpr unsigned kDigestLevels = 3;  // 1: 256 nodes over the buckets, 2: 16 nodes, 3: the root

/// BLAKE2b-256 of a record's id under "wasl.1/record-id".
Hash id_hash(std::string_view id);
/// The first 12 bits of id_hash(id): 0 to 4095.
unsigned bucket_of(std::string_view id);
unsigned bucket_of(const Hash& id_hash);

/// The records of one bucket, sorted by id prefix. Sixteen bytes of the id's hash name a record: enough that
/// two ids never meet by chance, and half the space.
class Bucket {
 public:
  using IdPrefix = Fixed<struct IdPrefixTag, 16>;
  struct Item {
    IdPrefix id;
    Hash record;
    bool operator==(const Item&) const = default;
  };
  static constexpr std::size_t kItemBytes = IdPrefix::kSize + Hash::kSize;

  void set(const Hash& id_hash, const Hash& record_hash);
  /// @return whether it was there.
  bool erase(const Hash& id_hash);
  [[nodiscard]] std::span<const Item> items() const { return items_; }

  /// BLAKE2b-256 under "wasl.1/bucket" over the record hashes in rising byte order; 32 zero bytes when empty.
  [[nodiscard]] Hash hash() const;

  /// The items one after another, 48 bytes each, ids strictly rising; empty for an empty bucket.
  [[nodiscard]] Bytes encode() const;
  /// @return malformed for another length, unsorted or repeated ids, or ids of two buckets.
  static Result<Bucket> decode(ByteView bytes);

  bool operator==(const Bucket&) const = default;

 private:
  std::vector<Item> items_;
};

/// A node from its 16 children: BLAKE2b-256 under "wasl.1/digest/LEVEL". @pre level is 1, 2 or 3.
/// Who asks a peer for children checks them with this against the parent already known.
Hash digest_node(unsigned level, std::span<const Hash, kDigestChildren> children);

/// The hashes of all buckets and the three levels above. 137 KiB.
/// Thread: confined; reading may recompute what set() made stale, at most three nodes a changed bucket.
class DigestTree {
 public:
  DigestTree();

  /// @pre bucket < kDigestBuckets.
  void set(unsigned bucket, const Hash& hash);
  /// As set() for each of these, and empties all others. What stays as it is makes no node stale.
  void assign(std::span<const std::pair<unsigned, Hash>> filled);
  [[nodiscard]] const Hash& bucket(unsigned bucket) const;
  [[nodiscard]] Hash root();

  /// The 16 children of node `index` of `level`: at level 1 bucket hashes, above it nodes of the level below.
  /// @return invalid_value when there is no such node (the numbers come from a peer).
  Result<std::array<Hash, kDigestChildren>> children(unsigned level, unsigned index);

  /// 512 bytes of bits (bucket b is bit b % 8 of byte b / 8, lowest bit first: not empty), then the hashes of
  /// the buckets that are not empty, in order.
  [[nodiscard]] Bytes encode() const;
  /// @return malformed for another length or a bit whose hash is zero.
  static Result<DigestTree> decode(ByteView bytes);

 private:
  void refresh();

  // levels_[0] are the bucket hashes, levels_[kDigestLevels] the root alone.
  std::array<std::vector<Hash>, kDigestLevels + 1> levels_;
  std::bitset<kDigestBuckets> filled_;                   // buckets that are not empty
  std::bitset<kDigestBuckets / kDigestChildren> stale_;  // nodes of level 1 with a changed bucket
};

}  // namespace wasl::ledger
