// Section 6.5 of the protocol, the rules of all other spaces: one test a rule.
#include "shared/model/field_value.hpp"
#include "tests/unit/authority_desk.hpp"

namespace wasl::test {
namespace {

class Records : public AuthorityDesk {
 protected:
  Records() { grant = place(registrar, grant_act(GrantKind::device, device.public_key())); }

  static Operation operation(OperationKind kind, const std::string& reg, const std::string& id) {
    Operation op;
    op.kind = kind;
    op.register_number = built_in_schema().find(reg)->number;
    op.id = id;
    return op;
  }
  static Operation create(const std::string& reg, const std::string& id) {
    return operation(OperationKind::create, reg, id);
  }
  static Operation on(OperationKind kind, const std::string& reg, const std::string& field, Value value,
                      std::vector<Dot> names = {}) {
    Operation op = operation(kind, reg, "r");
    op.address.field = built_in_schema().find(reg)->field(field)->number;
    op.value = std::move(value);
    op.names = std::move(names);
    std::sort(op.names.begin(), op.names.end());
    return op;
  }
  static Operation write(const std::string& field, std::string_view text, std::vector<Dot> names = {}) {
    return on(OperationKind::write, "project", field, Value::text(text), std::move(names));
  }
  ChangeSet of_device(std::vector<Operation> operations) {
    return set_of(device, "section/asia", std::move(operations), grant);
  }
  Reason told(std::vector<Operation> operations) { return reason(of_device(std::move(operations))); }
  /// Puts an operation into the log. @return its dot
  Dot placed(Operation op) { return place(of_device({std::move(op)})).dot(0); }
  void give(Rights rights) {
    grant = place(registrar, grant_act(GrantKind::device, device.public_key(), rights));
  }

