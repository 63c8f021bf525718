#include "shared/ledger/heads.hpp"

#include <gtest/gtest.h>

#include "shared/base/limits.hpp"
#include "shared/base/packed.hpp"
#include "shared/crypto/crypto.hpp"
#include "shared/ledger/merkle.hpp"

namespace wasl::ledger {
namespace {

Hash filled(Byte b) {
  Hash hash;
  hash.bytes.fill(b);
  return hash;
}

HeadsLeaf public_leaf() {
  return {to_bytes("public"), 300, filled(0xAA), filled(0xBB), 299, 5, 1'700'000'000'000, 127};
}

std::string repeated(std::string_view pair) {
  std::string out;
  for (int i = 0; i < 32; ++i) out += pair;
  return out;
}

TEST(HeadsLeaf, HasTheBytesOfTheProtocol) {
  EXPECT_EQ(to_hex(public_leaf().encode()),
            "01"
            "06"
            "7075626c6963"
            "ac02" +
                repeated("aa") + repeated("bb") +
                "ab02"
                "05"
                "80d095ffbc31"
                "8001");
}

TEST(HeadsLeaf, ComesBackWithAndWithoutAPreviousLeaf) {
  HeadsLeaf leaf = public_leaf();
  for (const std::optional<std::uint64_t> previous :
       {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(0), std::optional<std::uint64_t>(126)}) {
    leaf.previous = previous;
    const auto decoded = HeadsLeaf::decode(leaf.encode());
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, leaf);
  }
  EXPECT_FALSE(leaf.is_blinded());
}

TEST(HeadsLeaf, CarriesABlindedName) {
  BlindingKey key;
  key.bytes.fill(9);
  HeadsLeaf leaf = public_leaf();
  const Hash name = blind_name(key, "section/graz");
  leaf.name = to_bytes(name.view());
  EXPECT_TRUE(leaf.is_blinded());
  EXPECT_EQ(*HeadsLeaf::decode(leaf.encode()), leaf);
}

TEST(HeadsLeaf, RefusesCutLongerAndOtherVersions) {
  const Bytes good = public_leaf().encode();
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_EQ(HeadsLeaf::decode(ByteView(good).first(cut)).error().code, Errc::malformed) << cut;
  }
  Bytes other = good;
  other.push_back(0);
  EXPECT_EQ(HeadsLeaf::decode(other).error().code, Errc::malformed);
  other = good;
  other[0] = 2;
  EXPECT_EQ(HeadsLeaf::decode(other).error().code, Errc::unsupported);
}

Errc error_with(ByteView name, std::uint64_t size, std::uint64_t digest_position) {
  Writer out;
  out.byte(1);
  out.sized(name);
  out.varint(size);
  out.fixed(Hash{});
  out.fixed(Hash{});
  out.varint(digest_position);
  out.varint(0);
  out.varint(0);
  out.varint(0);
  const auto decoded = HeadsLeaf::decode(out.bytes());
  return decoded ? Errc::not_found : decoded.error().code;
}

TEST(HeadsLeaf, RefusesWhatNoHubWrites) {
  const Bytes name = to_bytes("public");
  EXPECT_EQ(error_with(name, 5, 5), Errc::not_found);
  EXPECT_EQ(error_with(name, 5, 6), Errc::malformed);
  EXPECT_EQ(error_with(name, kTreeSizeMax + 1, 0), Errc::malformed);
  EXPECT_EQ(error_with({}, 5, 5), Errc::malformed);
  EXPECT_EQ(error_with(Bytes(limits::kSpaceBytes + 1, 'a'), 5, 5), Errc::malformed);
  EXPECT_EQ(error_with(Bytes(31, 0xFF), 5, 5), Errc::malformed);
  EXPECT_EQ(error_with(Bytes(32, 0xFF), 5, 5), Errc::not_found);
}

TEST(HeadsLeaf, EveryFieldIsInItsHash) {
  const Hash hash = leaf_hash(public_leaf());
  EXPECT_EQ(hash, leaf_hash(public_leaf().encode()));
  const auto changed = [&](auto change) {
    HeadsLeaf leaf = public_leaf();
    change(leaf);
    return leaf_hash(leaf) != hash;
  };
  EXPECT_TRUE(changed([](HeadsLeaf& l) { l.name.back() = 'k'; }));
  EXPECT_TRUE(changed([](HeadsLeaf& l) { ++l.size; }));
  EXPECT_TRUE(changed([](HeadsLeaf& l) { l.root = {}; }));
  EXPECT_TRUE(changed([](HeadsLeaf& l) { l.digest = {}; }));
  EXPECT_TRUE(changed([](HeadsLeaf& l) { ++l.digest_position; }));
  EXPECT_TRUE(changed([](HeadsLeaf& l) { ++l.authority_size; }));
  EXPECT_TRUE(changed([](HeadsLeaf& l) { ++l.hub_time; }));
  EXPECT_TRUE(changed([](HeadsLeaf& l) { l.previous.reset(); }));
}

// RFC 4231's HMAC-SHA-256 is libsodium's; what is ours is the byte in front.
TEST(Blinding, SeparatesNamesFromEntries) {
  BlindingKey key;
  key.bytes.fill(3);
  const Hash entry = blind_leaf(key, view("section/graz"));
  const Hash name = blind_name(key, "section/graz");
  EXPECT_EQ(entry, crypto::hmac_sha256(key.view(), view(std::string_view("\0section/graz", 13))));
  EXPECT_EQ(name, crypto::hmac_sha256(key.view(), view("\1section/graz")));
  EXPECT_NE(entry, name);
}

}  // namespace
}  // namespace wasl::ledger
