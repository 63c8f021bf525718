// Rights limited by labels, fields that a mandate decides, and lists in which removal wins (section 6.5).
#include "shared/authority/labels.hpp"
#include "shared/model/field_value.hpp"
#include "tests/unit/authority_desk.hpp"

namespace wasl::test {
namespace {

const Value kClimate = Value::reference("network", "climate"), kWater = Value::reference("network", "water");
const Value kMali = Value::reference("network", "ML"), kNiger = Value::reference("network", "NE");

class Labels : public AuthorityDesk {
 protected:
  static Operation operation(OperationKind kind, const std::string& reg, const std::string& field = "",
                             const Value& value = Value::null(), std::vector<Dot> names = {}) {
    Operation op;
    op.kind = kind;
    op.register_number = built_in_schema().find(reg)->number;
    op.id = "r";
    if (!field.empty()) op.address.field = built_in_schema().find(reg)->field(field)->number;
    op.value = value;
    op.names = std::move(names);
    return op;
  }
  static Operation create() { return operation(OperationKind::create, "project"); }
  static Operation theme(OperationKind kind, const Value& element, std::vector<Dot> names = {}) {
    Operation op = operation(kind, "project", "theme", Value::null(), std::move(names));
    op.address.key = element_key(element);
    return op;
  }
  static Operation reference(std::string_view text) {
    return operation(OperationKind::write, "project", "reference", Value::text(text));
  }
  Hash limited(std::vector<LabelLimit> labels, Rights rights = kOfficer) {
    for (LabelLimit& limit : labels) std::sort(limit.values.begin(), limit.values.end());
    GrantAct act = grant_act(GrantKind::device, device.public_key(), rights);
    act.clauses[0].labels = std::move(labels);
    return place(registrar, act);
  }
  Reason told(const Hash& grant, std::vector<Operation> operations) {
    return reason(set_of(device, "section/asia", std::move(operations), grant));
  }
  Dot placed(Operation op) { return place(set_of(device, "section/asia", {std::move(op)})).dot(0); }