  Hash grant;
};

TEST_F(Records, ARevokedDeviceIsHeldFromItsRevocationOn) {
  const ChangeSet set = of_device({create("project", "r")});
  const Position before = position;
  place(registrar, RevokeAct{device.public_key(), RevocationReason::lost, 0});
  const Verdict verdict = ask(set);
  EXPECT_EQ(verdict.reason, Reason::revoked);
  EXPECT_EQ(verdict.outcome, Outcome::held);
  position = before;
  EXPECT_EQ(reason(set), Reason::none) << "as of the position before it";
}

TEST_F(Records, APersonWritesUnderAGrantOfTheirs) {
  const crypto::KeyPair person = key_of(9);
  const Hash held = place(registrar, grant_act(GrantKind::person, person.public_key()));
  const Hash invitation = place(registrar, grant_act(GrantKind::invitation, invited.public_key()));
  EXPECT_EQ(reason(set_of(person, "section/asia", {create("project", "r")}, held)), Reason::none);
  EXPECT_EQ(reason(set_of(person, "network", {create("project", "r")}, held)), Reason::no_right);
  EXPECT_EQ(reason(set_of(person, "section/asia", {create("project", "r")}, grant)), Reason::no_grant);
  EXPECT_EQ(reason(set_of(invited, "section/asia", {create("project", "r")}, invitation)), Reason::no_grant);
  ASSERT_NE(authority.person(person.public_key()), nullptr);
  EXPECT_EQ(authority.person(person.public_key())->grants, std::vector<Hash>{held});
}

TEST_F(Records, WorkUnderAGrantThatFellIsHeld) {
  const crypto::KeyPair thief = key_of(9);
  const Hash given = place(thief, grant_act(GrantKind::device, device.public_key()));
  const ChangeSet set = set_of(device, "section/asia", {create("project", "r")}, given);
  EXPECT_EQ(reason(set), Reason::none);
  place(registrar, RevokeAct{thief.public_key(), RevocationReason::compromised, 0});
  const Verdict verdict = ask(set);
  EXPECT_EQ(verdict.reason, Reason::revoked);
  EXPECT_EQ(verdict.outcome, Outcome::held);
}

TEST_F(Records, TheGrantIsTheAuthorsForADeviceAndKnownAtThatPosition) {
  const auto under = [&](const Hash& name) {
    return reason(set_of(device, "section/asia", {create("project", "r")}, name));
  };
  EXPECT_EQ(under(grant), Reason::none);
  EXPECT_EQ(under(Hash{}), Reason::no_grant);
  EXPECT_EQ(under(place(registrar, grant_act(GrantKind::device, invited.public_key()))), Reason::no_grant);
  EXPECT_EQ(under(place(registrar, grant_act(GrantKind::invitation, device.public_key()))), Reason::no_grant);
  const Hash later = place(registrar, grant_act(GrantKind::device, device.public_key()));
  EXPECT_EQ(under(later), Reason::none);
  --position;
  EXPECT_EQ(under(later), Reason::no_grant);
}

TEST_F(Records, AGrantsPeriodIsJudgedByHubTime) {
  GrantAct act = grant_act(GrantKind::device, device.public_key());
  act.from = kNow - 10;
  act.until = kNow + 10;
  grant = place(registrar, act);
  const ChangeSet set = of_device({create("project", "r")});
  EXPECT_EQ(reason(set, kNow - 11), Reason::no_right);
  EXPECT_EQ(reason(set, kNow - 10), Reason::none);
  EXPECT_EQ(reason(set, kNow + 9), Reason::none);
  EXPECT_EQ(reason(set, kNow + 10), Reason::expired);
  EXPECT_EQ(ask(set, kNow + 10).outcome, Outcome::held);
}

TEST_F(Records, EachOperationNeedsTheRightToWriteItsRegisterInItsSpace) {
  EXPECT_EQ(reason(set_of(device, "section/africa", {create("project", "r")}, grant)), Reason::no_right);
  GrantAct act = grant_act(GrantKind::device, device.public_key());
  act.clauses[0].registers = {built_in_schema().find("need")->number};
  grant = place(registrar, act);
  EXPECT_EQ(told({create("need", "n")}), Reason::none);
  EXPECT_EQ(told({create("need", "n"), create("project", "r")}), Reason::no_right);
  give(kRead | kReview);
  EXPECT_EQ(told({create("need", "n")}), Reason::no_right);
}

TEST_F(Records, ActsStandInAuthorityOnly) {
  Operation act = create("project", "r");
  act.kind = OperationKind::act;
  EXPECT_EQ(told({act}), Reason::malformed);
  Operation nowhere = create("project", "r");
  nowhere.register_number = 0;
  EXPECT_EQ(told({nowhere}), Reason::malformed);
}

TEST_F(Records, AnIdBelongsToOneRegister) {
  placed(create("project", "r"));
  EXPECT_EQ(told({create("project", "r")}), Reason::none) << "two creations are one record";
  EXPECT_EQ(told({create("need", "r")}), Reason::malformed);
  EXPECT_EQ(told({create("need", "n"), create("project", "n")}), Reason::malformed);
  records["empty"];  // named by an operation that changed nothing
  EXPECT_EQ(told({create("need", "empty")}), Reason::none);
}

TEST_F(Records, ARecordNeedsItsCreation) {
  EXPECT_EQ(told({write("reference", "A")}), Reason::gone);
  EXPECT_EQ(told({create("project", "r"), write("reference", "A")}), Reason::none);
  EXPECT_EQ(told({create("project", "another"), write("reference", "A")}), Reason::gone);
  placed(write("reference", "A"));
  EXPECT_EQ(told({write("reference", "B")}), Reason::gone) << "a head is no creation";
  placed(create("project", "r"));
  EXPECT_EQ(told({write("reference", "B")}), Reason::none);
}

TEST_F(Records, WhatIsNamedHasAPlace) {
  const Dot created = placed(create("project", "r"));
  const Dot head = placed(write("reference", "A"));
  EXPECT_EQ(told({write("reference", "B", {head})}), Reason::none);
  const Dot superseded = head;
  placed(write("reference", "B", {head}));
  EXPECT_EQ(told({write("reference", "C", {superseded})}), Reason::none) << "its entry is in the log";
  entries.clear();
  EXPECT_EQ(told({write("reference", "C", {superseded})}), Reason::depends);
  EXPECT_EQ(told({write("reference", "C", {superseded, created})}), Reason::depends) << "each of them";
  EXPECT_EQ(told({write("reference", "C", {created})}), Reason::none) << "a head stands by itself";
  Operation gone = operation(OperationKind::erase, "project", "r");
  const Dot deleted = placed(gone);
  entries.clear();
  EXPECT_EQ(told({write("reference", "C", {deleted})}), Reason::none) << "so does a delete";
}

TEST_F(Records, AChangeSetMayNameItsOwnOperations) {
  const std::vector<Operation> plain{create("project", "r"), write("reference", "A")};
  ChangeSet set = of_device(plain);
  const auto naming = [&](const Dot& dot) {
    Header header = set.header;
    auto operations = set.operations;
    operations.push_back(write("reference", "B", {dot}));
    return reason(make_change_set(header, operations));
  };
  EXPECT_EQ(naming(set.dot(1)), Reason::none);
  Dot other_sequence = set.dot(1);
  ++other_sequence.sequence;
  EXPECT_EQ(naming(other_sequence), Reason::depends);
  Dot other_source = set.dot(1);
  other_source.source.chain.bytes.fill(99);
  EXPECT_EQ(naming(other_source), Reason::depends);
}

TEST_F(Records, APlainWriteNamesHeadsOfOneValue) {
  placed(create("project", "r"));
  const Dot one = placed(write("reference", "A")), two = placed(write("reference", "A")),
            other = placed(write("reference", "B"));
  EXPECT_EQ(told({write("reference", "C", {one, two})}), Reason::none);
  EXPECT_EQ(told({write("reference", "C", {one, other})}), Reason::lineage);
  EXPECT_EQ(told({write("reference", "C", {one, two, other})}), Reason::lineage);
  EXPECT_EQ(told({on(OperationKind::resolve, "project", "reference", Value::text("C"), {one, other})}),
            Reason::none);
}

TEST_F(Records, AConflictUnderReviewEndsByItsReview) {
  placed(create("project", "r"));
  const Dot one = placed(write("status", "pipeline")), other = placed(write("status", "closed"));
  const auto resolve = [&] {
    return told({on(OperationKind::resolve, "project", "status", Value::text("closed"), {one, other})});
  };
  EXPECT_EQ(told({write("status", "suspended", {one})}), Reason::none);
  EXPECT_EQ(told({write("status", "closed", {one})}), Reason::lineage) << "a head that it leaves";
  EXPECT_EQ(told({write("status", "closed", {other})}), Reason::none) << "the head that it names";
  EXPECT_EQ(told({write("status", "closed")}), Reason::none) << "ends nothing";
  EXPECT_EQ(told({write("reference", "closed", {one})}), Reason::none) << "no head there";
  EXPECT_EQ(resolve(), Reason::no_right);
  give(kOfficer | kReview);
  EXPECT_EQ(resolve(), Reason::none);
}

TEST_F(Records, SetsHaveElementsAndFieldsHaveValues) {
  placed(create("project", "r"));
  const auto set = [&](OperationKind kind, const std::string& field) {
    Operation op = on(kind, "project", field, Value::null());
    op.address.key = element_key(Value::reference("network", "climate"));
    return told({std::move(op)});
  };
  EXPECT_EQ(set(OperationKind::add, "theme"), Reason::none);
  EXPECT_EQ(set(OperationKind::remove, "theme"), Reason::none);
  EXPECT_EQ(set(OperationKind::write, "theme"), Reason::malformed);
  EXPECT_EQ(set(OperationKind::add, "reference"), Reason::malformed);
  EXPECT_EQ(set(OperationKind::remove, "reference"), Reason::malformed);
}

TEST_F(Records, AValueIsOfItsFieldsType) {
  placed(create("project", "r"));
  const auto told_of = [&](const std::string& field, const Value& value, std::string_view key = {}) {
    Operation op = on(OperationKind::write, "project", field, value);
    op.address.key = to_bytes(key);
    return told({std::move(op)});
  };
  EXPECT_EQ(told_of("reference", Value::text("P-1")), Reason::none);
  EXPECT_EQ(told_of("reference", Value::null()), Reason::none);
  EXPECT_EQ(told_of("reference", Value::integer(1)), Reason::malformed);
  EXPECT_EQ(told_of("reference", Value::text("P-1"), "fr"), Reason::malformed) << "a language where none is";
  EXPECT_EQ(told_of("title", Value::text("Eau"), "fr"), Reason::none);
  EXPECT_EQ(told_of("title", Value::text("Eau")), Reason::malformed) << "no language";
  EXPECT_EQ(told_of("planned_start", Value::text("2024-02-29")), Reason::none);
  EXPECT_EQ(told_of("planned_start", Value::text("2023-02-29")), Reason::malformed);
  EXPECT_EQ(told_of("reference", {static_cast<ValueType>(40), {1, 2}}), Reason::none) << "of a later version";
  Operation element = on(OperationKind::add, "project", "theme", Value::null());
  EXPECT_EQ(told({element}), Reason::malformed) << "no element";
  element.address.key = element_key(Value::text("climate"));
  EXPECT_EQ(told({element}), Reason::malformed) << "a reference names its space";
}

TEST_F(Records, RangesAndCodesAreThoseOfTheDescriptionItWasWrittenUnder) {
  placed(create("project", "r"));
  const auto under = [&](const Hash& schema, const std::string& field, const Value& value) {
    ChangeSet set = of_device({on(OperationKind::write, "project", field, value)});
    Header header = set.header;
    header.schema = schema;
    return reason(make_change_set(header, set.operations));
  };
  const Hash& in_force = built_in_schema().hash();
  EXPECT_EQ(under(in_force, "status", Value::text("closed")), Reason::none);
  EXPECT_EQ(under(in_force, "status", Value::text("dreamt")), Reason::malformed);
  EXPECT_EQ(under(Hash{}, "status", Value::text("dreamt")), Reason::none)
      << "a newer description may have it";
  EXPECT_EQ(under(in_force, "reference", Value::text(std::string(16'000, 'x'))), Reason::malformed);
}

TEST_F(Records, PersonalValuesStandAsCommitmentsAndNoOthersDo) {
  placed(create("person", "r"));
  const auto told_of = [&](const std::string& field, const Value& value) {
    return told({on(OperationKind::write, "person", field, value)});
  };
  const Value commitment = Value::commitment(Hash{});
  EXPECT_EQ(told_of("name", commitment), Reason::none);
  EXPECT_EQ(told_of("name", Value::null()), Reason::none);
  EXPECT_EQ(told_of("name", Value::text("Awa")), Reason::malformed);
  records.clear();
  placed(create("project", "r"));
  EXPECT_EQ(told({on(OperationKind::write, "project", "reference", commitment)}), Reason::malformed);
}

TEST_F(Records, ALedgersEntryIsWrittenOnce) {
  const Operation entry = create("ledger_entry", "r");
  const Operation kind = on(OperationKind::write, "ledger_entry", "kind", Value::text("payment"));
  EXPECT_EQ(told({entry, kind}), Reason::none);
  EXPECT_EQ(told({create("ledger_entry", "other"), kind}), Reason::ledger) << "of another entry";
  placed(entry);
  EXPECT_EQ(told({kind}), Reason::ledger);
  EXPECT_EQ(told({entry}), Reason::ledger);
  EXPECT_EQ(told({operation(OperationKind::erase, "ledger_entry", "r")}), Reason::ledger);
  EXPECT_EQ(told({on(OperationKind::resolve, "ledger_entry", "kind", Value::text("payment"))}),
            Reason::ledger);
}

TEST_F(Records, WhatANewerDescriptionBringsIsCarried) {
  Operation unknown = create("project", "u");
  unknown.register_number = 900;
  EXPECT_EQ(told({unknown}), Reason::none);
  placed(create("project", "r"));
  Operation field = write("reference", "A");
  field.address.field = 900;
  EXPECT_EQ(told({field}), Reason::none);
}

TEST_F(Records, AVerdictSaysWhereInWords) {
  EXPECT_EQ(ask(of_device({write("reference", "A")})).detail, "project r reference");
  Operation unknown = write("reference", "A");
  unknown.register_number = 900;
  EXPECT_EQ(ask(of_device({unknown})).detail, "register 900 r");
  Operation field = write("reference", "A");
  field.address.field = 900;
  EXPECT_EQ(ask(of_device({field})).detail, "project r");
}

}  // namespace
}  // namespace wasl::test
