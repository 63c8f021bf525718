#include "shared/ledger/merkle.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "shared/base/packed.hpp"
#include "shared/crypto/crypto.hpp"

namespace wasl::ledger {
namespace {

constexpr std::array<Byte, 1> kLeafPrefix{0x00};
constexpr std::array<Byte, 1> kNodePrefix{0x01};

/// Where RFC 6962 divides leaves [begin, end): after the largest power of two below their number.
std::uint64_t middle_of(std::uint64_t begin, std::uint64_t end) {
  return begin + std::bit_floor(end - begin - 1);
}

/// Root of leaves [begin, end), a range that middle_of made: its complete subtrees, folded from the right.
Hash range_hash(std::uint64_t begin, std::uint64_t end, const NodeAt& node_at) {
  const std::uint64_t count = end - begin;
  std::optional<Hash> hash;
  for (unsigned level = 0; level < 63; ++level) {
    if ((count >> level & 1) == 0) continue;
    end -= std::uint64_t{1} << level;
    const Hash subtree = node_at(level, end >> level);
    hash = hash ? node_hash(subtree, *hash) : subtree;
  }
  return *hash;
}

bool rising_below(std::span<const std::uint64_t> indexes, std::uint64_t size) {
  return !indexes.empty() && indexes.back() < size &&
         std::adjacent_find(indexes.begin(), indexes.end(), std::greater_equal<>()) == indexes.end();
}

bool rising_below(std::span<const Leaf> leaves, std::uint64_t size) {
  return !leaves.empty() && leaves.back().index < size &&
         std::adjacent_find(leaves.begin(), leaves.end(),
                            [](const Leaf& a, const Leaf& b) { return a.index >= b.index; }) == leaves.end();
}

void collect(std::span<const std::uint64_t> indexes, std::uint64_t begin, std::uint64_t end,
             const NodeAt& node_at, std::vector<Hash>& proof) {
  if (indexes.empty()) {
    proof.push_back(range_hash(begin, end, node_at));
    return;
  }
  if (end - begin == 1) return;
  const std::uint64_t middle = middle_of(begin, end);
  const auto left =
      static_cast<std::size_t>(std::lower_bound(indexes.begin(), indexes.end(), middle) - indexes.begin());
  collect(indexes.first(left), begin, middle, node_at, proof);
  collect(indexes.subspan(left), middle, end, node_at, proof);
}

/// The root of [begin, end) from `leaves` and the front of `proof`, which is consumed; nothing when it ends.
/// `sibling` is told of each two halves that were put together, nearest the leaves first.
template <class Joined>
std::optional<Hash> fold(std::span<const Leaf> leaves, std::uint64_t begin, std::uint64_t end,
                         std::span<const Hash>& proof, Joined&& joined) {
  if (leaves.empty()) {
    if (proof.empty()) return std::nullopt;
    const Hash hash = proof.front();
    proof = proof.subspan(1);
    return hash;
  }
  if (end - begin == 1) return leaves.front().hash;
  const std::uint64_t middle = middle_of(begin, end);
  const auto split = std::partition_point(leaves.begin(), leaves.end(),
                                          [middle](const Leaf& leaf) { return leaf.index < middle; });
  const auto count = static_cast<std::size_t>(split - leaves.begin());
  const std::optional<Hash> left = fold(leaves.first(count), begin, middle, proof, joined);
  if (!left) return std::nullopt;
  const std::optional<Hash> right = fold(leaves.subspan(count), middle, end, proof, joined);
  if (!right) return std::nullopt;
  joined(begin, middle, end, *left, *right);
  return node_hash(*left, *right);
}

}  // namespace

Hash empty_root() { return crypto::sha256({}); }
Hash leaf_hash(ByteView data) { return crypto::sha256({kLeafPrefix, data}); }
Hash node_hash(const Hash& left, const Hash& right) {
  return crypto::sha256({kNodePrefix, left.view(), right.view()});
}

template <class Created>
void Frontier::grow(const Hash& leaf, Created&& created) {
  WASL_ASSERT(size_ < kTreeSizeMax);
  Node node{0, size_, leaf};
  created(node);
  for (std::uint64_t rest = size_; (rest & 1) != 0; rest >>= 1) {
    node = {node.level + 1, node.index >> 1, node_hash(subtrees_.back(), node.hash)};
    subtrees_.pop_back();
    created(node);
  }
  subtrees_.push_back(node.hash);
  ++size_;
}

void Frontier::append(const Hash& leaf) {
  grow(leaf, [](const Node&) {});
}

void Frontier::append(const Hash& leaf, std::vector<Node>& created) {
  grow(leaf, [&created](const Node& node) { created.push_back(node); });
}

Hash Frontier::root() const {
  if (subtrees_.empty()) return empty_root();
  Hash root = subtrees_.back();
  for (std::size_t i = subtrees_.size() - 1; i-- > 0;) root = node_hash(subtrees_[i], root);
  return root;
}

Bytes Frontier::encode() const {
  Writer out;
  out.varint(size_);
  for (const Hash& hash : subtrees_) out.fixed(hash);
  return out.take();
}

Result<Frontier> Frontier::decode(ByteView bytes) {
  Reader in(bytes);
  Frontier frontier;
  frontier.size_ = in.count(kTreeSizeMax);
  for (int left = std::popcount(frontier.size_); left > 0; --left) {
    frontier.subtrees_.push_back(in.fixed<Hash>());
  }
  if (!in.finished())
    return fail(Errc::malformed, "A tree's right edge has the wrong length or number of leaves.");
  return frontier;
}

Frontier Frontier::at(std::uint64_t size, const NodeAt& node_at) {
  WASL_ASSERT(size <= kTreeSizeMax);
  Frontier frontier;
  frontier.size_ = size;
  std::uint64_t begin = 0;
  for (unsigned level = 63; level-- > 0;) {
    if ((size >> level & 1) == 0) continue;
    frontier.subtrees_.push_back(node_at(level, begin >> level));
    begin += std::uint64_t{1} << level;
  }
  return frontier;
}

Hash root_at(std::uint64_t size, const NodeAt& node_at) {
  WASL_ASSERT(size <= kTreeSizeMax);
  return size == 0 ? empty_root() : range_hash(0, size, node_at);
}

std::vector<Hash> inclusion_proof(std::uint64_t index, std::uint64_t size, const NodeAt& node_at) {
  std::vector<Hash> proof;
  if (index >= size || size > kTreeSizeMax) return proof;
  std::uint64_t begin = 0;
  std::uint64_t end = size;
  while (end - begin > 1) {
    const std::uint64_t middle = middle_of(begin, end);
    if (index < middle) {
      proof.push_back(range_hash(middle, end, node_at));
      end = middle;
    } else {
      proof.push_back(range_hash(begin, middle, node_at));
      begin = middle;
    }
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

std::vector<Hash> consistency_proof(std::uint64_t old_size, std::uint64_t new_size, const NodeAt& node_at) {
  std::vector<Hash> proof;
  if (old_size == 0 || old_size >= new_size || new_size > kTreeSizeMax) return proof;
  std::uint64_t begin = 0;
  std::uint64_t end = new_size;
  while (old_size != end) {
    const std::uint64_t middle = middle_of(begin, end);
    if (old_size <= middle) {
      proof.push_back(range_hash(middle, end, node_at));
      end = middle;
    } else {
      proof.push_back(range_hash(begin, middle, node_at));
      begin = middle;
    }
  }
  // When nothing of the old tree was divided off, [0, old_size) is its root, which the verifier holds.
  if (begin != 0) proof.push_back(range_hash(begin, end, node_at));
  std::reverse(proof.begin(), proof.end());
  return proof;
}

bool verify_inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size, std::span<const Hash> proof,
                      const Hash& root) {
  if (index >= size || size > kTreeSizeMax || proof.size() > kProofHashesMax) return false;
  std::uint64_t at = index;       // fn of RFC 9162: our place on the level
  std::uint64_t last = size - 1;  // sn: the last place on the level
  Hash hash = leaf;
  for (const Hash& sibling : proof) {
    if (last == 0) return false;
    if ((at & 1) != 0 || at == last) {
      hash = node_hash(sibling, hash);
      for (; at != 0 && (at & 1) == 0; at >>= 1) last >>= 1;  // levels where the right edge has no sibling
    } else {
      hash = node_hash(hash, sibling);
    }
    at >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

bool verify_consistency(std::uint64_t old_size, const Hash& old_root, std::uint64_t new_size,
                        const Hash& new_root, std::span<const Hash> proof) {
  if (old_size > new_size || new_size > kTreeSizeMax || proof.size() > kProofHashesMax) return false;
  if (old_size == new_size) return proof.empty() && old_root == new_root;
  if (old_size == 0) return proof.empty() && old_root == empty_root();

  std::uint64_t at = old_size - 1;
  std::uint64_t last = new_size - 1;
  for (; (at & 1) != 0; at >>= 1) last >>= 1;
  // A complete old tree is itself the first node of the proof and is left out of it.
  Hash first = old_root;
  if (!std::has_single_bit(old_size)) {
    if (proof.empty()) return false;
    first = proof.front();
    proof = proof.subspan(1);
  }
  Hash old_hash = first;
  Hash new_hash = first;
  for (const Hash& sibling : proof) {
    if (last == 0) return false;
    if ((at & 1) != 0 || at == last) {
      old_hash = node_hash(sibling, old_hash);
      new_hash = node_hash(sibling, new_hash);
      for (; at != 0 && (at & 1) == 0; at >>= 1) last >>= 1;
    } else {
      new_hash = node_hash(new_hash, sibling);
    }
    at >>= 1;
    last >>= 1;
  }
  return last == 0 && old_hash == old_root && new_hash == new_root;
}

std::vector<Hash> inclusion_proofs(std::span<const std::uint64_t> indexes, std::uint64_t size,
                                   const NodeAt& node_at) {
  std::vector<Hash> proof;
  if (size > kTreeSizeMax || !rising_below(indexes, size)) return proof;
  collect(indexes, 0, size, node_at, proof);
  return proof;
}

bool verify_inclusions(std::span<const Leaf> leaves, std::uint64_t size, std::span<const Hash> proof,
                       const Hash& root) {
  if (size > kTreeSizeMax || !rising_below(leaves, size)) return false;
  const auto ignored = [](std::uint64_t, std::uint64_t, std::uint64_t, const Hash&, const Hash&) {};
  const std::optional<Hash> found = fold(leaves, 0, size, proof, ignored);
  return found && proof.empty() && *found == root;
}

std::vector<Hash> inclusion_proof_of(std::uint64_t index, std::span<const Leaf> leaves, std::uint64_t size,
                                     std::span<const Hash> proof) {
  std::vector<Hash> path;
  const auto keep_sibling = [&](std::uint64_t begin, std::uint64_t middle, std::uint64_t end,
                                const Hash& left, const Hash& right) {
    if (index >= begin && index < end) path.push_back(index < middle ? right : left);
  };
  WASL_ASSERT(fold(leaves, 0, size, proof, keep_sibling).has_value());
  return path;
}

}  // namespace wasl::ledger
