// Grants that persons give, accept and end: one test a rule (section 6.5 of the protocol).
#include "shared/authority/roles.hpp"
#include "tests/unit/authority_desk.hpp"

namespace wasl::test {
namespace {

constexpr Rights kAll = kRead | kWrite | kReview | kPublish | kGrant | kAdmin;

class Delegation : public AuthorityDesk {
 protected:
  Delegation() {
    place(registrar, OrganisationAct{"africa", "section", "", "Africa"});
    place(registrar, OrganisationAct{"senegal", "association", "africa", "Senegal"});
    GrantAct act = person(president, {{kAll, {std::string(kEverySpace)}, {}}});
    act.organisation.clear();
    act.depth = 4;
    act.level = 1;
    mandate = place(registrar, act);
  }
  static GrantAct person(const crypto::KeyPair& key, std::vector<Clause> clauses, std::uint32_t depth = 0) {
    return {GrantKind::person, key.public_key(), "africa", "vice_president", std::move(clauses), 0, 0, depth};
  }
  static std::vector<Clause> in_africa(Rights rights = kRead | kWrite | kGrant) {
    return {{rights, {"section/africa"}, {}}};
  }
  static Clause with_labels(std::vector<LabelLimit> labels) {
    for (LabelLimit& limit : labels) std::sort(limit.values.begin(), limit.values.end());
    return {kWrite, {"section/africa"}, {}, std::move(labels)};
  }
  Reason gives(const GrantAct& act, const Hash& under) { return reason(acts_of(president, {act}, under)); }
  Reason gives(const GrantAct& act) { return gives(act, mandate); }
  /// What comes of the president's grant to the vice-president, changed.
  Reason with(const std::function<void(GrantAct&)>& change) {
    GrantAct act = person(vice, in_africa(), 2);
    change(act);
    return gives(act);
  }
  Hash placed(const crypto::KeyPair& key, const Act& act, const Hash& under, Millis at = kNow) {
    const ChangeSet set = acts_of(key, {act}, under);
    EXPECT_TRUE(authority.apply(set, ++position, at));
    return grant_name(set.header.network, set.dot(0), set.operations[0].value);
  }
  Standing standing(const Hash& name, Millis now = kNow) const {
    return authority.standing(*authority.grant(name), position, now);
  }
  Verdict works(const crypto::KeyPair& key, const Hash& under, Millis now = kNow) {
    Operation create;
    create.register_number = built_in_schema().find("project")->number;
    create.id = "p";
    return ask(set_of(key, "section/africa", {create}, under), now);
  }

