// The network's keys change while offices are away: who learns of it, from whom, and whom they believe.
#include <gtest/gtest.h>

#include "tests/support/liar.hpp"

namespace wasl::test {
namespace {

struct Rotation : testing::Test {
  HubWorld world;
  Rotation() { world.add_organisation("benin", "association"); }
  static void expect_synced(const HubOffice::Session& session) {
    ASSERT_FALSE(session.error) << session.error->message;
    EXPECT_EQ(session.summary.equal, true);
  }
  static void write(HubOffice& office, const std::string& id) {
    office.sql("INSERT INTO need(id, title) VALUES('" + id + "', 'Wells')");
  }
};

TEST_F(Rotation, AnOfficeThatSleptThroughTwoNewLogKeysGoesOn) {
  HubOffice awake(world, world.invite("benin")), asleep(world, world.invite("benin"));
  for (int i = 0; i < 2; ++i) {
    world.rotate();
    write(awake, "w-" + std::to_string(i));
    expect_synced(awake.sync());
  }
  EXPECT_NE(asleep.replica().network().log_key, world.hub().log_key().public_key());
  write(asleep, "slept");
  expect_synced(asleep.sync());
  expect_synced(asleep.sync());
  EXPECT_EQ(asleep.replica().network().log_key, world.hub().log_key().public_key());
  EXPECT_EQ(asleep.replica().network().statement_number, 3u);
  expect_synced(awake.sync());
  EXPECT_EQ(awake.rows("SELECT count(*) FROM need"), asleep.rows("SELECT count(*) FROM need"));
  EXPECT_TRUE(must(asleep.replica().verify()).ok);
  EXPECT_TRUE(must(asleep.replica().identity().evidence()).empty());
}

TEST_F(Rotation, WhatAnOfficeLearntOutlivesItsProgram) {
  HubOffice office(world, world.invite("benin"));
  world.rotate();
  expect_synced(office.sync());
  office.reopen();
  EXPECT_EQ(office.replica().network().log_key, world.hub().log_key().public_key());
  expect_synced(office.sync());
}

TEST_F(Rotation, AnInvitationFromBeforeStillWorks) {
  const Invitation invitation = world.invite("benin");
  world.rotate();
  world.reopen();
  HubOffice office(world, invitation);
  EXPECT_EQ(office.replica().network().log_key, world.hub().log_key().public_key());
  expect_synced(office.sync());
}

TEST_F(Rotation, TheHubStartsAgainWithTheNewKey) {
  HubOffice office(world, world.invite("benin"));
  world.rotate();
  world.reopen();
  expect_synced(office.sync());
  EXPECT_EQ(world.hub().statements().size(), 2u);
}

TEST_F(Rotation, AHubWithoutTheKeyThatIsNamedRefusesTheStatement) {
  const auto key = crypto::KeyPair::generate(world.random());
  const auto statement =
      world.next_statement([&](NetworkStatement& next) { next.log_key = key.public_key(); });
  const Status placed = world.place(statement);
  ASSERT_FALSE(placed);
  EXPECT_EQ(placed.error().code, Errc::wrong_network);
  EXPECT_EQ(world.hub().statements().size(), 1u);
}

TEST_F(Rotation, AStatementPlacedTwiceIsPlacedOnce) {
  const auto statement = world.next_statement([](NetworkStatement& next) { next.name = "Another name"; });
  EXPECT_TRUE(world.place(statement));
  const auto size = must(world.hub().size(std::string(kAuthoritySpace)));
  EXPECT_TRUE(world.place(statement));
  EXPECT_EQ(must(world.hub().size(std::string(kAuthoritySpace))), size);
  EXPECT_EQ(world.hub().authority().statement().name, "Another name");
}

TEST_F(Rotation, TooFewRootsChangeNothing) {
  auto statement = world.next_statement([](NetworkStatement& next) { next.name = "Another name"; });
  statement.signatures.clear();
  EXPECT_EQ(world.place(statement).error().code, Errc::bad_signature);
  add_signature(statement, world.registrar_key());
  EXPECT_EQ(world.place(statement).error().code, Errc::bad_signature);
  EXPECT_EQ(world.hub().statements().size(), 1u);
}

TEST_F(Rotation, ARegistrarThatWasRemovedActsNoMore) {
  HubOffice office(world, world.invite("benin"));
  const auto other = crypto::KeyPair::generate(world.random());
  ASSERT_TRUE(world.place(
      world.next_statement([&](NetworkStatement& next) { next.registrars = {other.public_key()}; })));
  EXPECT_FALSE(world.registrar().add_organisation({"togo", "association", "", "Togo"}));
  expect_synced(office.sync());
  EXPECT_TRUE(must(office.replica().verify()).ok) << "what it did before stands";
}

TEST_F(Rotation, TheOldLogKeyCanBeNoDevice) {
  const auto old = crypto::KeyPair::from_seed(world.hub().log_key().seed());
  world.rotate();
  EXPECT_THROW(world.enrol(old, "benin"), std::runtime_error);
}

TEST_F(Rotation, WhoHoldsTheOldKeyAloneIsNotBelievedAnyMore) {
  HubOffice office(world, world.invite("benin"));
  HubWorld stolen(world);  // with the old key and the old log
  world.rotate();
  expect_synced(office.sync());
  HubOffice meets(stolen, office);
  const auto session = meets.sync();
  ASSERT_TRUE(session.error);
  EXPECT_EQ(session.error->code, Errc::wrong_network);
}

TEST_F(Rotation, ForgedStatementsTeachAnOfficeNothing) {
  HubOffice office(world, world.invite("benin"));
  world.rotate();
  const PublicKey known = office.replica().network().log_key;
  Liar liar(world);
  liar.frame_lie = [&](const Bytes& frame) {
    if (frame_kind(frame) != FrameKind::statements) return frame;
    auto chain = must(decode_statements(frame));
    chain.back().signatures.clear();
    return encode(chain);
  };
  const auto session = office.sync_with(liar);
  ASSERT_TRUE(session.error);
  EXPECT_EQ(session.error->code, Errc::bad_signature);
  EXPECT_EQ(office.replica().network().log_key, known);
  expect_synced(office.sync());
}

TEST_F(Rotation, AHubThatLeavesOutTheStatementItAnnouncedIsCaught) {
  HubOffice office(world, world.invite("benin"));
  world.rotate();
  must(office.replica().on_statements(world.hub().statements()));
  Liar liar(world);
  liar.size_lie = [](const std::string& space, Position size) {
    return space == kAuthoritySpace ? size - 1 : size;
  };
  const auto session = office.sync_with(liar);
  ASSERT_TRUE(session.error);
  EXPECT_EQ(session.error->code, Errc::caught);
}

TEST_F(Rotation, TheOfficeRepeatsWhatTheHubSaysOfItsKeys) {
  HubOffice office(world, world.invite("benin"));
  const auto words = [&] {
    std::string all;
    for (const auto& line : must(office.replica().verify()).statements) all += line + "\n";
    return all;
  };
  EXPECT_NE(words().find("no key but its log key"), std::string::npos);
  world.hub().tell_keys([] { return static_cast<KeysAtHub>(kRootAtHub | kRegistrarAtHub | kPersonAtHub); });
  expect_synced(office.sync());
  EXPECT_NE(words().find("a root key lies on its machine"), std::string::npos);
  EXPECT_NE(words().find("a registrar's key lies on its machine"), std::string::npos);
  EXPECT_NE(words().find("a person's key without a passphrase"), std::string::npos);
}

}  // namespace
}  // namespace wasl::test
