// Sections 6.5 and 6.6 of the protocol, what persons decide about others' keys and work: one test a rule.
#include "tests/unit/authority_desk.hpp"

namespace wasl::test {
namespace {

class Decisions : public AuthorityDesk {
 protected:
  Decisions() {
    place(registrar, OrganisationAct{"nepal", "association", "asia", "Nepal"});
    office = place(registrar, grant_act(GrantKind::device, device.public_key()));
    give(kAdmin | kWrite, {"section/asia"});
  }
  void give(Rights rights, std::vector<std::string> spaces, std::vector<std::uint32_t> registers = {}) {
    GrantAct act = grant_act(GrantKind::person, person.public_key());
    act.clauses = {{rights, std::move(spaces), std::move(registers)}};
    grant = place(registrar, act);
  }
  Reason of_person(const std::vector<Act>& acts) { return reason(acts_of(person, acts, grant)); }
  static RevokeAct lost(const PublicKey& key) { return {key, RevocationReason::lost, 0}; }
  ChangeSet adoption(const crypto::KeyPair& key, const Hash& under, std::vector<Hash> names,
                     const std::string& space = "section/asia") {
    return set_of(key, space, {act_operation(encode_act(AdoptAct{std::move(names)}))}, under);
  }
  ChangeSet work(const std::string& id) {
    Operation create;
    create.register_number = built_in_schema().find("project")->number;
    create.id = id;
    return set_of(device, "section/asia", {create}, office);
  }
  Verdict adopted(const ChangeSet& set, const ChangeSet& by) const {
    const auto record = [this](std::string_view id) {
      const auto it = records.find(std::string(id));
      return it == records.end() ? nullptr : &it->second;
    };
    const auto in_log = [this](const Source& source, Sequence sequence) {
      return entries.contains({source, sequence});
    };
    const auto no_roots = [](std::string_view, Position) { return std::optional<Hash>(); };
    return authorise_adoption(set, by.header, authority, position, built_in_schema(), kNow,
                              {record, in_log, no_roots});
  }

