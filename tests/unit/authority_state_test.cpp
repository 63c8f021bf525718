// What the log of `authority` comes to: rights, periods, spaces, roles.
#include "shared/authority/authority_state.hpp"

#include "shared/authority/roles.hpp"

#include <gmock/gmock.h>

#include "tests/unit/authority_desk.hpp"

namespace wasl::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

GrantAct grant_of(std::vector<Clause> clauses, Millis from = 0, Millis until = 0, std::uint32_t depth = 0) {
  return {GrantKind::device, {}, "asia", "officer", std::move(clauses), from, until, depth};
}

TEST(Covers, OneClauseMustHaveAllOfIt) {
  const GrantAct grant = grant_of({{kRead, {"public"}, {}}, {kRead | kWrite, {"network"}, {7, 8}}});
  EXPECT_TRUE(covers(grant, kRead, "public", 3, 0));
  EXPECT_TRUE(covers(grant, kWrite, "network", 8, 0));
  EXPECT_TRUE(covers(grant, kRead | kWrite, "network", 7, 0));
  EXPECT_FALSE(covers(grant, kWrite, "public", 7, 0));
  EXPECT_FALSE(covers(grant, kWrite, "network", 9, 0));
  EXPECT_FALSE(covers(grant, kRead | kReview, "network", 7, 0));
  EXPECT_FALSE(covers(grant, kRead, "section/asia", 7, 0));
  EXPECT_FALSE(covers(grant_of({}), kRead, "public", 7, 0));
}

TEST(Covers, AStarStandsForEverySpaceThatIsOrWillBe) {
  const GrantAct grant = grant_of({{kAdmin, {"*"}, {}}});
  EXPECT_TRUE(covers(grant, kAdmin, "public", 3, 0));
  EXPECT_TRUE(covers(grant, kAdmin, "section/not-yet", 3, 0));
  EXPECT_FALSE(covers(grant, kWrite, "public", 3, 0));
}

TEST(Covers, FromItsFirstMomentUntilBeforeItsLast) {
  const GrantAct grant = grant_of({{kRead, {"public"}, {}}}, 10, 20);
  EXPECT_FALSE(covers(grant, kRead, "public", 1, 9));
  EXPECT_TRUE(covers(grant, kRead, "public", 1, 10));
  EXPECT_TRUE(covers(grant, kRead, "public", 1, 19));
  EXPECT_FALSE(covers(grant, kRead, "public", 1, 20));
  EXPECT_TRUE(covers(grant_of({{kRead, {"public"}, {}}}, 10), kRead, "public", 1, INT64_MAX));
}

TEST(Attenuates, NeitherLongerNorDeeperThanWhatItComesFrom) {
  const auto within = [](Millis inner, std::uint32_t depth, Millis outer, std::uint32_t outer_depth) {
    return attenuates(grant_of({}, 0, inner, depth), grant_of({}, 0, outer, outer_depth));
  };
  EXPECT_TRUE(within(0, 0, 0, 1));
  EXPECT_FALSE(within(0, 1, 0, 1));
  EXPECT_FALSE(within(0, 0, 0, 0));
  EXPECT_TRUE(within(10, 0, 10, 1));
  EXPECT_TRUE(within(9, 0, 10, 1));
  EXPECT_FALSE(within(11, 0, 10, 1));
  EXPECT_FALSE(within(0, 0, 10, 1)) << "without an end";
  EXPECT_TRUE(within(10, 0, 0, 1));
}

TEST(Attenuates, EachClauseLiesWithinOneClause) {
  const GrantAct outer =
      grant_of({{kRead | kWrite, {"network", "public"}, {}}, {kReview, {"public"}, {7, 8}}}, 0, 0, 1);
  const auto within = [&](std::vector<Clause> clauses) {
    return attenuates(grant_of(std::move(clauses)), outer);
  };
  EXPECT_TRUE(within({}));
  EXPECT_TRUE(within({{kRead | kWrite, {"network", "public"}, {}}}));
  EXPECT_TRUE(within({{kWrite, {"network"}, {3}}, {kReview, {"public"}, {8}}}));
  EXPECT_FALSE(within({{kRead | kReview, {"public"}, {7}}})) << "of two clauses together";
  EXPECT_FALSE(within({{kRead, {"network", "section/asia"}, {}}}));
  EXPECT_FALSE(within({{kReview, {"public"}, {}}})) << "all registers";
  EXPECT_FALSE(within({{kReview, {"public"}, {7, 9}}}));
  EXPECT_FALSE(within({{kRead, {"network"}, {}}, {kReview, {"network"}, {7}}})) << "one within, one not";
}

