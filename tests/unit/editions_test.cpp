// Publishing by editions: their ids, who may write them, and what two who publish or withdraw at once come
// to.
#include "shared/model/edition.hpp"

#include <gmock/gmock.h>

#include "shared/model/field_value.hpp"
#include "tests/support/hub_world.hpp"
#include "tests/unit/authority_desk.hpp"

namespace wasl::test {
namespace {

using ::testing::HasSubstr;

TEST(EditionId, FollowsFromWhereItComesFromAndGoes) {
  const NetworkId network{};
  const std::string id = edition_id(network, "association/benin", "p-1", "public");
  EXPECT_TRUE(is_edition_id(id)) << id;
  EXPECT_EQ(id, edition_id(network, "association/benin", "p-1", "public"));
  EXPECT_NE(id, edition_id(network, "association/benin", "p-1", "network"));
  EXPECT_NE(id, edition_id(network, "association/togo", "p-1", "public"));
  EXPECT_NE(id, edition_id(network, "association/benin", "p-2", "public"));
  NetworkId other;
  other.bytes[0] = 1;
  EXPECT_NE(id, edition_id(other, "association/benin", "p-1", "public"));
}

TEST(EditionId, IsOfVersionEight) {
  EXPECT_TRUE(is_edition_id("00000000-0000-8000-8000-000000000000"));
  EXPECT_TRUE(is_edition_id("ffffffff-ffff-8fff-bfff-ffffffffffff"));
  for (const char* other : {"00000000-0000-7000-8000-000000000000", "00000000-0000-8000-c000-000000000000",
                            "00000000-0000-8000-8000-00000000000", "00000000x0000-8000-8000-000000000000",
                            "FFFFFFFF-FFFF-8FFF-BFFF-FFFFFFFFFFFF", "p-1", ""}) {
    EXPECT_FALSE(is_edition_id(other)) << other;
  }
}

TEST(EditionId, LeadsOutward) {
  EXPECT_LT(outwardness("association/benin"), outwardness("section/africa"));
  EXPECT_LT(outwardness("section/africa"), outwardness("network"));
  EXPECT_LT(outwardness("network"), outwardness("public"));
  EXPECT_EQ(outwardness("authority"), 0U);
}

TEST(EditionId, NoPersonsDataIsPublished) {
  const Schema& schema = built_in_schema();
  const Register& project = *schema.find("project");
  EXPECT_TRUE(may_be_published(*project.field("title"), schema));
  EXPECT_TRUE(may_be_published(*project.field("organisation"), schema));
  EXPECT_FALSE(may_be_published(*project.field("manager"), schema)) << "points to a person";
  EXPECT_FALSE(may_be_published(*project.field("published"), schema)) << "a mark is nobody's to choose";
  EXPECT_FALSE(may_be_published(*schema.find("person")->field("name"), schema));
  EXPECT_EQ(published_field(*schema.find("person")), nullptr) << "persons have no editions";
}

/// Section 6.5, rule 3.1: one test a way in.
class EditionRights : public AuthorityDesk {
 protected:
  static constexpr Rights kPublisher = kRead | kWrite | kPublish;
  Hash granted(GrantKind kind, const crypto::KeyPair& key, Rights rights) {
    return place(registrar, grant_act(kind, key.public_key(), rights));
  }
  static Operation operation(OperationKind kind, const std::string& id, const std::string& field = "") {
    const Register& reg = *built_in_schema().find("project");
    Operation op;
    op.kind = kind;
    op.register_number = reg.number;
    op.id = id;
    if (!field.empty()) op.address.field = reg.field(field)->number;
    return op;
  }
  static Operation reference(const std::string& id) {
    Operation op = operation(OperationKind::write, id, "reference");
    op.value = Value::text("A");
    return op;
  }
  static Operation published(const std::string& id, bool in = true) {
    Operation op = operation(OperationKind::write, id, "published");
    op.address.key = element_key(Value::text(std::string(kPublishedCode)));
    op.value = Value::flag(in);
    return op;
  }
  Reason told(const crypto::KeyPair& key, const Hash& grant, std::vector<Operation> operations) {
    return reason(set_of(key, "section/asia", std::move(operations), grant));
  }