  crypto::KeyPair person = key_of(9);
  Hash grant, office;
};

TEST_F(Decisions, APersonRevokesWhereTheyAdminister) {
  EXPECT_EQ(of_person({lost(device.public_key())}), Reason::none);
  EXPECT_EQ(of_person({lost(key_of(77).public_key())}), Reason::no_right) << "nobody's key";
  give(kWrite, {"section/asia"});
  EXPECT_EQ(of_person({lost(device.public_key())}), Reason::no_right);
  give(kAdmin, {"association/nepal"});
  EXPECT_EQ(of_person({lost(device.public_key())}), Reason::no_right);
  give(kAdmin, {"section/asia"}, {7});
  EXPECT_EQ(of_person({lost(device.public_key())}), Reason::no_right) << "of some registers only";
  give(kAdmin, {"*"});
  EXPECT_EQ(of_person({lost(device.public_key())}), Reason::none);
  EXPECT_EQ(of_person({lost(registrar.public_key())}), Reason::no_right) << "the statement names registrars";
}

TEST_F(Decisions, OfAPersonEveryGrantMustLieWithinReach) {
  const PublicKey other = key_of(12).public_key();
  GrantAct held = grant_act(GrantKind::person, other);
  place(registrar, held);
  EXPECT_EQ(of_person({lost(other)}), Reason::none);
  held.organisation = "nepal";
  place(registrar, held);
  EXPECT_EQ(of_person({lost(other)}), Reason::none) << "below one's own";
  place(registrar, OrganisationAct{"europe", "section", "", "Europe"});
  held.organisation = "europe";
  place(registrar, held);
  EXPECT_EQ(of_person({lost(other)}), Reason::no_right);
}

TEST_F(Decisions, TheFourthRevocationOfADayNeedsASecondKey) {
  const auto fresh = [&](Byte b) {
    place(registrar, grant_act(GrantKind::device, key_of(b).public_key()));
    return lost(key_of(b).public_key());
  };
  EXPECT_EQ(of_person({fresh(30), fresh(31), fresh(32)}), Reason::none);
  EXPECT_EQ(of_person({fresh(30), fresh(31), fresh(32), fresh(33)}), Reason::void_act);
  place(person, fresh(40), grant, kNow - 24 * 3'600'000 + 1);
  place(person, fresh(41), grant, kNow - 10);
  place(person, lost(key_of(41).public_key()), grant, kNow - 9);
  place(person, lost(person.public_key()), grant, kNow - 8);
  place(registrar, fresh(42), {}, kNow - 7);
  EXPECT_EQ(reason(acts_of(registrar, {fresh(50), fresh(51)})), Reason::none) << "each key by itself";
  EXPECT_EQ(reason(acts_of(registrar, {fresh(50), fresh(51), fresh(52)})), Reason::void_act);
  EXPECT_EQ(reason(acts_of(registrar, {fresh(50), fresh(51), fresh(52)}), kNow - 7 + 24 * 3'600'000),
            Reason::none)
      << "a day later";
  EXPECT_EQ(reason(acts_of(registrar, {fresh(50), fresh(51), lost(key_of(42).public_key())})), Reason::none)
      << "of one that was revoked before";
}

TEST_F(Decisions, ADeviceIsWipedOnceItIsRevoked) {
  EXPECT_EQ(of_person({WipeAct{device.public_key()}}), Reason::void_act);
  EXPECT_EQ(of_person({lost(device.public_key()), WipeAct{device.public_key()}}), Reason::none);
  EXPECT_EQ(of_person({WipeAct{key_of(8).public_key()}}), Reason::void_act) << "no device";
  place(registrar, lost(device.public_key()));
  EXPECT_EQ(of_person({WipeAct{device.public_key()}}), Reason::none);
  EXPECT_EQ(reason(acts_of(registrar, {WipeAct{device.public_key()}})), Reason::no_right);
  give(kAdmin, {"network"});
  EXPECT_EQ(of_person({WipeAct{device.public_key()}}), Reason::no_right);
}

TEST_F(Decisions, DiscardingNeedsAdminInThatSpace) {
  const DiscardAct here{"section/asia", {Hash{}}, DiscardReason::unwanted};
  EXPECT_EQ(of_person({here}), Reason::none);
  EXPECT_EQ(of_person({DiscardAct{"network", {Hash{}}, DiscardReason::unwanted}}), Reason::no_right);
  EXPECT_EQ(reason(acts_of(registrar, {here})), Reason::no_right);
  place(registrar, lost(person.public_key()));
  EXPECT_EQ(of_person({here}), Reason::revoked);
}

TEST_F(Decisions, ListsOfNamesAreNeitherEmptyNorEndless) {
  EXPECT_FALSE(decode_act(encode_act(AdoptAct{})));
  EXPECT_FALSE(decode_act(encode_act(DiscardAct{"network", {}, DiscardReason::unwanted})));
  EXPECT_TRUE(decode_act(encode_act(AdoptAct{std::vector<Hash>(kNamesOfAct)})));
  EXPECT_FALSE(decode_act(encode_act(AdoptAct{std::vector<Hash>(kNamesOfAct + 1)})));
  EXPECT_FALSE(decode_act(encode_act(DiscardAct{"nowhere", {Hash{}}, DiscardReason::unwanted})));
  for (const int reason : {0, 1, 4, 5}) {
    const DiscardAct act{"network", {Hash{}}, static_cast<DiscardReason>(reason)};
    EXPECT_EQ(decode_act(encode_act(act)).has_value(), reason == 1 || reason == 4) << reason;
  }
}

TEST_F(Decisions, APersonAdoptsAndNobodyElse) {
  EXPECT_EQ(reason(adoption(person, grant, {Hash{}})), Reason::none);
  EXPECT_EQ(reason(adoption(device, office, {Hash{}})), Reason::no_right);
  EXPECT_EQ(reason(adoption(registrar, Hash{}, {Hash{}})), Reason::no_grant);
  EXPECT_EQ(reason(adoption(person, grant, {Hash{}, Hash{}})), Reason::malformed) << "twice the same";
  EXPECT_EQ(of_person({AdoptAct{{Hash{}}}}), Reason::no_right) << "not in `authority`";
}

TEST_F(Decisions, AnAdoptionStandsAlone) {
  const auto told = [&](std::vector<Operation> operations) {
    return reason(set_of(person, "section/asia", std::move(operations), grant));
  };
  const Operation adopt = act_operation(encode_act(AdoptAct{{Hash{}}}));
  EXPECT_EQ(told({adopt}), Reason::none);
  EXPECT_EQ(told({adopt, act_operation(encode_act(AdoptAct{{Hash{}}}))}), Reason::malformed);
  EXPECT_EQ(told({act_operation(encode_act(lost(device.public_key())))}), Reason::malformed);
  Operation elsewhere = adopt;
  elsewhere.register_number = 7;
  EXPECT_EQ(told({elsewhere}), Reason::malformed);
  EXPECT_EQ(told({act_operation({ValueType::act, {99}})}), Reason::unsupported);
}

TEST_F(Decisions, WhatIsAdoptedIsJudgedByTheAdoptersRights) {
  const ChangeSet set = work("p");
  const ChangeSet by = adoption(person, grant, {set.name});
  place(registrar, lost(device.public_key()));
  EXPECT_EQ(ask(set).reason, Reason::revoked);
  EXPECT_EQ(adopted(set, by).reason, Reason::none);
  give(kAdmin, {"section/asia"});
  EXPECT_EQ(adopted(set, adoption(person, grant, {set.name})).reason, Reason::no_right);
  give(kWrite, {"section/asia"}, {built_in_schema().find("need")->number});
  EXPECT_EQ(adopted(set, adoption(person, grant, {set.name})).reason, Reason::no_right);
}

TEST_F(Decisions, WhatIsAdoptedHasNoPlaceYetAndFollowsTheRulesOfRecords) {
  const ChangeSet set = work("p");
  const ChangeSet by = adoption(person, grant, {set.name});
  EXPECT_EQ(adopted(set, adoption(person, grant, {set.name}, "network")).reason, Reason::no_grant);
  Operation update;
  update.kind = OperationKind::write;
  update.register_number = built_in_schema().find("project")->number;
  update.id = "q";
  update.address.field = built_in_schema().find("project")->field("reference")->number;
  update.value = Value::text("x");
  EXPECT_EQ(adopted(set_of(device, "section/asia", {update}, office), by).reason, Reason::gone);
  EXPECT_EQ(adopted(adoption(person, grant, {Hash{}}), by).reason, Reason::malformed) << "no adoption of one";
  place(set);
  EXPECT_EQ(adopted(set, by).reason, Reason::void_act);
}

TEST_F(Decisions, AStolenKeysWorkIsVoidedFromThenOn) {
  const ChangeSet set = work("p");
  const Position before = position;
  place(registrar, RevokeAct{device.public_key(), RevocationReason::compromised, kNow});
  EXPECT_TRUE(authority.is_voided(set.header.source.author, set.header.grant, kNow, position));
  EXPECT_FALSE(authority.is_voided(set.header.source.author, set.header.grant, kNow - 1, position));
  EXPECT_FALSE(authority.is_voided(set.header.source.author, set.header.grant, kNow, before));
  place(registrar, lost(person.public_key()));
  const Header other = adoption(person, grant, {Hash{}}).header;
  EXPECT_FALSE(authority.is_voided(other.source.author, other.grant, kNow, position));
}

}  // namespace
}  // namespace wasl::test