  Hash climate = limited({{"theme", {kClimate}}});
};

TEST_F(Labels, ANewRecordCarriesItsLabelsFromTheStart) {
  EXPECT_EQ(told(climate, {create(), theme(OperationKind::add, kClimate)}), Reason::none);
  EXPECT_EQ(told(climate, {create()}), Reason::no_right);
  EXPECT_EQ(told(climate, {create(), theme(OperationKind::add, kWater)}), Reason::no_right);
  EXPECT_EQ(told(climate, {create(), theme(OperationKind::add, kWater), theme(OperationKind::add, kClimate)}),
            Reason::none)
      << "one element in the list is enough";
}

TEST_F(Labels, ARecordIsChangedBySomebodyWhoReachesIt) {
  placed(create());
  EXPECT_EQ(told(climate, {reference("A")}), Reason::no_right);
  placed(theme(OperationKind::add, kClimate));
  EXPECT_EQ(told(climate, {reference("A")}), Reason::none);
}

TEST_F(Labels, MovingARecordIntoOrOutOfReachNeedsTheRightOverOldAndNew) {
  placed(create());
  EXPECT_EQ(told(climate, {theme(OperationKind::add, kClimate)}), Reason::no_right) << "into reach";
  const Dot added = placed(theme(OperationKind::add, kClimate));
  EXPECT_EQ(told(climate, {theme(OperationKind::remove, kClimate, {added})}), Reason::no_right)
      << "out of it";
  const Hash both = limited({{"theme", {kClimate, kWater}}});
  EXPECT_EQ(told(both, {theme(OperationKind::remove, kClimate, {added}), theme(OperationKind::add, kWater)}),
            Reason::none);
}

TEST_F(Labels, OldAndNewMayBeReachedByTwoClauses) {
  GrantAct act = grant_act(GrantKind::device, device.public_key());
  act.clauses = {{kOfficer, {"section/asia"}, {}, {{"theme", {kClimate}}}},
                 {kOfficer, {"section/asia"}, {}, {{"theme", {kWater}}}}};
  const Hash two = place(registrar, act);
  placed(create());
  const Dot added = placed(theme(OperationKind::add, kClimate));
  EXPECT_EQ(told(two, {theme(OperationKind::remove, kClimate, {added}), theme(OperationKind::add, kWater)}),
            Reason::none);
}

TEST_F(Labels, AllHeadsOfAFieldCount) {
  const Hash mali = limited({{"country", {kMali}}});
  const auto country = [](const Value& value, std::vector<Dot> names = {}) {
    return operation(OperationKind::write, "organisation", "country", value, std::move(names));
  };
  const Operation name = operation(OperationKind::write, "organisation", "acronym", Value::text("A"));
  placed(operation(OperationKind::create, "organisation"));
  EXPECT_EQ(told(mali, {name}), Reason::no_right) << "no head";
  const Dot first = placed(country(kMali));
  EXPECT_EQ(told(mali, {name}), Reason::none);
  placed(country(kNiger));
  EXPECT_EQ(told(mali, {name}), Reason::no_right) << "a conflict about it";
  const Hash both = limited({{"country", {kMali, kNiger}}});
  EXPECT_EQ(told(both, {name}), Reason::none);
  EXPECT_EQ(told(both, {country(Value::null(), {first})}), Reason::no_right) << "cleared";
}

TEST_F(Labels, EveryLabelNamedMustHold) {
  const Hash narrow = limited({{"country", {kMali}}, {"theme", {kClimate}}});
  placed(operation(OperationKind::create, "organisation"));
  const Operation name = operation(OperationKind::write, "organisation", "acronym", Value::text("A"));
  placed(operation(OperationKind::write, "organisation", "country", kMali));
  EXPECT_EQ(told(narrow, {name}), Reason::no_right);
  Operation element = operation(OperationKind::add, "organisation", "theme");
  element.address.key = element_key(kClimate);
  placed(element);
  EXPECT_EQ(told(narrow, {name}), Reason::none);
}

TEST_F(Labels, ARegisterWithoutTheLabelIsOutOfReach) {
  EXPECT_EQ(told(climate, {operation(OperationKind::create, "area")}), Reason::no_right);
  EXPECT_EQ(told(limited({{"reference", {Value::text("A")}}}), {create(), reference("A")}), Reason::no_right)
      << "a field that is no label";
}

TEST_F(Labels, ARecordThatNobodyCreatedIsHeldForThat) {
  EXPECT_EQ(told(climate, {reference("A")}), Reason::gone);
}

TEST_F(Labels, ResolvingUnderReviewNeedsTheRightOverTheRecord) {
  placed(create());
  const Dot added = placed(theme(OperationKind::add, kWater));
  GrantAct act = grant_act(GrantKind::device, device.public_key());
  act.clauses.push_back({kReview, {"section/asia"}, {}, {{"theme", {kClimate}}}});
  const Hash grant = place(registrar, act);
  const Operation resolve = operation(OperationKind::resolve, "project", "status", Value::text("closed"));
  EXPECT_EQ(told(grant, {resolve}), Reason::no_right);
  placed(theme(OperationKind::add, kClimate, {}));
  EXPECT_EQ(told(grant, {resolve}), Reason::none);
  static_cast<void>(added);
}

TEST_F(Labels, WhoKnowsNoDescriptionsAccusesNobody) {
  placed(create());
  const ChangeSet set = set_of(device, "section/asia", {reference("A")}, climate);
  const auto record = [this](std::string_view id) {
    const auto it = records.find(std::string(id));
    return it == records.end() ? nullptr : &it->second;
  };
  const auto in_log = [](const Source&, Sequence) { return true; };
  const auto no_roots = [](std::string_view, Position) { return std::optional<Hash>(); };
  EXPECT_EQ(authorise(set, authority, position, Schema(), kNow, {record, in_log, no_roots}).reason,
            Reason::none);
}

// ── Fields of policy `authority` ──

class Mandates : public Labels {
 protected:
  Hash of_level(Level level, Rights rights = kOfficer) {
    GrantAct act = grant_act(GrantKind::device, device.public_key(), rights);
    act.level = level;
    return place(registrar, act);
  }
  static Operation status(OperationKind kind, std::string_view value, std::vector<Dot> names = {}) {
    return operation(kind, "mandate", "status", Value::text(value), std::move(names));
  }
  /// Puts it into the log under a mandate. @return its dot
  Dot written(Level level, Operation op) {
    const ChangeSet set = set_of(device, "section/asia", {std::move(op)});
    records["r"].apply(set.operations[0], {set.dot(0), set.header.stamp, kNow, level});
    entries.insert({set.header.source, set.header.sequence});
    return set.dot(0);
  }