  crypto::KeyPair president = key_of(21), vice = key_of(22), officer = key_of(23);
  Hash mandate;
};

TEST_F(Delegation, APersonGivesWhatTheyHoldAndNoMore) {
  EXPECT_EQ(with([](GrantAct&) {}), Reason::none);
  EXPECT_EQ(with([](GrantAct& g) { g.depth = 4; }), Reason::void_act) << "as deep as the giver";
  EXPECT_EQ(with([](GrantAct& g) { g.depth = 3; }), Reason::none);
  EXPECT_EQ(with([](GrantAct& g) { g.level = 1; }), Reason::none) << "the same mandate is not above";
  EXPECT_EQ(with([](GrantAct& g) { g.level = 2; }), Reason::none);
  EXPECT_EQ(with([](GrantAct& g) { g.from = 5; }), Reason::none);
  EXPECT_EQ(with([](GrantAct& g) { g.organisation = "atlantis"; }), Reason::void_act);
  EXPECT_EQ(with([](GrantAct& g) { g.organisation.clear(); }), Reason::none)
      << "from a network's to a network's";
  EXPECT_EQ(with([](GrantAct& g) { g.kind = GrantKind::invitation; }), Reason::void_act)
      << "registrars invite";
}

TEST_F(Delegation, NobodyPassesOnWithoutTheRightOrTheDepth) {
  const Hash flat = placed(president, person(vice, in_africa(), 0), mandate);
  const Hash mute = placed(president, person(vice, in_africa(kRead | kWrite), 2), mandate);
  const Hash deep = placed(president, person(vice, in_africa(), 2), mandate);
  const auto passes = [&](const Hash& under, Rights rights) {
    return reason(acts_of(vice, {person(officer, in_africa(rights), 0)}, under));
  };
  EXPECT_EQ(passes(flat, kWrite), Reason::no_right);
  EXPECT_EQ(passes(mute, kWrite), Reason::no_right);
  EXPECT_EQ(passes(deep, kWrite), Reason::none);
  EXPECT_EQ(passes(deep, kReview), Reason::void_act) << "more than they hold";
  EXPECT_EQ(reason(acts_of(president, {person(officer, in_africa(), 0)}, deep)), Reason::no_grant)
      << "under another's grant";
}

TEST_F(Delegation, TheRightToGiveCoversWhatIsGiven) {
  const Hash held =
      placed(president,
             person(vice, {{kRead | kWrite | kGrant, {"section/africa"}, {}}, {kRead, {"network"}, {}}}, 2),
             mandate);
  const auto passes = [&](const std::string& space) {
    return reason(acts_of(vice, {person(officer, {{kRead, {space}, {}}}, 0)}, held));
  };
  EXPECT_EQ(passes("section/africa"), Reason::none);
  EXPECT_EQ(passes("network"), Reason::void_act) << "held, and not to be passed on";
}

TEST_F(Delegation, PeriodsMandatesAndConditionsOnlyNarrow) {
  GrantAct act = person(vice, in_africa(), 2);
  act.from = 100;
  act.until = kNow + 100;
  act.level = 3;
  act.flags = kWhileHeld;
  const Hash held = placed(president, act, mandate);
  const auto passes = [&](const std::function<void(GrantAct&)>& change) {
    GrantAct inner = person(officer, in_africa(kWrite), 1);
    inner.from = 100;
    inner.until = kNow + 100;
    inner.level = 3;
    inner.flags = kWhileHeld;
    change(inner);
    return reason(acts_of(vice, {inner}, held));
  };
  EXPECT_EQ(passes([](GrantAct&) {}), Reason::none);
  EXPECT_EQ(passes([](GrantAct& g) { g.from = 99; }), Reason::void_act);
  EXPECT_EQ(passes([](GrantAct& g) { g.until = kNow + 101; }), Reason::void_act);
  EXPECT_EQ(passes([](GrantAct& g) { g.until = 0; }), Reason::void_act);
  EXPECT_EQ(passes([](GrantAct& g) { g.level = 2; }), Reason::void_act) << "a higher mandate";
  EXPECT_EQ(passes([](GrantAct& g) { g.level = 0; }), Reason::none) << "none is the lowest";
  EXPECT_EQ(passes([](GrantAct& g) { g.flags = 0; }), Reason::void_act)
      << "it would outlive what it hangs on";
  EXPECT_EQ(passes([](GrantAct& g) { g.flags |= kNeedsAcceptance; }), Reason::none);
}

TEST_F(Delegation, LabelsAreAddedOrNarrowedNeverWidened) {
  const Value climate = Value::reference("network", "climate"), water = Value::reference("network", "water");
  const Value mali = Value::reference("network", "ML");
  Clause clause = with_labels({{"theme", {climate, water}}});
  clause.rights |= kGrant;
  const Hash held = placed(president, person(vice, {clause}, 2), mandate);
  const auto passes = [&](std::vector<LabelLimit> labels) {
    return reason(acts_of(vice, {person(officer, {with_labels(std::move(labels))}, 0)}, held));
  };
  EXPECT_EQ(passes({{"theme", {climate, water}}}), Reason::none);
  EXPECT_EQ(passes({{"theme", {climate}}}), Reason::none);
  EXPECT_EQ(passes({{"country", {mali}}, {"theme", {climate}}}), Reason::none);
  EXPECT_EQ(passes({}), Reason::void_act);
  EXPECT_EQ(passes({{"country", {mali}}}), Reason::void_act);
  EXPECT_EQ(passes({{"theme", {climate, Value::reference("network", "youth")}}}), Reason::void_act);
}

TEST_F(Delegation, OnlyAPersonsOrAnEnrolledDevicesKeyTakesPart) {
  const auto to = [&](GrantKind kind, const crypto::KeyPair& key) {
    GrantAct act = person(key, in_africa(), 1);
    act.kind = kind;
    return gives(act);
  };
  place(registrar, grant_act(GrantKind::device, device.public_key()));
  place(registrar, grant_act(GrantKind::invitation, invited.public_key()));
  EXPECT_EQ(to(GrantKind::person, vice), Reason::none);
  EXPECT_EQ(to(GrantKind::person, device), Reason::void_act);
  EXPECT_EQ(to(GrantKind::person, invited), Reason::void_act);
  EXPECT_EQ(to(GrantKind::person, registrar), Reason::void_act);
  EXPECT_EQ(to(GrantKind::person, log_key), Reason::void_act);
  EXPECT_EQ(to(GrantKind::device, vice), Reason::void_act) << "never enrolled";
  EXPECT_EQ(to(GrantKind::device, device), Reason::void_act) << "of another organisation";
  GrantAct own = person(device, in_africa(), 1);
  own.kind = GrantKind::device;
  own.organisation = "asia";
  EXPECT_EQ(gives(own), Reason::none);
  place(registrar, RevokeAct{device.public_key(), RevocationReason::lost, 0});
  EXPECT_EQ(gives(own), Reason::void_act);
}

TEST_F(Delegation, WhatAPersonPassesToADeviceAddsToWhatItIs) {
  const Hash enrolled = place(registrar, grant_act(GrantKind::device, device.public_key()));
  GrantAct act = person(device, in_africa(), 0);
  act.kind = GrantKind::device;
  act.organisation = "asia";
  const Hash added = placed(president, act, mandate);
  EXPECT_EQ(authority.device(device.public_key())->grant, enrolled);
  EXPECT_EQ(authority.device(device.public_key())->role, "officer");
  EXPECT_EQ(authority.grants_of(device.public_key()).size(), 2U);
  EXPECT_TRUE(authority.reads(device.public_key(), "section/africa"));
  EXPECT_TRUE(authority.reads(device.public_key(), "section/asia"));
  EXPECT_EQ(works(device, added).reason, Reason::none);
  EXPECT_EQ(works(device, enrolled).reason, Reason::no_right);
  const auto readable = authority.readable(device.public_key(), kNow);
  EXPECT_EQ(readable.size(), 3U) << "authority, section/africa, section/asia";
}

TEST_F(Delegation, AnOfferIsVoidUntilItsGranteeAccepts) {
  GrantAct act = person(vice, in_africa(), 1);
  act.flags = kNeedsAcceptance;
  const Hash offered = placed(president, act, mandate);
  EXPECT_EQ(standing(offered), Standing::not_accepted);
  EXPECT_EQ(works(vice, offered).reason, Reason::no_grant);
  EXPECT_EQ(reason(acts_of(vice, {person(officer, in_africa(kWrite), 0)}, offered)), Reason::no_grant);
  EXPECT_EQ(reason(acts_of(vice, {AcceptAct{mandate}}, offered)), Reason::void_act);
  EXPECT_EQ(reason(acts_of(president, {AcceptAct{offered}}, mandate)), Reason::void_act);
  EXPECT_EQ(reason(acts_of(officer, {AcceptAct{offered}}, offered)), Reason::no_grant);
  EXPECT_EQ(reason(acts_of(vice, {AcceptAct{offered}}, offered)), Reason::none);
  EXPECT_EQ(reason(acts_of(vice, {AcceptAct{offered}, person(officer, in_africa(kWrite), 0)}, offered)),
            Reason::none)
      << "accepted and passed on at once";
  const Position before = position;
  placed(vice, AcceptAct{offered}, offered);
  EXPECT_EQ(standing(offered), Standing::valid);
  EXPECT_EQ(authority.standing(*authority.grant(offered), before, kNow), Standing::not_accepted)
      << "as of before";
  EXPECT_EQ(works(vice, offered).reason, Reason::none);
  EXPECT_EQ(reason(acts_of(vice, {AcceptAct{offered}}, offered)), Reason::void_act) << "once";
}

TEST_F(Delegation, WhatNeedsNoAcceptanceIsNotAccepted) {
  const Hash given = placed(president, person(vice, in_africa(), 1), mandate);
  EXPECT_EQ(reason(acts_of(vice, {AcceptAct{given}}, given)), Reason::void_act);
}

TEST_F(Delegation, IsEndedByWhoGaveItWhoHoldsItOrWhoAdministersIt) {
  const Hash given = placed(president, person(vice, in_africa(), 1), mandate);
  const Hash other = placed(president, person(officer, in_africa(kWrite), 0), mandate);
  GrantAct admin = person(key_of(24), {{kRead | kAdmin, {"section/africa"}, {}}}, 0);
  const Hash administers = placed(president, admin, mandate);
  admin.organisation = "senegal";
  admin.grantee = key_of(25).public_key();
  const Hash below = placed(president, admin, mandate);
  const auto ends = [&](const crypto::KeyPair& key, const Hash& under) {
    return reason(acts_of(key, {EndAct{given, EndReason::withdrawn}}, under));
  };
  EXPECT_EQ(ends(president, mandate), Reason::none);
  EXPECT_EQ(ends(vice, given), Reason::none) << "laid down";
  EXPECT_EQ(ends(officer, other), Reason::no_right);
  EXPECT_EQ(ends(key_of(24), administers), Reason::none);
  EXPECT_EQ(ends(key_of(25), below), Reason::no_right) << "from below";
  EXPECT_EQ(reason(acts_of(registrar, {EndAct{given, EndReason::withdrawn}})), Reason::void_act);
  EXPECT_EQ(reason(acts_of(registrar, {EndAct{mandate, EndReason::mandate_over}})), Reason::none)
      << "a registrar gave it";
  EXPECT_EQ(reason(acts_of(president, {EndAct{Hash{}, EndReason::withdrawn}}, mandate)), Reason::void_act);
  placed(president, EndAct{given, EndReason::withdrawn}, mandate);
  EXPECT_EQ(ends(president, mandate), Reason::void_act) << "once";
}

TEST_F(Delegation, AnEndedGrantHoldsWorkFromItsPositionOn) {
  const Hash given = placed(president, person(vice, in_africa(), 1), mandate);
  const Position before = position;
  placed(president, EndAct{given, EndReason::withdrawn}, mandate);
  const Verdict late = works(vice, given);
  EXPECT_EQ(late.outcome, Outcome::held);
  EXPECT_EQ(late.reason, Reason::revoked);
  EXPECT_EQ(reason(acts_of(vice, {person(officer, in_africa(kWrite), 0)}, given)), Reason::revoked);
  position = before;
  EXPECT_EQ(works(vice, given).reason, Reason::none);
}

TEST_F(Delegation, WhileHeldFallsWithWhatItHangsOnAndOthersOutliveIt) {
  GrantAct hangs = person(vice, in_africa(), 2);
  hangs.flags = kWhileHeld;
  const Hash hanging = placed(president, hangs, mandate);
  hangs.grantee = officer.public_key();
  hangs.depth = 1;
  hangs.clauses = in_africa(kWrite);
  const Hash below = placed(vice, hangs, hanging);
  const Hash standing_alone = placed(president, person(key_of(24), in_africa(), 1), mandate);
  EXPECT_EQ(standing(below), Standing::valid);
  const Position before = position;
  placed(registrar, EndAct{mandate, EndReason::mandate_over}, Hash{});
  EXPECT_EQ(standing(hanging), Standing::ended);
  EXPECT_EQ(standing(below), Standing::ended);
  EXPECT_EQ(standing(standing_alone), Standing::valid);
  EXPECT_EQ(works(officer, below).outcome, Outcome::held);
  position = before;
  EXPECT_EQ(standing(below), Standing::valid) << "as of before";
}

TEST_F(Delegation, WhileHeldEndsWithTheGrantorsKeyAndPeriod) {
  GrantAct act = person(vice, in_africa(), 2);
  act.until = kNow + 10;
  act.flags = kWhileHeld;
  const Hash held = placed(president, act, mandate);
  act.grantee = officer.public_key();
  act.depth = 0;
  act.clauses = in_africa(kWrite);
  const Hash below = placed(vice, act, held);
  EXPECT_EQ(standing(below, kNow + 9), Standing::valid);
  EXPECT_EQ(standing(below, kNow + 10), Standing::over);
  EXPECT_EQ(works(officer, below, kNow + 10).reason, Reason::expired);
  place(registrar, RevokeAct{vice.public_key(), RevocationReason::left, 0});
  EXPECT_EQ(standing(held), Standing::valid) << "the grant stands, its holder's key does not";
  EXPECT_EQ(standing(below), Standing::ended);
}

TEST_F(Delegation, WhatACompromisedKeyGaveFallsFromTheTimeNamedOn) {
  const Hash early = placed(president, person(vice, in_africa(), 2), mandate, kNow - 100);
  const Hash late = placed(president, person(key_of(24), in_africa(), 2), mandate, kNow - 10);
  const Hash of_late = placed(key_of(24), person(officer, in_africa(kWrite), 0), late, kNow - 5);
  place(registrar, RevokeAct{president.public_key(), RevocationReason::compromised, kNow - 50});
  EXPECT_EQ(standing(early), Standing::valid);
  EXPECT_EQ(standing(late), Standing::ended);
  EXPECT_EQ(standing(of_late), Standing::ended);
}

TEST_F(Delegation, APersonWithAdminRevokesKeysOfTheirOrganisationAndBelow) {
  GrantAct enrolled = grant_act(GrantKind::device, device.public_key());
  enrolled.organisation = "senegal";
  place(registrar, enrolled);
  GrantAct admin = person(vice, {{kRead | kAdmin, {"section/africa"}, {}}}, 0);
  const Hash africa = placed(president, admin, mandate);
  admin.organisation = "asia";
  admin.grantee = officer.public_key();
  const Hash asia = placed(president, admin, mandate);
  const auto revokes = [&](const crypto::KeyPair& by, const Hash& under, const crypto::KeyPair& key) {
    return reason(acts_of(by, {RevokeAct{key.public_key(), RevocationReason::lost, 0}}, under));
  };
  EXPECT_EQ(revokes(vice, africa, device), Reason::none);
  EXPECT_EQ(revokes(officer, asia, device), Reason::no_right);
  EXPECT_EQ(revokes(vice, africa, president), Reason::no_right) << "a higher mandate";
  EXPECT_EQ(revokes(president, mandate, officer), Reason::none);
  EXPECT_EQ(revokes(vice, africa, vice), Reason::none) << "their own";
  EXPECT_EQ(revokes(president, mandate, key_of(30)), Reason::no_right) << "nobody's key";
}

TEST_F(Delegation, APersonAddsNoOrganisationAndEnrolsNothing) {
  EXPECT_EQ(reason(acts_of(president, {OrganisationAct{"mali", "association", "africa", "Mali"}}, mandate)),
            Reason::no_right);
  EXPECT_EQ(reason(acts_of(president, {EnrolAct{device.public_key(), {}, {}}}, mandate)), Reason::no_right);
}

TEST(Roles, AreThoseOfTheSchemaInFiveLanguages) {
  for (const char* name : {"president", "officer", "editor", "reviewer", "publisher", "treasurer",
                           "secretary", "administrator", "auditor", "daemon", "section_hub"}) {
    ASSERT_NE(find_role(name), nullptr) << name;
    EXPECT_FALSE(find_role(name)->labels.ar.empty());
    EXPECT_FALSE(find_role(name)->labels.pt.empty());
  }
  EXPECT_EQ(find_role("king"), nullptr);
}

TEST(Roles, AMistakeInTheFileIsNamed) {
  const auto told = [](const std::string& text) {
    const auto loaded = load_roles(text, built_in_schema());
    return loaded ? std::string("taken") : loaded.error().message;
  };
  const std::string labels = R"("labels": {"ar": "a", "en": "a", "fr": "a", "es": "a", "pt": "a"})";
  const auto role = [&](const std::string& clauses) {
    return R"([{"role": "x", )" + labels + R"(, "clauses": )" + clauses + "}]";
  };
  EXPECT_EQ(told(role(R"([{"rights": ["read"], "spaces": ["own"]}])")), "taken");
  EXPECT_EQ(told("{}"), "roles.json: is no JSON list of roles");
  EXPECT_EQ(told(role(R"([{"rights": ["rule"], "spaces": ["own"]}])")),
            "roles.json: x: rights: \"rule\" is unknown");
  EXPECT_EQ(told(role(R"([{"rights": ["read"], "spaces": ["mars"]}])")),
            "roles.json: x: spaces: \"mars\" is unknown");
  EXPECT_EQ(told(role(R"([{"rights": ["read"], "spaces": ["own"], "registers": ["gold"]}])")),
            "roles.json: x: registers: \"gold\" is unknown");
  EXPECT_EQ(told(role("[]")), "roles.json: x: needs clauses");
  EXPECT_EQ(told(R"([{"role": "x", "clauses": []}])"), "roles.json: x: needs its labels in five languages");
}

TEST(GrantBytes, LimitsAreSortedAndTheirConditionsKnown) {
  GrantAct act{GrantKind::person, {}, "africa", "officer", {{kWrite, {"network"}, {}}}, 0, 0, 0};
  act.mandate = "network#m-1";
  act.reason = "theme";
  act.level = 3;
  act.flags = kNeedsAcceptance | kWhileHeld;
  const auto decoded = [&] { return decode_act(encode_act(act)); };
  const auto with_labels = [&](std::vector<LabelLimit> labels) {
    act.clauses[0].labels = std::move(labels);
    return decoded().has_value();
  };
  const Value a = Value::text("a"), b = Value::text("b");
  ASSERT_TRUE(decoded());
  EXPECT_EQ(std::get<GrantAct>(*decoded()), act);
  EXPECT_TRUE(with_labels({{"country", {a}}, {"theme", {a, b}}}));
  EXPECT_EQ(std::get<GrantAct>(*decoded()), act);
  EXPECT_FALSE(with_labels({{"theme", {a}}, {"country", {a}}})) << "names rise";
  EXPECT_FALSE(with_labels({{"theme", {a}}, {"theme", {b}}})) << "and stand once";
  EXPECT_FALSE(with_labels({{"theme", {b, a}}})) << "values rise";
  EXPECT_FALSE(with_labels({{"theme", {}}})) << "a limit without values";
  EXPECT_FALSE(with_labels({{"theme", {Value::null()}}}));
  act.clauses[0].labels.clear();
  act.mandate = "nowhere";
  EXPECT_FALSE(decoded());
  act.mandate.clear();
  act.flags = 8;
  ASSERT_FALSE(decoded());
  EXPECT_EQ(decoded().error().code, Errc::unsupported) << "a condition of a newer version";
}

}  // namespace
}  // namespace wasl::test
