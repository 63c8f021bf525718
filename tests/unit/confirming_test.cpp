// An invitation whose device gets its rights once somebody has compared its fingerprint.
#include <gmock/gmock.h>

#include "shared/authority/person_acts.hpp"
#include "shared/receipt/checking.hpp"
#include "tests/support/hub_world.hpp"

namespace wasl::test {
namespace {

struct Confirming : testing::Test {
  HubWorld world;
  Confirming() {
    world.add_organisation("africa", "section");
    world.add_organisation("senegal", "association", "africa");
    office.emplace(world, must(world.registrar().invite({"senegal", "publisher", "ws://test", true})));
  }
  std::optional<HubOffice> office;

  Hash grant() { return world.hub().authority().device(office->replica().device())->grant; }
  void write() { office->sql("INSERT INTO project(id, space, title) VALUES('p1', 'public', 'Water')"); }
  void equal() {
    const auto session = office->sync();
    ASSERT_FALSE(session.error) << session.error->message;
    EXPECT_EQ(session.summary.equal, true);
  }
};

TEST_F(Confirming, UntilThenTheDeviceReadsAndSendsNothing) {
  write();
  equal();
  const ReplicaStatus now = must(office->replica().status());
  EXPECT_EQ(now.fingerprint, fingerprint(office->replica().device()));
  EXPECT_EQ(now.unsent, 1U);
  EXPECT_EQ(now.refused, 0U);
  ASSERT_EQ(now.spaces.size(), 1U);
  EXPECT_EQ(now.spaces[0].space, kAuthoritySpace);
  EXPECT_EQ(office->rows("SELECT title FROM project"), "Water");
}

TEST_F(Confirming, ThenWhatItWroteIsAcceptedAndProvedByAReceipt) {
  write();
  equal();
  must(world.registrar().confirm({grant()}));
  equal();
  equal();
  const ReplicaStatus now = must(office->replica().status());
  EXPECT_EQ(now.fingerprint, "");
  EXPECT_EQ(now.unsent, 0U);
  HubOffice other(world, world.invite("senegal"));
  EXPECT_EQ(other.rows("SELECT title FROM project"), "Water");

  const Register& reg = *built_in_schema().find("project");
  Receipt receipt = must(office->replica().receipt(reg, "p1", std::nullopt));
  const Hash anchor{world.network().bytes};
  EXPECT_TRUE(check_receipt(receipt, anchor).has_value());
  const Position confirmed = *world.hub().authority().grant(grant())->confirmed;
  std::erase_if(receipt.rights, [&](const ProvedSet& set) { return set.position == confirmed; });
  EXPECT_FALSE(check_receipt(receipt, anchor).has_value());
}

TEST_F(Confirming, AnAdministratorAboveConfirmsAndNobodyElseDoes) {
  const crypto::KeyPair stranger = crypto::KeyPair::generate(world.random());
  must(world.registrar().give(stranger.public_key(), "officer", "africa"));
  const Status refused = world.act(stranger, {ConfirmAct{grant()}});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("admin"));
  must(world.act(world.administrator(), {ConfirmAct{grant()}}));
  write();
  equal();
  HubOffice other(world, world.invite("senegal"));
  EXPECT_EQ(other.rows("SELECT title FROM project"), "Water");
}

TEST_F(Confirming, OnceAndOnlyWhatWaitsForIt) {
  EXPECT_FALSE(world.registrar().confirm({Hash{}}));
  must(world.registrar().confirm({grant()}));
  const Status again = world.registrar().confirm({grant()});
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message, testing::HasSubstr("nothing to confirm"));
  HubOffice plain(world, world.invite("senegal"));
  EXPECT_FALSE(waits_for_confirmation(world.hub().authority(),
                                      world.hub().authority().device(plain.replica().device())->grant));
}

TEST_F(Confirming, WhoIsShutOutBeforeItHeardHandsOverWhatItHas) {
  for (const bool confirmed : {true, false}) {
    if (!confirmed)
      office.emplace(world, must(world.registrar().invite({"senegal", "publisher", "ws://test", true})));
    write();
    equal();
    if (confirmed) must(world.registrar().confirm({grant()}));
    must(world.registrar().revoke({office->replica().device(), RevocationReason::lost, 0}));
    static_cast<void>(office->sync());
    EXPECT_EQ(must(office->replica().status()).unsent, 0U) << confirmed;
    const auto kept = must(world.store().kept_list(false));
    EXPECT_TRUE(std::ranges::any_of(kept, [&](const KeptSet& one) {
      return one.header.source.author == office->replica().device() && one.reason == Reason::revoked;
    })) << confirmed;
  }
}

TEST_F(Confirming, WorkPushedBeforeIsRefused) {
  const crypto::KeyPair device = crypto::KeyPair::generate(world.random());
  const Hash own =
      world.enrol(device, must(world.registrar().invite({"senegal", "officer", "ws://test", true})));
  Pen pen(world, device, "section/africa", own);
  const auto early = world.push(pen.run({pen.write({Pen::create("project", "p1")})}));
  EXPECT_EQ(early.at(0).verdict.outcome, Outcome::refused);
  EXPECT_EQ(early.at(0).verdict.reason, Reason::no_grant);
  must(world.registrar().confirm({own}));
  Pen after(world, device, "section/africa", own);
  const auto late = world.push(after.run({after.write({Pen::create("project", "p2")})}));
  EXPECT_EQ(late.at(0).verdict.outcome, Outcome::accepted);
}

TEST(Fingerprints, AreComparedAsTheyAreTyped) {
  EXPECT_EQ(plain_fingerprint("3F9A-02c1 77DE"), "3f9a02c177de");
  const std::string words = fingerprint(PublicKey{});
  EXPECT_EQ(words.size(), 24U);
  EXPECT_EQ(plain_fingerprint(words).size(), 20U);
  PublicKey other;
  other.bytes[0] = 1;
  EXPECT_NE(fingerprint(other), words);
}

}  // namespace
}  // namespace wasl::test