  Dot created = written(1, operation(OperationKind::create, "mandate"));
};

TEST_F(Mandates, NobodyTakesADecisionOfAHigherMandateOff) {
  const Dot decided = written(2, status(OperationKind::write, "in_office"));
  const auto supersedes = [&](Level level, OperationKind kind) {
    return told(of_level(level), {status(kind, "ended", {decided})});
  };
  EXPECT_EQ(supersedes(1, OperationKind::write), Reason::none);
  EXPECT_EQ(supersedes(2, OperationKind::write), Reason::none);
  EXPECT_EQ(supersedes(3, OperationKind::write), Reason::lineage);
  EXPECT_EQ(supersedes(0, OperationKind::write), Reason::lineage) << "no mandate at all";
  EXPECT_EQ(supersedes(2, OperationKind::resolve), Reason::none);
  EXPECT_EQ(supersedes(3, OperationKind::resolve), Reason::no_right);
}

TEST_F(Mandates, WithoutNamesItIsAProposalThatTheHolderTakes) {
  const Dot decided = written(2, status(OperationKind::write, "in_office"));
  EXPECT_EQ(told(of_level(3), {status(OperationKind::write, "ended")}), Reason::none);
  const Dot proposed = written(3, status(OperationKind::write, "ended"));
  const Address address{built_in_schema().find("mandate")->field("status")->number, {}};
  const RecordState& state = records.at("r");
  EXPECT_EQ(state.shown(address, Policy::authority)->value, Value::text("in_office"));
  EXPECT_FALSE(state.is_conflict(address, Policy::authority));
  ASSERT_EQ(state.proposals(address).size(), 1U);
  EXPECT_EQ(state.proposals(address)[0]->dot, proposed);
  std::vector<Dot> both{decided, proposed};
  std::sort(both.begin(), both.end());
  EXPECT_EQ(told(of_level(2), {status(OperationKind::resolve, "ended", both)}), Reason::none);
  written(2, status(OperationKind::resolve, "ended", both));
  EXPECT_TRUE(state.proposals(address).empty());
  EXPECT_EQ(state.shown(address, Policy::authority)->value, Value::text("ended"));
}

TEST_F(Mandates, ALaterWriteOfALowerMandateIsNotShown) {
  const Address address{built_in_schema().find("mandate")->field("status")->number, {}};
  written(0, status(OperationKind::write, "elected"));
  const RecordState& state = records.at("r");
  EXPECT_EQ(state.shown(address, Policy::authority)->value, Value::text("elected")) << "nobody stands above";
  written(3, status(OperationKind::write, "in_office"));
  written(0, status(OperationKind::write, "ended"));
  EXPECT_EQ(state.shown(address, Policy::authority)->value, Value::text("in_office"));
  EXPECT_EQ(state.proposals(address).size(), 2U);
  written(3, status(OperationKind::write, "ended"));
  EXPECT_TRUE(state.is_conflict(address, Policy::authority)) << "two of one level";
}

TEST_F(Mandates, AProposalFollowsItsAuthorsEarlierOne) {
  const Address address{built_in_schema().find("mandate")->field("status")->number, {}};
  const Dot decided = written(2, status(OperationKind::write, "in_office"));
  const Dot proposed = written(3, status(OperationKind::write, "ended"));
  const RecordState& state = records.at("r");
  EXPECT_EQ(state.authority_lineage(address, device.public_key(), 3), std::vector<Dot>{proposed});
  EXPECT_EQ(state.authority_lineage(address, invited.public_key(), 3), std::vector<Dot>{});
  EXPECT_EQ(state.authority_lineage(address, invited.public_key(), 2), std::vector<Dot>{decided});
  EXPECT_EQ(state.authority_lineage(address, invited.public_key(), 1), std::vector<Dot>{decided});
}

// ── Lists in which removal wins ──

class Removal : public Labels {
 protected:
  static Operation country(bool in, std::vector<Dot> names = {}) {
    Operation op =
        operation(OperationKind::write, "delegation", "country", Value::flag(in), std::move(names));
    op.address.key = element_key(kMali);
    return op;
  }
  static bool stands(const RecordState& state) {
    return state.has_element(
        {built_in_schema().find("delegation")->field("country")->number, element_key(kMali)},
        Policy::set_removal);
  }
  Hash grant = place(registrar, grant_act(GrantKind::device, device.public_key()));
  Dot created = placed(operation(OperationKind::create, "delegation"));
};

TEST_F(Removal, BeatsTheAdditionsThatItsAuthorDidNotKnow) {
  const Dot added = placed(country(true));
  const RecordState& state = records.at("r");
  EXPECT_TRUE(stands(state));
  const Dot removed = placed(country(false, {added}));
  placed(country(true));  // by somebody who knew of neither
  EXPECT_FALSE(stands(state));
  EXPECT_EQ(told(grant, {country(true, {removed})}), Reason::none);
  placed(country(true, {removed}));
  EXPECT_TRUE(stands(state)) << "an addition that names the removal";
}

TEST_F(Removal, ElementsAreWrittenAsInOrOut) {
  EXPECT_EQ(told(grant, {country(true)}), Reason::none);
  EXPECT_EQ(told(grant, {country(false)}), Reason::none);
  Operation op = country(true);
  op.value = Value::text("yes");
  EXPECT_EQ(told(grant, {op}), Reason::malformed);
  op = country(true);
  op.value = Value::null();
  EXPECT_EQ(told(grant, {op}), Reason::malformed);
  op.kind = OperationKind::add;
  EXPECT_EQ(told(grant, {op}), Reason::malformed);
  op.kind = OperationKind::remove;
  EXPECT_EQ(told(grant, {op}), Reason::malformed);
  op = country(true);
  op.address.key.clear();
  EXPECT_EQ(told(grant, {op}), Reason::malformed);
  op = country(true);
  op.kind = OperationKind::resolve;
  EXPECT_EQ(told(grant, {op}), Reason::malformed) << "there is nothing to resolve";
}

}  // namespace
}  // namespace wasl::test
