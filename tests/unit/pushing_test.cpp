// In which order, and how much at once, an office sends what is unsent.
#include "shared/base/limits.hpp"
#include "shared/wire/client_session.hpp"
#include "tests/support/hub_world.hpp"

namespace wasl::test {
namespace {

/// An office with frames of 50 KB to push, or to bring back.
struct Full final : ClientPort {
  int left = 20;
  bool returns = false;

  Result<PublicKey> on_statements(const std::vector<SignedStatement>&) override { return PublicKey{}; }
  Status on_welcome(const Welcome&) override { return {}; }
  Result<std::optional<Return>> next_return() override {
    if (!returns) return std::optional<Return>();
    returns = false;
    return std::optional(Return{std::vector<Segment>(static_cast<std::size_t>(left), segment()), {}});
  }
  Result<std::optional<Segment>> next_push(std::size_t) override {
    if (left == 0) return std::optional<Segment>();
    --left;
    return std::optional(segment());
  }
  void rewind_push() override {}
  Status on_verdicts(const std::vector<VerdictItem>&) override { return {}; }
  Status on_entries(Segment) override { return {}; }
  Result<std::optional<bool>> on_proof(const Proof&) override { return std::optional<bool>(true); }
  std::vector<Cursor> applied_cursors() override { return {}; }
  Status on_order(const Segment&) override { return {}; }
  Status wipe() override { return {}; }
  Status on_session_end(std::optional<bool>) override { return {}; }
  Status on_lie(const Error&, ByteView) override { return {}; }

 private:
  Segment segment() {
    Segment out{"public", 0, {}, {}};
    StandInItem item;
    item.header.space = "public";
    item.header_bytes = encode(item.header);
    item.name = name_of(item.header_bytes);
    for (int i = 0; i < 400; ++i) {
      item.header.source.author = random.fixed<PublicKey>();
      item.header.grant = random.fixed<Hash>();
      item.header.group = random.fixed<GroupId>();
      out.items.emplace_back(item);
    }
    return out;
  }
  TestRandom random;
};

struct ClientSessionRoom : testing::Test {
  Full port;
  TestRandom random;
  crypto::KeyPair log_key = crypto::KeyPair::generate(random);

  ClientSession::Output welcomed(ClientSession& session, Welcome::State state = Welcome::State::serving) {
    Welcome welcome;
    welcome.push_credit = limits::kPushCreditBytes;
    welcome.same_spaces = true;
    welcome.state = state;
    return session.on_frame(encode(welcome, Hash{}, log_key), 0);
  }
  ClientSession session() {
    ClientSession::Options options;
    options.log_key = log_key.public_key();
    return {port, std::move(options), 0};
  }
};

std::size_t bytes_of(const ClientSession::Output& out) {
  std::size_t bytes = 0;
  for (const Bytes& frame : out.frames) bytes += frame.size();
  return bytes;
}

TEST_F(ClientSessionRoom, SoMuchIsQueuedAndTheRestWhenItHasLeft) {
  ClientSession one = session();
  auto out = welcomed(one);
  ASSERT_FALSE(one.error()) << one.error()->message;
  const auto proof = one.on_frame(encode(Proof{}), 0);
  EXPECT_TRUE(proof.frames.empty()) << "nothing is asked before all has left";
  std::size_t frames = 0;
  for (int rounds = 0; !out.frames.empty() && rounds < 100; ++rounds) {
    EXPECT_LT(bytes_of(out), 256U * 1024) << "what is written now waits behind no more";
    frames += out.frames.size();
    const bool is_asked = frame_kind(out.frames.back()) == FrameKind::finish;
    EXPECT_LE(is_asked, port.left == 0) << "not before all has left";
    if (is_asked) break;
    out = one.on_writable(0);
  }
  EXPECT_EQ(frames, 21U) << "20 pushes and the question whether that was all";
  EXPECT_EQ(port.left, 0);
  EXPECT_TRUE(one.on_writable(0).frames.empty()) << "it is asked once";
}

TEST_F(ClientSessionRoom, WhatGoesBackToARestoredHubTakesItsTimeToo) {
  port.returns = true;
  ClientSession one = session();
  auto out = welcomed(one, Welcome::State::recovering);
  std::size_t frames = 0;
  for (int rounds = 0; !out.frames.empty() && rounds < 100; ++rounds) {
    EXPECT_LT(bytes_of(out), 256U * 1024);
    frames += out.frames.size();
    out = one.on_writable(0);
  }
  EXPECT_EQ(frames, 22U) << "20 parts, the word for them, and the end";
}

struct PushingOrder : testing::Test {
  HubWorld world;
  HubOffice senegal;
  PushingOrder() : senegal(world, invited(world)) {}

