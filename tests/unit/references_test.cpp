// Frames that refer to what both ends hold of the logs: rebuilt exactly, or asked for again.
#include "shared/wire/references.hpp"

#include "shared/base/limits.hpp"
#include "tests/support/hub_world.hpp"

namespace wasl::test {
namespace {

/// A hub whose frames of entries are exchanged under way.
class Exchanged final : public HubPeer {
 public:
  Exchanged(Hub& hub, Bytes instead) : HubPeer(hub), instead_(std::move(instead)) {}
  std::shared_ptr<const Bytes> alter(std::shared_ptr<const Bytes> frame) override {
    if (frame_kind(*frame) != FrameKind::entries || !refers_to_logs(*frame)) return frame;
    ++exchanged;
    return std::make_shared<const Bytes>(instead_);
  }
  int exchanged = 0;

 private:
  Bytes instead_;
};

/// Two offices that hold the same rows.
struct FramesThatRefer : testing::Test {
  HubWorld world;
  std::unique_ptr<HubOffice> senegal, mali;

  FramesThatRefer() {
    world.add_two_associations();
    senegal = std::make_unique<HubOffice>(world, world.invite("senegal"));
    mali = std::make_unique<HubOffice>(world, world.invite("mali"));
    for (int i = 0; i < 40; ++i) {
      senegal->sql("INSERT INTO project(space, title, note) VALUES('section/africa', 'Water " +
                   std::to_string(i) + "', 'first')");
    }
    equal(*senegal);
    equal(*mali);
  }
  static void equal(HubOffice& office) {
    const auto session = office.sync();
    ASSERT_FALSE(session.error) << session.error->message;
    EXPECT_EQ(session.summary.equal, true);
  }
  /// What waits at the office, as its next push.
  static Segment push_of(HubOffice& office) {
    must(office.replica().seal());
    must(office.replica().make_hello(false, {}));
    return must(office.replica().next_push(limits::kSegmentTargetBytes)).value();
  }
  Segment rebuilt(ByteView frame, HubOffice& at) {
    return must(decode_segment(frame, world.network(), at.replica().known_logs()));
  }
};

TEST_F(FramesThatRefer, APushIsRebuiltToTheByteFromAThirdOfItsBytes) {
  senegal->sql("UPDATE project SET note = 'x' || id");
  const Segment push = push_of(*senegal);
  const Bytes alone = encode_segment(FrameKind::push, push);
  const Bytes frame = encode_segment(FrameKind::push, push, senegal->replica().known_logs());
  ASSERT_TRUE(refers_to_logs(frame));
  EXPECT_FALSE(refers_to_logs(alone));
  EXPECT_EQ(encode_items(must(decode_segment(frame, world.network(), world.hub().known_logs()))),
            encode_items(push));
  EXPECT_EQ(encode_items(rebuilt(frame, *mali)), encode_items(push)) << "whoever holds the log can";
  EXPECT_LT(frame.size() * 2, alone.size() + 40 * 36 * 2) << "the values are the ids themselves here";
}

TEST_F(FramesThatRefer, EveryKindOfOperationIsRebuilt) {
  senegal->sql(
      "UPDATE project SET note = NULL, title = 'T', website = 'https://a.example' WHERE title = 'Water 1'");
  senegal->sql("DELETE FROM project WHERE title = 'Water 2'");
  senegal->sql("INSERT INTO project(space, title) VALUES('section/africa', 'New')");
  const auto sent = senegal->sync();
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_EQ(sent.referring_pushes, 1U);
  mali->sql("UPDATE project SET note = 'theirs' WHERE title = 'Water 3'");
  senegal->sql("UPDATE project SET note = 'ours' WHERE title = 'Water 3'");
  equal(*mali);
  equal(*senegal);
  equal(*mali);
  const std::string state = "SELECT title, note, website FROM project ORDER BY id";
  EXPECT_EQ(mali->rows(state), senegal->rows(state));
}

TEST_F(FramesThatRefer, ALoneEditIsShort) {
  senegal->sql("UPDATE project SET note = 'second' WHERE title = 'Water 7'");
  const Segment push = push_of(*senegal);
  const Bytes frame = encode_segment(FrameKind::push, push, senegal->replica().known_logs());
  EXPECT_LT(frame.size(), 130U) << "64 of them are the signature";
  EXPECT_GT(encode_segment(FrameKind::push, push).size(), 280U);
}

TEST_F(FramesThatRefer, WithoutTheLogAFrameIsRefusedInWords) {
  senegal->sql("UPDATE project SET note = 'second'");
  const Bytes frame = encode_segment(FrameKind::push, push_of(*senegal), senegal->replica().known_logs());
  EXPECT_EQ(decode_segment(frame, world.network()).error().code, Errc::malformed);
  HubWorld other;
  EXPECT_EQ(decode_segment(frame, world.network(), other.hub().known_logs()).error().code, Errc::malformed);
}

TEST_F(FramesThatRefer, WhatAnOfficeCannotRebuildItAsksForAgainAndAccusesNobody) {
  senegal->sql("UPDATE project SET note = 'second'");
  equal(*senegal);
  Segment nothing{"section/africa", 1, {}, {}};
  Bytes instead = encode_segment(FrameKind::entries, nothing);
  instead[1] |= 2;     // refers to logs …
  instead.back() = 1;  // … in one item of which nothing follows
  Exchanged peer(world.hub(), instead);
  const auto first = mali->sync_with(peer);
  ASSERT_TRUE(first.error);
  EXPECT_EQ(first.error->code, Errc::later);
  EXPECT_EQ(peer.exchanged, 1);
  EXPECT_TRUE(must(mali->replica().verify()).ok);
  const auto second = mali->sync_with(peer);
  EXPECT_EQ(peer.exchanged, 1) << "this time every frame stood alone";
  EXPECT_EQ(second.summary.equal, true);
  EXPECT_EQ(mali->rows("SELECT DISTINCT note FROM project"), "second");
  senegal->sql("UPDATE project SET note = 'third'");
  equal(*senegal);
  mali->sync_with(peer);
  EXPECT_EQ(peer.exchanged, 2) << "and the next time they may refer again";
}

TEST_F(FramesThatRefer, WhatAHubCannotRebuildItAsksForAgain) {
  HubWorld older(world);  // as it was: restored from a copy, and nobody has told it yet
  HubOffice traveller(older, *senegal);
  senegal->sql("UPDATE project SET note = 'second'");
  equal(*senegal);
  senegal->sql("UPDATE project SET note = 'third'");
  const Bytes frame = encode_segment(FrameKind::push, push_of(*senegal), senegal->replica().known_logs());
  must(traveller.replica().seal());
  const Bytes hello = must(traveller.replica().make_hello(false, {}));
  HubSession session(older.hub(), 1, must(HubSession::admit(older.hub(), hello)), hello_hash(hello),
                     older.clock().now());
  session.start(older.clock().now());
  const auto out = session.on_frame(frame, older.clock().now());
  ASSERT_TRUE(out.close);
  EXPECT_TRUE(out.close->proper);
  ASSERT_FALSE(out.frames.empty());
  EXPECT_EQ(frame_kind(*out.frames.back()), FrameKind::not_rebuilt);
}

TEST_F(FramesThatRefer, AFrameRefersToSoManyChangeSetsAtMost) {
  struct Endless final : KnownLogs {
    Position find(std::string_view, const Source&, Sequence sequence) override { return sequence; }
    std::shared_ptr<const LoggedSet> at(std::string_view, Position) override {
      ++reads;
      return std::make_shared<LoggedSet>();
    }
    std::optional<Hash> root(std::string_view, Position) override { return std::nullopt; }
    std::size_t reads = 0;
  } logs;
  References references(logs, "public", limits::kNumberMost);
  for (Sequence i = 1; i <= limits::kReferences; ++i) EXPECT_EQ(references.to(Source{}, i), i);
  EXPECT_EQ(references.to(Source{}, limits::kReferences + 1), 0U);
  EXPECT_EQ(references.at(limits::kReferences + 1), nullptr);
  EXPECT_NE(references.at(1), nullptr);
  EXPECT_EQ(logs.reads, limits::kReferences) << "each is read once";
  References early(logs, "public", 5);
  EXPECT_EQ(early.to(Source{}, 5), 5U);
  EXPECT_EQ(early.to(Source{}, 6), 0U) << "the other end does not hold it yet";
}

}  // namespace
}  // namespace wasl::test