  const std::string edition = edition_id(NetworkId{}, "association/nepal", "p", "section/asia");
  crypto::KeyPair person = key_of(31);
  Hash publisher = granted(GrantKind::person, person, kPublisher);
};

TEST_F(EditionRights, APersonWithTheRightPublishes) {
  EXPECT_EQ(told(person, publisher,
                 {operation(OperationKind::create, edition), reference(edition), published(edition)}),
            Reason::none);
}

TEST_F(EditionRights, WritingAloneIsNotEnough) {
  const Hash writer = granted(GrantKind::person, person, kOfficer);
  EXPECT_EQ(told(person, writer, {operation(OperationKind::create, edition)}), Reason::no_right);
  EXPECT_EQ(told(person, writer, {operation(OperationKind::create, "p"), published("p")}), Reason::no_right)
      << "a mark needs the right anywhere";
  EXPECT_EQ(told(person, writer, {operation(OperationKind::create, "p"), reference("p")}), Reason::none);
}

TEST_F(EditionRights, ADeviceWorksUnattendedAndPublishesNothing) {
  const Hash of_device = granted(GrantKind::device, device, kPublisher);
  EXPECT_EQ(told(device, of_device, {operation(OperationKind::create, edition)}), Reason::no_right);
  EXPECT_EQ(told(device, of_device, {operation(OperationKind::create, "p"), published("p")}),
            Reason::no_right);
}

TEST_F(EditionRights, NobodyElseChangesOrDeletesAnEdition) {
  const Hash of_device = granted(GrantKind::device, device, kPublisher);
  place(set_of(person, "section/asia", {operation(OperationKind::create, edition)}, publisher));
  EXPECT_EQ(told(device, of_device, {reference(edition)}), Reason::no_right);
  EXPECT_EQ(told(device, of_device, {operation(OperationKind::erase, edition)}), Reason::no_right);
  EXPECT_EQ(told(device, of_device, {published(edition, false)}), Reason::no_right);
  EXPECT_EQ(told(person, publisher, {published(edition, false)}), Reason::none);
}

TEST_F(EditionRights, ARegisterWithoutEditionsHasNoneOfThis) {
  Operation create;
  create.register_number = built_in_schema().find("theme")->number;
  create.id = edition;
  EXPECT_EQ(told(device, granted(GrantKind::device, device, kOfficer), {create}), Reason::none);
}

struct Editions : testing::Test {
  HubWorld world;
  std::optional<HubOffice> one, other, reader;

