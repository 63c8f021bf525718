#include "shared/ledger/entry.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "shared/crypto/crypto.hpp"
#include "shared/ledger/merkle.hpp"

namespace wasl::ledger {
namespace {

Hash filled(Byte b) {
  Hash hash;
  hash.bytes.fill(b);
  return hash;
}

Entry some_entry() { return {EntryKind::adopt, filled(0xAB), 300, 1'700'000'000'000}; }

TEST(Entry, HasTheBytesOfTheProtocol) {
  const Bytes bytes = some_entry().encode();
  std::string hex;
  for (int i = 0; i < 32; ++i) hex += "ab";
  EXPECT_EQ(to_hex(bytes), "02" + hex + "ac02" + "80d095ffbc31");
}

TEST(Entry, EveryKindComesBack) {
  for (Byte kind = 1; kind <= 7; ++kind) {
    Entry entry = some_entry();
    entry.kind = static_cast<EntryKind>(kind);
    const auto decoded = Entry::decode(entry.encode());
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, entry);
  }
  const Entry largest{EntryKind::collect, filled(0xFF), std::numeric_limits<std::uint64_t>::max(),
                      std::numeric_limits<Millis>::max()};
  EXPECT_EQ(*Entry::decode(largest.encode()), largest);
}

TEST(Entry, RefusesOtherKindsLengthsAndTimes) {
  const Bytes good = some_entry().encode();
  Bytes other = good;
  other[0] = 0;
  EXPECT_EQ(Entry::decode(other).error().code, Errc::malformed);
  other[0] = 8;
  EXPECT_EQ(Entry::decode(other).error().code, Errc::unsupported);
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_FALSE(Entry::decode(ByteView(good).first(cut)));
  }
  other = good;
  other.push_back(0);
  EXPECT_EQ(Entry::decode(other).error().code, Errc::malformed);

  Writer late;
  late.byte(1);
  late.fixed(Hash{});
  late.varint(0);
  late.varint(std::uint64_t{1} << 63);
  EXPECT_EQ(Entry::decode(late.bytes()).error().code, Errc::malformed);
}

TEST(Entry, SeveralAreReadFromOneMessage) {
  Writer out;
  some_entry().write(out);
  Entry second = some_entry();
  second.kind = EntryKind::void_;
  second.write(out);
  Reader in(out.bytes());
  EXPECT_EQ(Entry::read(in), some_entry());
  EXPECT_EQ(Entry::read(in), second);
  EXPECT_TRUE(in.finished());
}

TEST(Entry, LeafIsPlainOrBlinded) {
  const Entry entry = some_entry();
  EXPECT_EQ(leaf_data(entry, std::nullopt), entry.encode());
  EXPECT_EQ(leaf_hash(entry, std::nullopt), leaf_hash(entry.encode()));

  BlindingKey key;
  key.bytes.fill(1);
  Bytes message{0x00};
  append(message, entry.encode());
  const Hash blinded = crypto::hmac_sha256(key.view(), message);
  EXPECT_EQ(leaf_data(entry, key), to_bytes(blinded.view()));
  EXPECT_EQ(leaf_hash(entry, key), leaf_hash(blinded.view()));
  key.bytes.fill(2);
  EXPECT_NE(leaf_data(entry, key), to_bytes(blinded.view()));
}

}  // namespace
}  // namespace wasl::ledger