TEST(Attenuates, EverySpaceIsWithinEverySpaceOnly) {
  const GrantAct all = grant_of({{kRead, {"*"}, {}}}, 0, 0, 1);
  const GrantAct some = grant_of({{kRead, {"network", "public"}, {}}}, 0, 0, 1);
  EXPECT_TRUE(attenuates(grant_of({{kRead, {"network"}, {}}}), all));
  EXPECT_TRUE(attenuates(grant_of({{kRead, {"*"}, {}}}), all));
  EXPECT_FALSE(attenuates(grant_of({{kRead, {"*"}, {}}}), some));
}

class Falling : public AuthorityDesk {
 protected:
  /// A chain of grants: `thief` gives to `friend_of`, who gives to a device.
  Falling() {
    before = place(registrar, grant_act(GrantKind::person, thief.public_key()), {}, kNow);
    kept = place(thief, grant_act(GrantKind::person, key_of(11).public_key()), before, kNow);
    fell = place(thief, grant_act(GrantKind::person, friend_of.public_key()), before, kNow + 10);
    hangs = place(friend_of, grant_act(GrantKind::device, device.public_key()), fell, kNow + 20);
  }
  void revoke(RevocationReason reason, Millis since) {
    place(registrar, RevokeAct{thief.public_key(), reason, since}, {}, kNow + 30);
  }
  bool stands(const Hash& name) const { return !authority.grant(name)->has_fallen(kLatest); }

  crypto::KeyPair thief = key_of(9), friend_of = key_of(10);
  Hash before, kept, fell, hangs;
};

TEST_F(Falling, WhatAStolenKeyGaveFromThenOnFallsWithAllThatHangsOnIt) {
  const Position last = position;
  revoke(RevocationReason::compromised, kNow + 10);
  EXPECT_TRUE(stands(before));
  EXPECT_TRUE(stands(kept)) << "given before it was stolen";
  EXPECT_FALSE(stands(fell));
  EXPECT_FALSE(stands(hangs));
  EXPECT_FALSE(authority.grant(fell)->has_fallen(last)) << "as of before the revocation";
  EXPECT_THAT(authority.readable(device.public_key(), kNow), IsEmpty());
}

TEST_F(Falling, OtherGrantsOutliveWhoGaveThem) {
  revoke(RevocationReason::left, 0);
  for (const Hash& name : {before, kept, fell, hangs}) EXPECT_TRUE(stands(name));
}

class Tree : public AuthorityDesk {
 protected:
  Tree() {
    add("nepal", "association", "asia");
    add("youth", "committee", "nepal");
    add("office", "secretariat", "");
    add("desk", "team", "office");
  }
  void add(const std::string& id, const std::string& kind, const std::string& parent) {
    place(registrar, OrganisationAct{id, kind, parent, id});
  }
};

TEST_F(Tree, SectionsAndAssociationsBringASpace) {
  EXPECT_THAT(authority.spaces(),
              ElementsAre("authority", "network", "public", "section/asia", "association/nepal"));
}

TEST_F(Tree, AnOrganisationsOwnSpaceIsTheNearestAbove) {
  EXPECT_EQ(authority.own_space("nepal"), "association/nepal");
  EXPECT_EQ(authority.own_space("youth"), "association/nepal");
  EXPECT_EQ(authority.own_space("asia"), "section/asia");
  EXPECT_EQ(authority.own_space("desk"), "network");
  EXPECT_EQ(authority.own_space("atlantis"), "network");
}

TEST_F(Tree, TheSectionsSpaceIsTheSectionAbove) {
  EXPECT_EQ(authority.section_space("youth"), "section/asia");
  EXPECT_EQ(authority.section_space("asia"), "section/asia");
  EXPECT_EQ(authority.section_space("desk"), "network");
}

TEST_F(Tree, ACircleOfParentsEnds) {
  add("hen", "team", "egg");
  add("egg", "team", "hen");
  EXPECT_EQ(authority.own_space("hen"), "network");
  EXPECT_EQ(authority.section_space("hen"), "network");
}

TEST_F(Tree, RolesHaveTheirClauses) {
  const std::vector<std::string> inner{"association/nepal", "section/asia", "network"};
  const auto of = [&](std::string_view role) {
    return clauses_of_role(authority, role, "youth", GrantKind::device);
  };
  EXPECT_EQ(of("officer"), (std::vector<Clause>{{kRead | kWrite, inner, {}}, {kRead, {"public"}, {}}}));
  EXPECT_EQ(of("administrator"),
            (std::vector<Clause>{{kRead | kWrite | kReview, inner, {}}, {kRead, {"public"}, {}}}));
  EXPECT_EQ(of("publisher"),
            (std::vector<Clause>{
                {kRead | kWrite | kReview, {"association/nepal"}, {}},
                {kRead | kWrite | kReview | kPublish, {"section/asia", "network", "public"}, {}}}));
  EXPECT_FALSE(of("king"));
  EXPECT_EQ(clauses_of_role(authority, "officer", "desk", GrantKind::device)->front().spaces,
            std::vector<std::string>{"network"})
      << "no space twice";
}

