#include "shared/ledger/digest.hpp"

#include <algorithm>

#include "shared/base/packed.hpp"
#include "shared/crypto/crypto.hpp"

namespace wasl::ledger {
namespace {

constexpr std::string_view kIdTag = "wasl.1/record-id";
constexpr std::string_view kBucketTag = "wasl.1/bucket";
constexpr std::array<std::string_view, kDigestLevels> kNodeTags{"wasl.1/digest/1", "wasl.1/digest/2",
                                                                "wasl.1/digest/3"};
constexpr std::size_t kBitmapBytes = kDigestBuckets / 8;

unsigned first_12_bits(ByteView hash) { return static_cast<unsigned>(hash[0]) << 4 | hash[1] >> 4; }

Bucket::IdPrefix prefix_of(const Hash& id_hash) {
  return *Bucket::IdPrefix::from(id_hash.view().first(Bucket::IdPrefix::kSize));
}

bool id_below(const Bucket::Item& item, const Bucket::IdPrefix& id) { return item.id < id; }

std::span<const Hash, kDigestChildren> children_of(const std::vector<Hash>& below, unsigned index) {
  return std::span(below).subspan(std::size_t{index} * kDigestChildren).first<kDigestChildren>();
}

}  // namespace

Hash id_hash(std::string_view id) { return crypto::hash(kIdTag, view(id)); }
unsigned bucket_of(std::string_view id) { return bucket_of(id_hash(id)); }
unsigned bucket_of(const Hash& id_hash) { return first_12_bits(id_hash.view()); }

void Bucket::set(const Hash& id_hash, const Hash& record_hash) {
  const IdPrefix id = prefix_of(id_hash);
  const auto at = std::lower_bound(items_.begin(), items_.end(), id, id_below);
  if (at != items_.end() && at->id == id) {
    at->record = record_hash;
  } else {
    items_.insert(at, {id, record_hash});
  }
}

bool Bucket::erase(const Hash& id_hash) {
  const IdPrefix id = prefix_of(id_hash);
  const auto at = std::lower_bound(items_.begin(), items_.end(), id, id_below);
  if (at == items_.end() || at->id != id) return false;
  items_.erase(at);
  return true;
}

Hash Bucket::hash() const {
  if (items_.empty()) return {};
  std::vector<Hash> records;
  records.reserve(items_.size());
  for (const Item& item : items_) records.push_back(item.record);
  std::sort(records.begin(), records.end());
  Bytes data;
  data.reserve(records.size() * Hash::kSize);
  for (const Hash& record : records) append(data, record.view());
  return crypto::hash(kBucketTag, data);
}

Bytes Bucket::encode() const {
  Writer out;
  for (const Item& item : items_) {
    out.fixed(item.id);
    out.fixed(item.record);
  }
  return out.take();
}

Result<Bucket> Bucket::decode(ByteView bytes) {
  const auto refuse = [] { return fail(Errc::malformed, "A bucket of the state digest cannot be read."); };
  if (bytes.size() % kItemBytes != 0) return refuse();
  Bucket bucket;
  bucket.items_.reserve(bytes.size() / kItemBytes);
  Reader in(bytes);
  while (!in.at_end()) {
    const Item item{in.fixed<IdPrefix>(), in.fixed<Hash>()};
    if (!bucket.items_.empty()) {
      const IdPrefix& last = bucket.items_.back().id;
      if (item.id <= last || first_12_bits(item.id.view()) != first_12_bits(last.view())) return refuse();
    }
    bucket.items_.push_back(item);
  }
  return bucket;
}

Hash digest_node(unsigned level, std::span<const Hash, kDigestChildren> children) {
  WASL_ASSERT(level >= 1 && level <= kDigestLevels);
  Bytes data;
  data.reserve(children.size() * Hash::kSize);
  for (const Hash& child : children) append(data, child.view());
  return crypto::hash(kNodeTags[level - 1], data);
}

namespace {

/// By level the hash over nothing: most of a young space's tree, which need not be computed for each tree.
const std::array<Hash, kDigestLevels + 1>& empty_nodes() {
  static const auto nodes = [] {
    std::array<Hash, kDigestLevels + 1> out;
    for (unsigned level = 1; level <= kDigestLevels; ++level) {
      std::array<Hash, kDigestChildren> children;
      children.fill(out[level - 1]);
      out[level] = digest_node(level, children);
    }
    return out;
  }();
  return nodes;
}

}  // namespace

DigestTree::DigestTree() {
  std::size_t nodes = kDigestBuckets;
  for (unsigned level = 0; level <= kDigestLevels; ++level, nodes /= kDigestChildren)
    levels_[level].assign(nodes, empty_nodes()[level]);
}

void DigestTree::set(unsigned bucket, const Hash& hash) {
  WASL_ASSERT(bucket < kDigestBuckets);
  if (levels_[0][bucket] == hash) return;
  levels_[0][bucket] = hash;
  filled_.set(bucket, !hash.is_zero());
  stale_.set(bucket / kDigestChildren);
}

void DigestTree::assign(std::span<const std::pair<unsigned, Hash>> filled) {
  auto emptied = filled_;
  for (const auto& [bucket, hash] : filled) {
    set(bucket, hash);
    emptied.reset(bucket);
  }
  for (unsigned bucket = 0; bucket < kDigestBuckets && emptied.any(); ++bucket) {
    if (!emptied.test(bucket)) continue;
    set(bucket, {});
    emptied.reset(bucket);
  }
}

const Hash& DigestTree::bucket(unsigned bucket) const {
  WASL_ASSERT(bucket < kDigestBuckets);
  return levels_[0][bucket];
}

Hash DigestTree::root() {
  refresh();
  return levels_[kDigestLevels][0];
}

Result<std::array<Hash, kDigestChildren>> DigestTree::children(unsigned level, unsigned index) {
  if (level < 1 || level > kDigestLevels || index >= levels_[level].size()) {
    return fail(Errc::invalid_value, "The state digest has no such node.");
  }
  refresh();
  std::array<Hash, kDigestChildren> out;
  std::ranges::copy(children_of(levels_[level - 1], index), out.begin());
  return out;
}

void DigestTree::refresh() {
  if (stale_.none()) return;
  std::bitset<kDigestBuckets / kDigestChildren> stale = stale_;  // of the level at hand
  for (unsigned level = 1; level <= kDigestLevels; ++level) {
    std::bitset<kDigestBuckets / kDigestChildren> above;
    for (unsigned index = 0; index < levels_[level].size(); ++index) {
      if (!stale.test(index)) continue;
      levels_[level][index] = digest_node(level, children_of(levels_[level - 1], index));
      above.set(index / kDigestChildren);
    }
    stale = above;
  }
  stale_.reset();
}

Bytes DigestTree::encode() const {
  Bytes out(kBitmapBytes, 0);
  for (unsigned b = 0; b < kDigestBuckets; ++b) {
    if (levels_[0][b].is_zero()) continue;
    out[b / 8] = static_cast<Byte>(out[b / 8] | 1U << b % 8);
    append(out, levels_[0][b].view());
  }
  return out;
}

Result<DigestTree> DigestTree::decode(ByteView bytes) {
  Reader in(bytes);
  DigestTree tree;
  if (bytes.size() >= kBitmapBytes) {
    const ByteView bits = in.raw(kBitmapBytes);
    for (unsigned b = 0; b < kDigestBuckets; ++b) {
      if ((bits[b / 8] >> b % 8 & 1) == 0) continue;
      const auto hash = in.fixed<Hash>();
      if (hash.is_zero()) in.fail();
      tree.set(b, hash);
    }
  } else {
    in.fail();
  }
  if (!in.finished()) return fail(Errc::malformed, "A state digest cannot be read.");
  return tree;
}

}  // namespace wasl::ledger
