#include "shared/ledger/heads.hpp"

#include "shared/base/limits.hpp"
#include "shared/base/packed.hpp"
#include "shared/ledger/merkle.hpp"

namespace wasl::ledger {
namespace {

constexpr Byte kVersion = 1;

bool is_honest(const HeadsLeaf& leaf) {
  if (leaf.name.empty() || leaf.name.size() > limits::kSpaceBytes) return false;
  if (!leaf.is_blinded() && !is_utf8(leaf.name)) return false;
  return leaf.size <= kTreeSizeMax && leaf.digest_position <= leaf.size &&
         leaf.authority_size <= kTreeSizeMax && leaf.hub_time >= 0 &&
         (!leaf.previous || *leaf.previous < kTreeSizeMax);
}

}  // namespace

Bytes HeadsLeaf::encode() const {
  WASL_ASSERT(is_honest(*this));
  Writer out;
  out.byte(kVersion);
  out.sized(name);
  out.varint(size);
  out.fixed(root);
  out.fixed(digest);
  out.varint(digest_position);
  out.varint(authority_size);
  out.varint(static_cast<std::uint64_t>(hub_time));
  out.varint(previous ? *previous + 1 : 0);
  return out.take();
}

Result<HeadsLeaf> HeadsLeaf::decode(ByteView bytes) {
  Reader in(bytes);
  const Byte version = in.byte();
  if (in.ok() && version != kVersion) {
    return fail(Errc::unsupported, "A leaf of heads is of a version that this program does not know.",
                "Update the program.");
  }
  HeadsLeaf leaf;
  leaf.name = to_bytes(in.sized(limits::kSpaceBytes));
  leaf.size = in.count(kTreeSizeMax);
  leaf.root = in.fixed<Hash>();
  leaf.digest = in.fixed<Hash>();
  leaf.digest_position = in.count(kTreeSizeMax);
  leaf.authority_size = in.count(kTreeSizeMax);
  leaf.hub_time = static_cast<Millis>(in.count(limits::kNumberMost));
  if (const std::uint64_t after = in.count(kTreeSizeMax); after != 0) leaf.previous = after - 1;
  if (!in.finished() || !is_honest(leaf)) return fail(Errc::malformed, "A leaf of heads cannot be read.");
  return leaf;
}

Hash leaf_hash(const HeadsLeaf& leaf) { return leaf_hash(leaf.encode()); }

}  // namespace wasl::ledger
