// Which readers share a frame of entries, and what comes back to who wrote some of it.
#include "server/hub/log_reader.hpp"

#include "tests/support/hub_world.hpp"

namespace wasl::test {
namespace {

constexpr const char* kSpace = "network";

struct LogReading : testing::Test {
  struct Writer {
    explicit Writer(HubWorld& world)
        : key(crypto::KeyPair::generate(world.random())), pen(world, key, kSpace, world.enrol(key, "ma")) {}
    crypto::KeyPair key;
    Pen pen;
  };
  HubWorld world;
  std::vector<std::unique_ptr<Writer>> writers;
  struct : KnownLogs {
    Position find(std::string_view, const Source&, Sequence) override { return 0; }
    std::shared_ptr<const LoggedSet> at(std::string_view, Position) override { return nullptr; }
    std::optional<Hash> root(std::string_view, Position) override { return std::nullopt; }
  } nothing;

  LogReading() { world.add_organisation("ma", "association"); }
  PublicKey writer(int sets) {
    writers.push_back(std::make_unique<Writer>(world));
    Writer& one = *writers.back();
    for (int i = 0; i < sets; ++i) {
      const std::string id = "p" + std::to_string(writers.size()) + "-" + std::to_string(i);
      const ChangeSet set = one.pen.write({Pen::create("project", id)});
      EXPECT_EQ(world.push(one.pen.run({set})).front().verdict.outcome, Outcome::accepted);
    }
    return one.key.public_key();
  }
  HubPort::EntriesFrame frame(LogReader& reader, std::optional<PublicKey> own, Position from = 1) {
    return must(reader.frame(kSpace, from, must(world.hub().size(kSpace)), {own, false}, world.network()));
  }
  std::size_t own_items(const HubPort::EntriesFrame& frame) {
    const Segment segment = must(decode_segment(*frame.frame, world.network()));
    return static_cast<std::size_t>(std::ranges::count_if(
        segment.items, [](const SegmentItem& item) { return std::holds_alternative<OwnItem>(item); }));
  }
};

TEST_F(LogReading, WhoWroteAGoodPartGetsAFrameWithoutIt) {
  const PublicKey much = writer(6);
  const PublicKey little = writer(1);
  LogReader reader(world.store(), nothing);
  const auto shared = frame(reader, std::nullopt);
  EXPECT_EQ(own_items(shared), 0U);
  EXPECT_EQ(frame(reader, std::nullopt).frame, shared.frame);
  const auto own = frame(reader, much);
  EXPECT_EQ(own_items(own), 6U);
  EXPECT_LT(own.frame->size(), shared.frame->size());
  EXPECT_EQ(own_items(frame(reader, little)), 1U);  // a seventh
}

TEST_F(LogReading, WhoWroteLittleOfItSharesEverybodysFrame) {
  const PublicKey much = writer(20);
  const PublicKey little = writer(1);
  LogReader reader(world.store(), nothing);
  const auto first = frame(reader, little);  // as the first who asks, too
  EXPECT_EQ(own_items(first), 0U);
  EXPECT_EQ(frame(reader, std::nullopt).frame, first.frame);
  EXPECT_EQ(own_items(frame(reader, much)), 20U);
  // Alone behind the rest it is all of the frame.
  EXPECT_EQ(own_items(frame(reader, little, 21)), 1U);
}

TEST_F(LogReading, ManyWhoWriteAlikeShareOneFrame) {
  std::vector<PublicKey> keys;
  for (int i = 0; i < 12; ++i) keys.push_back(writer(1));
  LogReader reader(world.store(), nothing);
  const auto shared = frame(reader, std::nullopt);
  for (const PublicKey& key : keys) EXPECT_EQ(frame(reader, key).frame, shared.frame);
}

TEST_F(LogReading, AGrownLogGivesALongerFrame) {
  const PublicKey much = writer(2);
  LogReader reader(world.store(), nothing);
  EXPECT_EQ(frame(reader, much).last, 2U);
  writer(1);
  EXPECT_EQ(frame(reader, much).last, 3U);
  EXPECT_EQ(own_items(frame(reader, much)), 2U);
}

TEST_F(LogReading, ItemsThatWereLetGoAreReadAgain) {
  const PublicKey writer_key = writer(1);
  Writer& one = *writers.front();
  // More operations than are kept decoded: forty change sets of 2,000.
  for (int s = 0; s < 40; ++s) {
    std::vector<Operation> operations;
    for (int i = 0; i < 2'000; ++i)
      operations.push_back(Pen::create("need", "n" + std::to_string(s) + "-" + std::to_string(i)));
    sort_by_record(operations);
    EXPECT_EQ(world.push(one.pen.run({one.pen.write(std::move(operations))})).front().verdict.outcome,
              Outcome::accepted);
  }
  LogReader reader(world.store(), nothing);
  std::vector<HubPort::EntriesFrame> first;
  for (Position from = 1; from <= 41; from = first.back().last + 1)
    first.push_back(frame(reader, writer_key, from));
  ASSERT_GT(first.size(), 2U);
  Position from = 1;
  for (const auto& before : first) {
    EXPECT_EQ(*frame(reader, writer_key, from).frame, *before.frame);
    EXPECT_EQ(own_items(frame(reader, std::nullopt, from)), 0U);
    from = before.last + 1;
  }
}

/// What the hub took and the office did not hear of comes back among much of others' work.
TEST(LogReadingOffice, AnOfficeTakesItsOwnWorkInFull) {
  HubWorld world;
  world.add_two_associations();
  HubOffice senegal(world, world.invite("senegal"));
  HubOffice mali(world, world.invite("mali"));
  senegal.sync();
  senegal.sql("INSERT INTO project(id, space, title) VALUES('mine', 'section/africa', 'Water')");
  const Position before = must(world.hub().size("section/africa"));
  for (std::size_t cut = 1; must(world.hub().size("section/africa")) == before; ++cut) {
    ASSERT_LT(cut, 20U);
    senegal.sync(cut);
  }
  for (int i = 0; i < 150; ++i)
    mali.sql("INSERT INTO project(id, space, title) VALUES('m" + std::to_string(i) +
             "', 'section/africa', 'Road')");
  ASSERT_FALSE(mali.sync().error);
  const auto whole = senegal.sync();
  ASSERT_FALSE(whole.error) << whole.error->message;
  EXPECT_EQ(whole.own_items, 0U);
  EXPECT_EQ(whole.summary.equal, true);
  EXPECT_EQ(senegal.rows("SELECT count(*) FROM project"), "151");
  EXPECT_EQ(senegal.rows("SELECT count(*) FROM _wasl_pending"), "0");
  EXPECT_TRUE(must(senegal.replica().verify()).ok);
}

}  // namespace
}  // namespace wasl::test
