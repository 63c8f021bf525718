// Section 6.5 of the protocol, the rules of `authority`: one test a rule.
#include <functional>

#include "tests/unit/authority_desk.hpp"

namespace wasl::test {
namespace {

class Acts : public AuthorityDesk {
 protected:
  OrganisationAct organisation(const std::string& id, const std::string& parent = "") const {
    return {id, "association", parent, id};
  }
  Reason of_registrar(const Act& act) { return reason(acts_of(registrar, {act})); }
};

TEST_F(Acts, TheHubsLogKeyHasNoRightAnywhere) {
  EXPECT_EQ(reason(acts_of(log_key, {organisation("x")})), Reason::no_grant);
  EXPECT_EQ(reason(set_of(log_key, "section/asia", {})), Reason::no_grant);
}

TEST_F(Acts, NothingElseStandsInAuthority) {
  Operation create = act_operation(encode_act(organisation("x")));
  create.kind = OperationKind::create;
  Operation elsewhere = act_operation(encode_act(organisation("x")));
  elsewhere.register_number = 7;
  for (const Operation& op :
       {create, elsewhere, act_operation(Value::text("x")), act_operation({ValueType::act, {1, 2}})}) {
    EXPECT_EQ(reason(set_of(registrar, "authority", {op})), Reason::malformed);
  }
  EXPECT_EQ(reason(set_of(registrar, "authority", {act_operation({ValueType::act, {99}})})),
            Reason::unsupported);
}

TEST_F(Acts, KindsOfGrantsAndReasonsOfRevocationAreThoseThatExist) {
  for (const int kind : {0, 1, 3, 4}) {
    const Value grant = encode_act(grant_act(static_cast<GrantKind>(kind), invited.public_key()));
    EXPECT_EQ(decode_act(grant).has_value(), kind == 1 || kind == 3) << kind;
  }
  for (const int reason : {0, 1, 3, 4}) {
    const RevokeAct revoke{device.public_key(), static_cast<RevocationReason>(reason), 0};
    EXPECT_EQ(decode_act(encode_act(revoke)).has_value(), reason == 1 || reason == 3) << reason;
  }
}

TEST_F(Acts, ARevokedRegistrarActsNoMore) {
  EXPECT_EQ(of_registrar(organisation("x")), Reason::none);
  place(registrar, RevokeAct{registrar.public_key(), RevocationReason::left, 0});
  EXPECT_EQ(of_registrar(organisation("x")), Reason::revoked);
}

TEST_F(Acts, ARegistrarNamesNoGrant) {
  const Hash name = place(registrar, grant_act(GrantKind::invitation, registrar.public_key()));
  EXPECT_EQ(reason(acts_of(registrar, {organisation("x")}, name)), Reason::no_grant);
}

TEST_F(Acts, ANewOrganisationHasANewIdAndAKnownParent) {
  EXPECT_EQ(of_registrar(organisation("nepal", "asia")), Reason::none);
  EXPECT_EQ(of_registrar(organisation("nepal")), Reason::none);
  EXPECT_EQ(of_registrar(organisation("asia")), Reason::void_act) << "taken";
  EXPECT_EQ(of_registrar(organisation("Nepal")), Reason::void_act) << "no id";
  EXPECT_EQ(of_registrar(organisation("nepal", "atlantis")), Reason::void_act) << "no such parent";
  EXPECT_EQ(of_registrar(organisation("nepal", "nepal")), Reason::void_act) << "its own parent";
}

TEST_F(Acts, ARegistrarGivesRightsByInvitationOnly) {
  const PublicKey fresh = invited.public_key();
  EXPECT_EQ(of_registrar(grant_act(GrantKind::invitation, fresh)), Reason::none);
  EXPECT_EQ(of_registrar(grant_act(GrantKind::device, fresh)), Reason::void_act);
  EXPECT_EQ(of_registrar(grant_act(GrantKind::invitation, PublicKey{})), Reason::void_act) << "no key";
  GrantAct nowhere = grant_act(GrantKind::invitation, fresh);
  nowhere.organisation = "atlantis";
  EXPECT_EQ(of_registrar(nowhere), Reason::void_act);
  place(registrar, grant_act(GrantKind::invitation, fresh));
  EXPECT_EQ(of_registrar(grant_act(GrantKind::invitation, fresh)), Reason::void_act) << "invited before";
}

TEST_F(Acts, ARegistrarGivesRightsToAPersonsKeyThatIsNothingElse) {
  const PublicKey fresh = key_of(11).public_key();
  const auto told = [&](const PublicKey& key, const std::string& at = "asia") {
    GrantAct grant = grant_act(GrantKind::person, key);
    grant.organisation = at;
    return of_registrar(grant);
  };
  EXPECT_EQ(told(fresh), Reason::none);
  EXPECT_EQ(told(fresh, ""), Reason::none) << "of the network as a whole";
  EXPECT_EQ(told(fresh, "atlantis"), Reason::void_act);
  EXPECT_EQ(told(PublicKey{}), Reason::void_act) << "no key";
  EXPECT_EQ(told(log_key.public_key()), Reason::void_act);
  EXPECT_EQ(told(registrar.public_key()), Reason::void_act);
  place(registrar, grant_act(GrantKind::device, device.public_key()));
  EXPECT_EQ(told(device.public_key()), Reason::void_act) << "a device works unattended";
  place(registrar, grant_act(GrantKind::invitation, invited.public_key()));
  EXPECT_EQ(told(invited.public_key()), Reason::void_act);
  place(registrar, grant_act(GrantKind::person, fresh));
  EXPECT_EQ(told(fresh), Reason::none) << "a second grant";
  EXPECT_EQ(of_registrar(grant_act(GrantKind::invitation, fresh)), Reason::void_act);
  place(registrar, RevokeAct{fresh, RevocationReason::left, 0});
  EXPECT_EQ(told(fresh), Reason::void_act) << "coming back means a new key";
}

TEST_F(Acts, AClauseNamesSpacesOrAStarForAllOfThem) {
  GrantAct grant = grant_act(GrantKind::person, device.public_key());
  grant.clauses[0].spaces = {std::string(kEverySpace)};
  EXPECT_TRUE(decode_act(encode_act(grant)));
  grant.clauses[0].spaces = {"section/*"};
  EXPECT_FALSE(decode_act(encode_act(grant)));
}

TEST_F(Acts, ARegistrarRevokesAndDoesNotEnrol) {
  EXPECT_EQ(of_registrar(RevokeAct{device.public_key(), RevocationReason::lost, 0}), Reason::none);
  EXPECT_EQ(of_registrar(EnrolAct{device.public_key(), {}, {}}), Reason::void_act);
}

TEST_F(Acts, OfSeveralActsEachMustBeRight) {
  EXPECT_EQ(reason(acts_of(registrar, {organisation("x"), organisation("y")})), Reason::none);
  EXPECT_EQ(reason(acts_of(registrar, {organisation("x"), organisation("Y")})), Reason::void_act);
  EXPECT_EQ(reason(acts_of(registrar, {organisation("Y"), organisation("x")})), Reason::void_act);
}

class Enrolment : public AuthorityDesk {
 protected:
  Enrolment() {
    GrantAct act = grant_act(GrantKind::invitation, invited.public_key());
    act.from = 5;
    act.until = kNow + 1;
    act.depth = 1;
    invitation = place(registrar, act);
  }
  EnrolAct enrol_of(const crypto::KeyPair& key) const {
    EnrolAct out{key.public_key(), crypto::sealing_public_key(crypto::Seed{}), {}};
    out.proof = key.sign(enrol_message(NetworkId{}, invited.public_key(), out.sealing_key));
    return out;
  }
  GrantAct pass_to(const crypto::KeyPair& key) const {
    GrantAct out = grant_act(GrantKind::device, key.public_key());
    out.from = 5;
    return out;
  }
  ChangeSet enrolment(const crypto::KeyPair& key) {
    return acts_of(invited, {enrol_of(key), pass_to(key)}, invitation);
  }
  /// What comes of the right enrolment with its grant changed.
  Reason with(const std::function<void(GrantAct&)>& change) {
    GrantAct pass = pass_to(device);
    change(pass);
    return reason(acts_of(invited, {enrol_of(device), pass}, invitation));
  }

