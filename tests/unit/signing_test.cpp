// Acts of power that a person signs at an office: judged before they are signed, kept until their entries are
// proved, and signed anew where the chain cannot go on.
#include <gmock/gmock.h>

#include "tests/support/hub_world.hpp"

namespace wasl::test {
namespace {

struct Signing : testing::Test {
  HubWorld world;
  std::optional<HubOffice> office;
  const crypto::KeyPair& president = world.administrator();
  crypto::KeyPair secretary = crypto::KeyPair::generate(world.random());

  Signing() {
    world.add_organisation("africa", "section");
    world.add_organisation("senegal", "association", "africa");
    office.emplace(world, world.invite("senegal"));
  }
  Replica& replica() { return office->replica(); }
  Hash mandate() { return world.hub().authority().person(president.public_key())->grants.front(); }
  Act grant(Rights rights = kRead | kWrite) {
    return GrantAct{GrantKind::person,
                    secretary.public_key(),
                    "senegal",
                    "secretary",
                    {{rights, {"association/senegal"}, {}}},
                    world.clock().now(),
                    0,
                    0};
  }
  const Grant* at_hub(const Hash& name) { return world.hub().authority().grant(name); }
  /// Signs one grant. @return its name.
  Hash give() { return must(sign({grant()})).grants.at(0); }
  Result<Replica::ActsSigned> sign(const std::vector<Act>& acts) {
    return replica().sign_acts(president, mandate(), acts);
  }
  std::vector<SignedAct> kept() { return must(replica().identity().acts()); }
  void sync() {
    const auto session = office->sync();
    ASSERT_FALSE(session.error) << session.error->message;
    EXPECT_EQ(session.summary.equal, true);
  }
  VerdictItem on(const SignedAct& act, const Verdict& verdict) {
    return {act.set.header.source.chain, act.set.header.sequence, 1, verdict, 0};
  }
  static Verdict as(Outcome outcome, Reason reason) { return {outcome, reason, "words"}; }
};

TEST_F(Signing, WhatIsSignedTakesEffectWithTheNextSyncAndIsForgotten) {
  const auto first = must(sign({grant(kRead), grant(kRead | kReview), grant(kRead | kWrite)}));
  const Hash second = give();
  EXPECT_EQ(kept().size(), 2U);
  EXPECT_EQ(must(replica().status()).unsent, 2U);
  sync();
  EXPECT_TRUE(kept().empty()) << "their entries are proved";
  EXPECT_NE(at_hub(second), nullptr) << "on one chain, behind the other";
  ASSERT_EQ(first.grants.size(), 3U);
  const Rights given[] = {kRead, kRead | kReview, kRead | kWrite};
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_NE(at_hub(first.grants[i]), nullptr) << "known by the names that were said";
    EXPECT_EQ(at_hub(first.grants[i])->act.clauses[0].rights, given[i]) << "in the order of the acts";
  }
}

TEST_F(Signing, WhatTheHubWouldRefuseIsNotSigned) {
  const auto taken = sign({OrganisationAct{"mali", "association", "africa", "Mali"}});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Errc::unauthorised);
  EXPECT_THAT(taken.error().message, testing::HasSubstr("acts of a registrar"));
  const auto nobody = replica().sign_acts(secretary, mandate(), {grant()});
  ASSERT_FALSE(nobody) << "under another's grant";
  EXPECT_EQ(nobody.error().code, Errc::unauthorised);
  EXPECT_TRUE(kept().empty());
}

TEST_F(Signing, WhatIsSignedOutlivesTheProgramAndALostReplica) {
  const Hash name = give();
  std::filesystem::remove(office->folder() / "replica.db");
  office->reopen();
  sync();
  sync();
  EXPECT_NE(at_hub(name), nullptr);
  EXPECT_TRUE(kept().empty());
}

TEST_F(Signing, MoreThanFitInOnePushAllArrive) {
  std::vector<Hash> names;
  for (int i = 0; i < 70; ++i) names.push_back(give());
  sync();
  EXPECT_TRUE(kept().empty());
  for (const Hash& name : names) EXPECT_NE(at_hub(name), nullptr);
}

TEST_F(Signing, WhatIsHeldOrRefusedIsListedWithItsReason) {
  for (int i = 0; i < 4; ++i) give();
  const auto acts = kept();
  must(replica().on_verdicts(
      {on(acts[0], as(Outcome::held, Reason::expired)), on(acts[1], as(Outcome::refused, Reason::void_act)),
       on(acts[2], Verdict::accept()), on(acts[3], as(Outcome::later, Reason::busy))}));
  const ReplicaStatus status = must(replica().status());
  EXPECT_EQ(status.held, 1U);
  EXPECT_EQ(status.refused, 1U);
  EXPECT_EQ(status.unacknowledged, 1U);
  EXPECT_EQ(status.unsent, 1U) << "later: it is sent again";
  ASSERT_EQ(status.waiting.size(), 2U);
  EXPECT_EQ(status.waiting[0].reason, Reason::expired);
  EXPECT_EQ(status.waiting[1].reason, Reason::void_act);
  EXPECT_EQ(status.waiting[1].detail, "words");
}

