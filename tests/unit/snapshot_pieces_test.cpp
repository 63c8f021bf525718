// Pieces, ground and manifest of a snapshot: what goes in comes out, equal records make equal pieces, and a
// change renames a few. One rule a test.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "shared/crypto/crypto.hpp"
#include "shared/snapshot/ground.hpp"
#include "shared/snapshot/manifest.hpp"
#include "shared/snapshot/pieces.hpp"
#include "tests/support/must.hpp"

namespace wasl::test {
namespace {

using snapshot::Records;

Source source(unsigned number) {
  Source out;
  out.author.bytes[0] = static_cast<Byte>(number + 1);
  out.chain.bytes[7] = static_cast<Byte>(number % 7);
  return out;
}

RecordState record(unsigned number) {
  RecordState state;
  Operation op;
  op.register_number = 7;
  state.apply(op, {{source(number % 5), number + 1, 0}, Stamp::at(1000 + number), 900 + number, 0});
  op.kind = OperationKind::write;
  op.address = {1, {}};
  op.value = Value::text("record " + std::to_string(number));
  state.apply(op, {{source(number % 5), number + 1, 1}, Stamp::at(1000 + number), 900 + number, number % 3});
  return state;
}

std::string id_of(unsigned number) { return "r-" + std::to_string(100'000 + number); }

std::vector<Bytes> cut(const Records& records) {
  std::vector<Bytes> pieces;
  snapshot::Cutter cutter([&](Bytes raw) {
    pieces.push_back(std::move(raw));
    return Status();
  });
  for (const auto& [id, state] : records) must(cutter.add(id, state));
  must(cutter.finish());
  return pieces;
}

Records records(unsigned count) {
  Records out;
  for (unsigned i = 0; i < count; ++i) out.emplace_back(id_of(i), record(i));
  return out;
}

TEST(SnapshotPieces, GiveTheRecordsBack) {
  const Records all = records(3000);
  const auto pieces = cut(all);
  EXPECT_GT(pieces.size(), 10U);
  Records again;
  for (const Bytes& piece : pieces) {
    EXPECT_LE(piece.size(), snapshot::kPieceBytes);
    for (auto& one : must(snapshot::decode_piece(piece))) again.push_back(std::move(one));
  }
  EXPECT_EQ(again, all);
}

TEST(SnapshotPieces, OfEqualRecordsAreEqualAndAChangeRenamesOne) {
  Records all = records(3000);
  const auto names = [](const Records& of) {
    std::set<Hash> out;
    for (const Bytes& piece : cut(of)) out.insert(snapshot::piece_name(piece));
    return out;
  };
  const auto before = names(all);
  EXPECT_EQ(names(all), before);
  Operation op;
  op.kind = OperationKind::write;
  op.register_number = 7;
  op.address = {2, {}};
  op.value = Value::text("later");
  all[1500].second.apply(op, {{source(1), 9999, 0}, Stamp::at(5000), 5000, 0});
  const auto after = names(all);
  std::vector<Hash> fresh;
  std::set_difference(after.begin(), after.end(), before.begin(), before.end(), std::back_inserter(fresh));
  EXPECT_EQ(fresh.size(), 1U);
  all.insert(all.begin() + 700, {id_of(699) + "a", record(3001)});
  const auto grown = names(all);
  fresh.clear();
  std::set_difference(grown.begin(), grown.end(), after.begin(), after.end(), std::back_inserter(fresh));
  EXPECT_LE(fresh.size(), 2U) << "the ids say where it is cut, so the rest keeps its names";
}

TEST(SnapshotPieces, KeepTimesAndLevels) {
  const auto pieces = cut({{"a", record(5)}});
  const Records again = must(snapshot::decode_piece(pieces.front()));
  const Head& head = again.front().second.heads.at({1, {}}).front();
  EXPECT_EQ(head.effective, 905);
  EXPECT_EQ(head.stamp.millis(), 1005);
  EXPECT_EQ(head.level, 2U);
}

TEST(SnapshotPieces, ARecordLargerThanAFrameIsRefusedInWords) {
  RecordState large = record(1);
  for (unsigned i = 0; i < 60; ++i) {
    Operation op;
    op.kind = OperationKind::write;
    op.register_number = 7;
    op.address = {i + 2, {}};
    op.value = Value::text(std::string(16'000, 'x'));
    large.apply(op, {{source(1), i + 10, 0}, Stamp::at(1), 1, 0});
  }
  snapshot::Cutter cutter([](const Bytes&) { return Status(); });
  const Status added = cutter.add("large", large);
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, Errc::limit_exceeded);
}

TEST(SnapshotPieces, DamagedOnesAreRefused) {
  const Bytes piece = cut(records(40)).front();
  std::size_t refused = 0;
  for (std::size_t at = 0; at < piece.size(); ++at) {
    Bytes damaged = piece;
    damaged[at] ^= 0x80;
    const auto read = snapshot::decode_piece(damaged);
    refused += read ? 0 : 1;
    EXPECT_TRUE(read || read.error().code == Errc::malformed) << at;
    EXPECT_FALSE(snapshot::decode_piece(ByteView(piece).first(at)));
  }
  EXPECT_GT(refused, piece.size() / 4);  // others say something else, under another name
}

snapshot::Ground some_ground() {
  snapshot::Ground ground;
  for (unsigned i = 0; i < 5; ++i) ground.frontier.append(crypto::hash("x", Bytes{static_cast<Byte>(i)}));
  ground.authority = 17;
  ground.hub_time = 1'700'000'000'000;
  ground.ends[source(1)] = {3, crypto::hash("end", Bytes{1}), "section/africa", Stamp::at(99)};
  ground.ends[source(2)] = {9, crypto::hash("end", Bytes{2}), "section/africa", Stamp::at(98)};
  ground.stand_ins[{source(2), 4}] = crypto::hash("stand-in", Bytes{4});
  return ground;
}

TEST(SnapshotGround, GivesItselfBackAndKnowsWhatHasAnEntry) {
  const snapshot::Ground ground = some_ground();
  EXPECT_EQ(must(snapshot::decode_ground(encode(ground), "section/africa")), ground);
  EXPECT_TRUE(ground.has_entry(source(1), 3));
  EXPECT_FALSE(ground.has_entry(source(1), 4));
  EXPECT_FALSE(ground.has_entry(source(2), 4)) << "its header alone stands there";
  EXPECT_TRUE(ground.has_entry(source(2), 5));
  EXPECT_FALSE(ground.has_entry(source(3), 1));
}

TEST(SnapshotGround, ACutOrLongerOneIsRefused) {
  const Bytes bytes = encode(some_ground());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(snapshot::decode_ground(ByteView(bytes).first(size), "public"));
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(snapshot::decode_ground(longer, "public"));
}

TEST(SnapshotManifest, GivesItselfBackAndRefusesMoreNamesThanBytes) {
  snapshot::Manifest manifest{
      "public", 77, 12, {{crypto::hash("g", Bytes{}), 40}}, {{crypto::hash("p", Bytes{}), 305}}};
  EXPECT_EQ(manifest.bytes(), 345U);
  EXPECT_EQ(must(snapshot::decode_manifest(encode(manifest))), manifest);
  Bytes bytes = encode(manifest);
  bytes.resize(bytes.size() - 35);
  append(bytes, Bytes{0xff, 0xff, 0xff, 0x7f});
  EXPECT_EQ(snapshot::decode_manifest(bytes).error().code, Errc::malformed);
  manifest.space = "authority";
  EXPECT_FALSE(snapshot::decode_manifest(encode(manifest))) << "authority is always taken as a log";
}

}  // namespace
}  // namespace wasl::test