TEST_F(Tree, ADeviceReadsWhatItsGrantSaysWhileItLasts) {
  GrantAct act = grant_act(GrantKind::device, device.public_key());
  act.clauses = {{kRead, {"section/asia", "authority", "section/nowhere"}, {}},
                 {kWrite, {"network"}, {}},
                 {kRead | kWrite, {"public"}, {}}};
  act.from = 10;
  act.until = 20;
  place(registrar, act);
  const auto reads = [&](Millis now) { return authority.readable(device.public_key(), now); };
  EXPECT_THAT(reads(10), ElementsAre("authority", "public", "section/asia"));
  EXPECT_THAT(reads(19), ElementsAre("authority", "public", "section/asia"));
  EXPECT_THAT(reads(9), ElementsAre("authority"));
  EXPECT_THAT(reads(20), ElementsAre("authority"));
  place(registrar, RevokeAct{device.public_key(), RevocationReason::lost, 0});
  EXPECT_THAT(reads(10), IsEmpty());
}

TEST_F(Tree, RegistrarsAndInvitationsReadAuthorityAndStrangersNothing) {
  place(registrar, grant_act(GrantKind::invitation, invited.public_key()));
  EXPECT_THAT(authority.readable(registrar.public_key(), kNow), ElementsAre("authority"));
  EXPECT_THAT(authority.readable(invited.public_key(), kNow), ElementsAre("authority"));
  EXPECT_THAT(authority.readable(device.public_key(), kNow), IsEmpty());
}

TEST_F(Tree, ADeviceIsWhatItsActsSay) {
  EXPECT_EQ(authority.device(device.public_key()), nullptr);
  EnrolAct enrol{device.public_key(), {}, {}};
  enrol.sealing_key.bytes.fill(3);
  place(invited, enrol);
  EXPECT_TRUE(authority.is_used(invited.public_key()));
  const Hash first = place(registrar, grant_act(GrantKind::device, device.public_key()));
  const Position enrolled = position;
  const Device* known = authority.device(device.public_key());
  ASSERT_NE(known, nullptr);
  EXPECT_EQ(known->key, device.public_key());
  EXPECT_EQ(known->sealing_key, enrol.sealing_key);
  EXPECT_EQ(known->organisation, "asia");
  EXPECT_EQ(known->role, "officer");
  EXPECT_EQ(known->grant, first);
  const Hash second = place(registrar, grant_act(GrantKind::device, device.public_key()));
  EXPECT_EQ(known->grant, second) << "the newest grant";
  EXPECT_EQ(known->enrolled, enrolled) << "since the first";
  EXPECT_FALSE(known->revoked);
  place(registrar, RevokeAct{device.public_key(), RevocationReason::compromised, 77});
  ASSERT_TRUE(known->revoked);
  EXPECT_EQ(known->revoked->since, 77);
}

TEST_F(Tree, AGrantAloneMakesADeviceKnown) {
  place(registrar, grant_act(GrantKind::device, device.public_key()));
  EXPECT_EQ(authority.device(device.public_key())->key, device.public_key());
}

TEST_F(Tree, TheFirstRevocationStands) {
  place(registrar, RevokeAct{device.public_key(), RevocationReason::lost, 0});
  const Position at = position;
  place(registrar, RevokeAct{device.public_key(), RevocationReason::left, 0});
  EXPECT_FALSE(authority.is_revoked(device.public_key(), at - 1));
  EXPECT_TRUE(authority.is_revoked(device.public_key(), at));
  EXPECT_TRUE(authority.is_revoked(device.public_key()));
}

TEST_F(Tree, WhatIsNoActOrCannotBeReadChangesNothing) {
  Operation create;
  create.id = "x";
  EXPECT_TRUE(authority.apply(set_of(registrar, "authority", {create}), ++position, kNow));
  EXPECT_FALSE(authority.apply(set_of(registrar, "authority", {act_operation({ValueType::act, {99}})}),
                               ++position, kNow));
  EXPECT_EQ(authority.organisations().size(), 5U);
}

}  // namespace
}  // namespace wasl::test