  Editions() {
    world.add_organisation("africa", "section");
    world.add_organisation("benin", "association", "africa");
    world.add_organisation("asia", "section");
    one.emplace(world, world.invite("benin"));
    other.emplace(world, world.invite("benin"));
    reader.emplace(world, world.invite("asia"));
    world.administrator();
    sync({&*one, &*other, &*reader});
    one->sql(
        "INSERT INTO project(id, title, status, planned_start) VALUES('p', 'Water', 'pipeline', "
        "'2027-01-01')");
    sync({&*one, &*other});
  }
  static void sync(std::vector<HubOffice*> offices) {
    for (HubOffice* office : offices) {
      const auto session = office->sync();
      ASSERT_FALSE(session.error) << session.error->message;
    }
  }
  const crypto::KeyPair& key() { return world.administrator(); }
  Hash grant() { return world.hub().authority().grants_of(key().public_key()).front()->name; }
  static PublicationRequest request(std::vector<std::string> fields = {}, std::string outer = "public") {
    return {"project", "p", std::nullopt, std::move(outer), std::move(fields)};
  }
  PublicationDraft publish(HubOffice& office, const PublicationRequest& asked) {
    PublicationDraft draft = must(office.replica().draft_publication(asked));
    if (draft.stops.empty() && !draft.operations.empty())
      must(office.replica().sign_publication(key(), grant(), draft));
    return draft;
  }
  void withdraw(HubOffice& office) {
    must(office.replica().sign_publication(key(), grant(),
                                           must(office.replica().draft_withdrawal(request()))));
  }
  static std::string shown(HubOffice& office) {
    return office.rows(
        "SELECT p.title || ' ' || p.status FROM project p JOIN project_published e ON e.record = p.id AND "
        "e.space = p.space WHERE p.space = 'public'");
  }
  std::size_t left_out(HubOffice& office) {
    const auto aside = must(office.replica().editions_aside(*office.replica().schema().find("project")));
    return aside.withdrawn.size() + aside.held.size();
  }
};

TEST_F(Editions, ARecordIsReadFurtherOutAndStaysWhereItIs) {
  publish(*one, request());
  sync({&*one, &*reader, &*other});
  EXPECT_EQ(shown(*reader), "Water pipeline");
  EXPECT_EQ(reader->rows("SELECT id FROM project"),
            edition_id(world.network(), "association/benin", "p", "public"));
  EXPECT_EQ(other->rows("SELECT count(*) FROM project"), "2");
  EXPECT_EQ(left_out(*other), 1U) << "whoever holds the source lists that alone";
  EXPECT_EQ(left_out(*reader), 0U);
  EXPECT_EQ(reader->rows("SELECT count(*) FROM project_edition_of"), "1")
      << "the source's change set by name";
  for (HubOffice* office : {&*one, &*other, &*reader}) EXPECT_TRUE(must(office->replica().verify()).ok);
}

TEST_F(Editions, OnlyTheChosenFieldsGo) {
  const auto draft = publish(*one, request({"title", "status"}));
  EXPECT_EQ(draft.fields.size(), 2U);
  sync({&*one, &*reader});
  EXPECT_EQ(reader->rows("SELECT count(planned_start) FROM project"), "0");
}

TEST_F(Editions, PublishingAgainSaysWhatChanged) {
  publish(*one, request({"title", "status"}));
  sync({&*one, &*reader});
  EXPECT_TRUE(publish(*one, request()).operations.empty()) << "nothing has changed";
  one->sql("UPDATE project SET title = 'Clean water', planned_start = '2027-02-02' WHERE id = 'p'");
  const auto draft = publish(*one, request());
  EXPECT_EQ(draft.operations.size(), 2U) << "the title, and the change set that made it";
  sync({&*one, &*reader});
  EXPECT_EQ(shown(*reader), "Clean water pipeline");
  EXPECT_EQ(reader->rows("SELECT count(planned_start) FROM project"), "0") << "the fields stay those chosen";
  EXPECT_EQ(must(reader->replica().status()).conflicts, 0U);
}

TEST_F(Editions, TwiceBeforeASyncIsNoConflict) {
  publish(*one, request());
  one->sql("UPDATE project SET title = 'Clean water' WHERE id = 'p'");
  publish(*one, request());
  sync({&*one, &*reader});
  EXPECT_EQ(shown(*reader), "Clean water pipeline");
  EXPECT_EQ(must(reader->replica().status()).conflicts, 0U);
}

TEST_F(Editions, TwoOfficesWriteTheSameEditionAndMerge) {
  publish(*one, request());
  publish(*other, request());
  sync({&*one, &*other, &*reader, &*one});
  EXPECT_EQ(shown(*reader), "Water pipeline");
  EXPECT_EQ(reader->rows("SELECT count(*) FROM project"), "1");
  EXPECT_EQ(must(reader->replica().status()).conflicts, 0U) << "they say the same";
}

TEST_F(Editions, AWithdrawalEndsIt) {
  publish(*one, request());
  sync({&*one, &*other});
  withdraw(*other);
  sync({&*other, &*reader, &*one});
  EXPECT_EQ(shown(*reader), "");
  EXPECT_EQ(left_out(*reader), 1U) << "lists leave it out";
  const auto again = one->replica().draft_withdrawal(request());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::not_found);
}

TEST_F(Editions, AWithdrawalBeatsConcurrentPublishing) {
  publish(*one, request());
  sync({&*one, &*other});
  one->sql("UPDATE project SET title = 'Clean water' WHERE id = 'p'");
  publish(*one, request());  // knows nothing of the withdrawal
  withdraw(*other);
  sync({&*one, &*other, &*reader});
  EXPECT_EQ(shown(*reader), "");
}

TEST_F(Editions, TheFirstPublicationOfAnotherIsBeatenToo) {
  publish(*other, request());
  publish(*one, request());
  sync({&*one});
  withdraw(*one);
  sync({&*other, &*one, &*reader});
  EXPECT_EQ(shown(*reader), "");
}

TEST_F(Editions, ALaterPublicationThatKnowsOfItBringsItBack) {
  publish(*one, request());
  sync({&*one, &*other});
  withdraw(*other);
  sync({&*other, &*one});
  publish(*one, request());
  sync({&*one, &*reader});
  EXPECT_EQ(shown(*reader), "Water pipeline");
}

TEST_F(Editions, DraftsMayBeUnfinishedAndPublicationsNot) {
  one->sql("UPDATE project SET status = NULL, planned_end = '2026-01-01' WHERE id = 'p'");
  const auto draft = publish(*one, request());
  ASSERT_EQ(draft.stops.size(), 2U);
  EXPECT_EQ(draft.stops[0].kind, Stop::missing);
  EXPECT_EQ(draft.stops[0].field->name, "status");
  EXPECT_EQ(draft.stops[1].kind, Stop::rule);
  EXPECT_TRUE(draft.operations.empty());
  one->sql("UPDATE project SET status = 'pipeline', planned_end = NULL WHERE id = 'p'");
  EXPECT_TRUE(publish(*one, request()).stops.empty());
  EXPECT_EQ(must(one->replica().draft_publication(request({"status"}))).stops.size(), 1U)
      << "a required field is not left out";
}

TEST_F(Editions, NoPersonAppears) {
  one->sql("INSERT INTO person(id, name) VALUES('m', 'Amina Confidential')");
  one->sql("UPDATE project SET manager = 'm' WHERE id = 'p'");
  const auto draft = publish(*one, request());
  ASSERT_EQ(draft.left_out.size(), 1U);
  EXPECT_EQ(draft.left_out[0].why, LeftOut::personal);
  sync({&*one, &*reader});
  EXPECT_EQ(reader->rows("SELECT count(manager) FROM project"), "0");
  EXPECT_EQ(reader->rows("SELECT count(*) FROM person"), "0");
}

TEST_F(Editions, AReferenceLeadsToTheEditionOfWhatItPointsTo) {
  one->sql("INSERT INTO organisation(id, name, kind) VALUES('o', 'Benin', 'association')");
  one->sql(
      "INSERT INTO need(id, title, status, kind, organisation) VALUES('n', 'Wells', 'open', 'finance', 'o')");
  one->sql("INSERT INTO project_need(record, value) VALUES('p', 'n')");
  auto draft = publish(*one, request());
  ASSERT_EQ(draft.left_out.size(), 1U);
  EXPECT_EQ(draft.left_out[0].why, LeftOut::reference) << "no reader there could know it";
  PublicationRequest need{"need", "n", std::nullopt, "public", {}};
  const auto of_need = must(one->replica().draft_publication(need));
  ASSERT_TRUE(of_need.stops.empty());
  must(one->replica().sign_publication(key(), grant(), of_need));
  draft = publish(*one, request({"title", "status", "need"}));
  EXPECT_TRUE(draft.left_out.empty());
  one->sql(
      "INSERT INTO need(id, title, status, kind, organisation) "
      "VALUES('m', 'Pumps', 'open', 'finance', 'unknown')");
  const auto unknown = must(one->replica().draft_publication({"need", "m", std::nullopt, "public", {}}));
  ASSERT_EQ(unknown.stops.size(), 1U) << "a required field that cannot go along";
  EXPECT_EQ(unknown.stops[0].field->name, "organisation");
  sync({&*one, &*reader});
  EXPECT_EQ(reader->rows("SELECT n.title FROM project_need l JOIN need n ON n.id = l.value"), "Wells");
}

TEST_F(Editions, OutwardOnlyAndWhereTheOfficeReads) {
  const auto code = [&](const PublicationRequest& asked) {
    const auto draft = one->replica().draft_publication(asked);
    return draft ? Errc{-1} : draft.error().code;
  };
  EXPECT_EQ(code(request({}, "association/benin")), Errc::invalid_value);
  EXPECT_EQ(code(request({}, "section/asia")), Errc::invalid_value);
  EXPECT_EQ(code(request({}, "nowhere")), Errc::invalid_value);
  EXPECT_EQ(code(request({"no_such"})), Errc::not_found);
  EXPECT_EQ(code({"person", "p", std::nullopt, "public", {}}), Errc::invalid_value);
  EXPECT_EQ(code({"project", "none", std::nullopt, "public", {}}), Errc::not_found);
  EXPECT_EQ(code(request({}, "section/africa")), Errc{-1});
}

TEST_F(Editions, TriggersRefuseProgramsInWords) {
  publish(*one, request());
  sync({&*one});
  const std::string id = one->rows("SELECT id FROM project WHERE space = 'public'");
  const auto refused = [&](const std::string& sql) {
    const Status done = one->replica().write([&](Database& db) { return db.exec(sql); });
    return done ? std::string() : done.error().message;
  };
  EXPECT_THAT(refused("UPDATE project SET title = 'X' WHERE id = '" + id + "'"), HasSubstr("is an edition"));
  EXPECT_THAT(refused("DELETE FROM project WHERE id = '" + id + "'"), HasSubstr("is an edition"));
  EXPECT_THAT(
      refused("INSERT INTO project(id, title) VALUES('" + edition_id({}, "a", "b", "public") + "', 'X')"),
      HasSubstr("is an edition"));
  EXPECT_THAT(refused("INSERT INTO project_published(record, value) VALUES('p', 'yes')"),
              HasSubstr("wasl publish"));
  EXPECT_THAT(refused("INSERT INTO project_sdg(record, value, space) VALUES('" + id + "', '6.1', 'public')"),
              HasSubstr("is an edition"));
  EXPECT_EQ(refused("INSERT INTO project_sdg(record, value) VALUES('p', '6.1')"), "");
  EXPECT_EQ(refused("DELETE FROM project WHERE id = 'p'"), "");
}

TEST_F(Editions, WithoutTheRightNothingIsSigned) {
  const crypto::KeyPair stranger = crypto::KeyPair::generate(world.random());
  must(world.registrar().give(stranger.public_key(), "vice_president", "benin"));
  sync({&*one});
  const Hash held = world.hub().authority().grants_of(stranger.public_key()).front()->name;
  const auto draft = must(one->replica().draft_publication(request({}, "section/africa")));
  const auto signed_ = one->replica().sign_publication(stranger, held, draft);
  ASSERT_FALSE(signed_);
  EXPECT_EQ(signed_.error().code, Errc::unauthorised);
  EXPECT_THAT(signed_.error().message, HasSubstr("publish"));
}

}  // namespace
}  // namespace wasl::test