TEST_F(Signing, WhatWasCalledAcceptedAndHasNoEntryIsSentAgain) {
  const Hash name = give();
  must(replica().on_verdicts({on(kept()[0], Verdict::accept())}));
  sync();
  EXPECT_NE(at_hub(name), nullptr);
  EXPECT_TRUE(kept().empty());
}

TEST_F(Signing, WhereTheChainCannotGoOnThePersonSignsAnewOnAnother) {
  for (const Reason reason : {Reason::fork, Reason::gap}) {
    give();
    const SignedAct before = kept().back();
    must(replica().on_verdicts({on(before, Verdict::refuse(reason))}));
    ASSERT_EQ(kept().back().state, PendingState::refused);
    EXPECT_EQ(kept().back().detail, "sign it again");
    const Hash name = give();
    const Header again = kept().back().set.header;
    EXPECT_NE(again.source.chain, before.set.header.source.chain);
    EXPECT_EQ(again.sequence, 1U);
    sync();
    EXPECT_NE(at_hub(name), nullptr);
  }
}

TEST_F(Signing, AVerdictAboutOtherWorkLeavesThemAlone) {
  give();
  VerdictItem other = on(kept()[0], as(Outcome::refused, Reason::void_act));
  other.first += 1;
  must(replica().on_verdicts({other}));
  other.first -= 1;
  other.chain.bytes[0] ^= 1;
  must(replica().on_verdicts({other}));
  EXPECT_EQ(kept()[0].state, PendingState::unsent);
}

TEST_F(Signing, ADamagedActIsNamedAndNotSent) {
  give();
  OpenOptions options;
  options.path = office->folder() / "identity.db";
  must(must(Database::open(options)).exec("UPDATE act SET body = x'07'"));
  EXPECT_EQ(replica().next_push(1 << 16).error().code, Errc::corrupt);
}

// ── Fields that a mandate decides

struct MandateFields : Signing {
  std::optional<HubOffice> other;

  /// The office holds the president's mandate for its work, the other one none.
  void SetUp() override {
    other.emplace(world, world.invite("senegal"));
    const GrantAct act{GrantKind::device,
                       replica().device(),
                       "senegal",
                       "president",
                       {{kRead | kWrite, {"network"}, {}}},
                       world.clock().now(),
                       0,
                       0,
                       0,
                       1};
    GrantAct president_act = act;
    president_act.kind = GrantKind::person;
    president_act.grantee = secretary.public_key();
    president_act.clauses[0].rights |= kGrant;
    president_act.depth = 2;
    must(world.act(world.registrar_key(), {president_act}));
    must(world.act(secretary, {act}));
    sync();
    office->sql("INSERT INTO mandate(id, space, holder) VALUES('m1', 'network', 'Awa')");
    sync();
    both();
  }
  void both() {
    for (HubOffice* one : {&*office, &*other, &*office}) {
      const auto session = one->sync();
      ASSERT_FALSE(session.error) << session.error->message;
      EXPECT_EQ(session.summary.equal, true);
    }
  }
  static Replica::Resolution take(std::size_t which) {
    return {"mandate", "m1", "holder", "", {}, which, {}, ""};
  }
  static std::string holder(HubOffice& one) { return one.rows("SELECT holder FROM mandate"); }
  static std::size_t proposal(HubOffice& one, const std::string& value) {
    const auto proposals = must(one.replica().proposals());
    if (proposals.size() == 1) {
      for (std::size_t i = 0; i < proposals[0].values.size(); ++i)
        if (proposals[0].values[i].value == value) return i;
    }
    ADD_FAILURE() << value << " is not proposed";
    return 0;
  }
};

TEST_F(MandateFields, AWriteWithoutTheMandateIsAProposalThatItsHolderTakes) {
  other->sql("UPDATE mandate SET holder = 'Binta' WHERE id = 'm1'");
  both();
  for (HubOffice* one : {&*office, &*other}) EXPECT_EQ(holder(*one), "Awa");
  const Status taken = other->replica().resolve(take(proposal(*other, "Binta")));
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Errc::unauthorised);
  EXPECT_THAT(taken.error().message, testing::HasSubstr("decided by a mandate of level 1"));
  must(replica().resolve(take(proposal(*office, "Binta"))));
  both();
  for (HubOffice* one : {&*office, &*other}) EXPECT_EQ(holder(*one), "Binta");
  EXPECT_TRUE(must(replica().proposals()).empty());
}

TEST_F(MandateFields, TheHolderWritesOverWhatWasProposed) {
  other->sql("UPDATE mandate SET holder = 'Binta' WHERE id = 'm1'");
  both();
  office->sql("UPDATE mandate SET holder = 'Coumba' WHERE id = 'm1'");
  both();
  for (HubOffice* one : {&*office, &*other}) EXPECT_EQ(holder(*one), "Coumba");
  EXPECT_TRUE(must(replica().verify()).ok);
  EXPECT_TRUE(must(other->replica().verify()).ok);
}

}  // namespace
}  // namespace wasl::test