  static Invitation invited(HubWorld& world) {
    world.add_two_associations();
    return world.invite("senegal");
  }
  /// So many projects at once, `bulk-0` and on.
  void import(int count) {
    std::string rows = "BEGIN;";
    for (int i = 0; i < count; ++i) {
      rows += "INSERT INTO project(id, space, title) VALUES('bulk-" + std::to_string(i) +
              "', 'section/africa', 'A project of an import, number " + std::to_string(i) + "');";
    }
    senegal.sql(rows + "COMMIT");
    must(senegal.replica().seal());
  }
};

TEST_F(PushingOrder, WhatAPersonWroteGoesBeforeAnImportAndAnImportIsNotStarved) {
  import(1200);
  for (int i = 0; i < 6; ++i) {
    senegal.sql("INSERT INTO need(id, space, title) VALUES('by-hand-" + std::to_string(i) +
                "', 'section/africa', 'Water')");
    must(senegal.replica().seal());
  }
  must(senegal.replica().make_hello(false, {}));
  std::vector<bool> by_hand;  // of each frame
  while (const auto push = must(senegal.replica().next_push(1))) {
    const auto* set = std::get_if<SetItem>(&push->items.front());
    ASSERT_NE(set, nullptr);
    by_hand.push_back(set->set.operations.front().id.starts_with("by-hand"));
  }
  ASSERT_GT(by_hand.size(), 8U);
  EXPECT_TRUE(by_hand[0] && by_hand[1] && by_hand[2]);
  EXPECT_FALSE(by_hand[3]) << "one of four is the import's";
  EXPECT_TRUE(by_hand[4] && by_hand[5] && by_hand[6]);
  EXPECT_EQ(std::count(by_hand.begin(), by_hand.end(), true), 6);
  const auto sent = senegal.sync();
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_EQ(sent.summary.equal, true);
  HubOffice mali(world, world.invite("mali"));
  EXPECT_EQ(mali.sync().summary.equal, true);
  EXPECT_EQ(mali.rows("SELECT count(*) FROM project"), "1200");
}

TEST_F(PushingOrder, WorkOnAnImportThatNobodyHasAcceptedYetFollowsIt) {
  import(1200);
  senegal.sql("UPDATE project SET title = 'Corrected' WHERE id = 'bulk-7'");
  const auto sent = senegal.sync();
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_EQ(sent.summary.equal, true);
  EXPECT_EQ(sent.summary.held + sent.summary.refused, 0U);
}

TEST_F(PushingOrder, WhatStandsUnderAnotherNameOrPlaceThanWasSealedIsDamage) {
  senegal.sql("INSERT INTO need(id, space, title) VALUES('n1', 'section/africa', 'Water')");
  must(senegal.replica().seal());
  must(senegal.replica().make_hello(false, {}));
  for (const std::string damage : {"sequence = sequence + 8", "hash = zeroblob(32)"}) {
    must(senegal.replica().database().exec("UPDATE _wasl_pending SET " + damage));
    const auto push = senegal.replica().next_push(1000);
    ASSERT_FALSE(push) << damage;
    EXPECT_EQ(push.error().code, Errc::corrupt);
    must(senegal.replica().database().exec("UPDATE _wasl_pending SET sequence = 1"));
  }
}

}  // namespace
}  // namespace wasl::test
