#pragma once
// The Merkle tree of RFC 6962 section 2.1 over SHA-256: growing it, proving from it, checking proofs.
// Hub and replicas call the same functions. Nothing here reads a store: complete subtrees come from a
// NodeAt. Thread: values and free functions, no shared state.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"

namespace wasl::ledger {

/// Sizes fit a signed 64-bit column and the int64 of other C2SP programs.
constexpr std::uint64_t kTreeSizeMax = (std::uint64_t{1} << 63) - 1;
/// The longest proof of one inclusion (63 hashes) or one consistency (64 hashes).
constexpr std::size_t kProofHashesMax = 64;

/// SHA-256 of nothing: the root of a tree without leaves.
Hash empty_root();
/// SHA-256(0x00 ‖ data).
Hash leaf_hash(ByteView data);
/// SHA-256(0x01 ‖ left ‖ right).
Hash node_hash(const Hash& left, const Hash& right);

/// A complete subtree: level 0 is a leaf hash; it covers leaves [index << level, (index + 1) << level).
struct Node {
  unsigned level = 0;
  std::uint64_t index = 0;
  Hash hash;
  bool operator==(const Node&) const = default;
};

/// Gives the hash of a complete subtree. Asked only for subtrees that lie wholly inside the tree.
using NodeAt = std::function<Hash(unsigned level, std::uint64_t index)>;

/// The right edge of a tree: what a replica that only appends keeps, at most 63 hashes of 32 bytes.
class Frontier {
 public:
  /// Amortised one hash a leaf. @pre size() < kTreeSizeMax.
  void append(const Hash& leaf);
  /// The same, and adds to `created` every complete subtree that comes into being, level 0 first. A store
  /// that saves these can serve every later proof.
  void append(const Hash& leaf, std::vector<Node>& created);

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] Hash root() const;

  /// varint size, then one hash for each set bit of size, largest subtree first.
  [[nodiscard]] Bytes encode() const;
  /// @return malformed when the bytes are not exactly one encoding.
  static Result<Frontier> decode(ByteView bytes);
  /// The frontier of the first `size` leaves of a stored tree. @pre size <= kTreeSizeMax.
  static Frontier at(std::uint64_t size, const NodeAt& node_at);

  bool operator==(const Frontier&) const = default;

 private:
  template <class Created>
  void grow(const Hash& leaf, Created&& created);

  std::uint64_t size_ = 0;
  std::vector<Hash> subtrees_;  // complete, largest first: one for each set bit of size_
};

/// The root of the first `size` leaves of a stored tree. @pre size <= kTreeSizeMax.
Hash root_at(std::uint64_t size, const NodeAt& node_at);

/// RFC 6962 section 2.1.1, nearest sibling first; O(log size) nodes are asked for.
/// @return an empty proof when index >= size or size > kTreeSizeMax; no verifier takes it for such a leaf.
std::vector<Hash> inclusion_proof(std::uint64_t index, std::uint64_t size, const NodeAt& node_at);

/// RFC 6962 section 2.1.2. Empty when old_size is 0 or new_size (nothing is to be shown), and when
/// old_size > new_size or new_size > kTreeSizeMax (no verifier takes it).
std::vector<Hash> consistency_proof(std::uint64_t old_size, std::uint64_t new_size, const NodeAt& node_at);

/// True when `leaf` is leaf `index` of the tree of `size` leaves under `root` (RFC 9162 section 2.1.3.2).
/// A root does not say its size: `size` and `root` must come together, from one checkpoint or one leaf of
/// `heads`. Any input is safe; the cost is at most 63 hashes.
[[nodiscard]] bool verify_inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size,
                                    std::span<const Hash> proof, const Hash& root);

/// True when the new tree begins with the old one (RFC 9162 section 2.1.4.2); each size must come with its
/// root, as above. From size 0 the proof is empty and `old_root` is empty_root(); between equal sizes it is
/// empty and the roots are equal.
[[nodiscard]] bool verify_consistency(std::uint64_t old_size, const Hash& old_root, std::uint64_t new_size,
                                      const Hash& new_root, std::span<const Hash> proof);

struct Leaf {
  std::uint64_t index = 0;
  Hash hash;
};

/// One proof for several leaves, each shared node once: walking the tree from the root, left before right,
/// the hash of every subtree that holds none of the leaves. For one leaf this is the same set of hashes as
/// inclusion_proof, in order of position. At most 63 hashes a leaf.
/// @param indexes strictly rising and below size. @return empty otherwise.
std::vector<Hash> inclusion_proofs(std::span<const std::uint64_t> indexes, std::uint64_t size,
                                   const NodeAt& node_at);

/// True when every one of `leaves` (strictly rising, at least one) is in the tree of `size` under `root` and
/// no hash of the proof is left over. Any input is safe; the cost is at most 63 hashes a leaf.
[[nodiscard]] bool verify_inclusions(std::span<const Leaf> leaves, std::uint64_t size,
                                     std::span<const Hash> proof, const Hash& root);

/// The proof of one leaf taken out of a proof for several, nearest sibling first as inclusion_proof gives it.
/// @pre verify_inclusions takes `leaves` and `proof`, and `index` is one of theirs.
std::vector<Hash> inclusion_proof_of(std::uint64_t index, std::span<const Leaf> leaves, std::uint64_t size,
                                     std::span<const Hash> proof);

}  // namespace wasl::ledger