  Hash invitation;
};

TEST_F(Enrolment, NeedsTheAuthorsOwnInvitation) {
  EXPECT_EQ(reason(enrolment(device)), Reason::none);
  const std::vector<Act> acts{enrol_of(device), pass_to(device)};
  EXPECT_EQ(reason(acts_of(invited, acts, Hash{})), Reason::no_grant);
  EXPECT_EQ(reason(acts_of(key_of(7), acts, invitation)), Reason::no_grant);
  const Hash held = place(registrar, grant_act(GrantKind::device, key_of(7).public_key()));
  EXPECT_EQ(reason(acts_of(key_of(7), acts, held)), Reason::no_right) << "a device acts in no authority";
}

TEST_F(Enrolment, EndsWithTheInvitationsPeriod) {
  EXPECT_EQ(reason(enrolment(device), kNow), Reason::none);
  const Verdict late = ask(enrolment(device), kNow + 1);
  EXPECT_EQ(late.reason, Reason::expired);
  EXPECT_EQ(late.outcome, Outcome::refused);
}

TEST_F(Enrolment, IsOneEnrolmentAndNothingElse) {
  const auto told = [&](const std::vector<Act>& acts) { return reason(acts_of(invited, acts, invitation)); };
  EXPECT_EQ(told({pass_to(device)}), Reason::no_right);
  EXPECT_EQ(told({enrol_of(device), enrol_of(key_of(7)), pass_to(device)}), Reason::no_right);
  EXPECT_EQ(told({enrol_of(device), pass_to(device), OrganisationAct{"x", "association", "", "x"}}),
            Reason::no_right);
  EXPECT_EQ(told({enrol_of(device)}), Reason::void_act);
  EXPECT_EQ(told({enrol_of(device), pass_to(device), pass_to(device)}), Reason::void_act);
}

TEST_F(Enrolment, HappensOnce) {
  ASSERT_TRUE(authority.apply(enrolment(device), ++position, kNow));
  EXPECT_EQ(reason(enrolment(key_of(7))), Reason::invitation_used);
}

TEST_F(Enrolment, IsSignedByTheDeviceForThisInvitation) {
  EnrolAct unsigned_one = enrol_of(device);
  unsigned_one.proof = {};
  EnrolAct of_another = enrol_of(key_of(7));
  of_another.device = device.public_key();
  EnrolAct no_key = enrol_of(device);
  no_key.device = PublicKey{};
  for (const EnrolAct& enrol : {unsigned_one, of_another, no_key}) {
    EXPECT_EQ(reason(acts_of(invited, {enrol, pass_to(device)}, invitation)), Reason::bad_signature);
  }
}

TEST_F(Enrolment, IsOfAKeyThatWasNothingBefore) {
  EXPECT_EQ(reason(enrolment(log_key)), Reason::void_act);
  EXPECT_EQ(reason(enrolment(registrar)), Reason::void_act);
  place(registrar, RevokeAct{key_of(8).public_key(), RevocationReason::lost, 0});
  EXPECT_EQ(reason(enrolment(key_of(8))), Reason::void_act);
  place(registrar, grant_act(GrantKind::person, key_of(9).public_key()));
  EXPECT_EQ(reason(enrolment(key_of(9))), Reason::void_act);
  place(registrar, grant_act(GrantKind::device, device.public_key()));
  EXPECT_EQ(reason(enrolment(device)), Reason::void_act);
}

TEST_F(Enrolment, PassesOnTheInvitationsRightsAndNoOthers) {
  EXPECT_EQ(with([](GrantAct&) {}), Reason::none);
  EXPECT_EQ(with([](GrantAct& g) { g.until = kNow; }), Reason::none) << "shorter is less";
  EXPECT_EQ(with([](GrantAct& g) { g.clauses[0].rights = kRead; }), Reason::none);
  EXPECT_EQ(with([](GrantAct& g) { g.kind = GrantKind::invitation; }), Reason::void_act);
  EXPECT_EQ(with([](GrantAct& g) { g.grantee = key_of(7).public_key(); }), Reason::void_act);
  EXPECT_EQ(with([](GrantAct& g) { g.organisation = "africa"; }), Reason::void_act);
  EXPECT_EQ(with([](GrantAct& g) { g.role = "publisher"; }), Reason::void_act);
  EXPECT_EQ(with([](GrantAct& g) { g.from = 4; }), Reason::void_act);
  EXPECT_EQ(with([](GrantAct& g) { g.depth = 1; }), Reason::void_act);
  EXPECT_EQ(with([](GrantAct& g) { g.clauses[0].rights |= kReview; }), Reason::void_act);
  EXPECT_EQ(with([](GrantAct& g) { g.clauses[0].spaces.push_back("public"); }), Reason::void_act);
}

}  // namespace
}  // namespace wasl::test
