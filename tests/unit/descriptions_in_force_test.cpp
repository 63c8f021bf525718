// Register descriptions are signed entries: all judge by those in force at the entry, whatever lies on a
// machine, and every office's tables follow them.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "schema/embedded.hpp"
#include "tests/support/hub_world.hpp"

namespace wasl::test {
namespace {

using Json = nlohmann::ordered_json;

const std::string& embedded(const std::string& name) {
  static const auto files = embedded_descriptions();
  return files.at(name + ".json");
}

Json labels() { return {{"ar", "جديد"}, {"en", "New"}, {"fr", "Nouveau"}, {"es", "Nuevo"}, {"pt", "Novo"}}; }

/// The description with one more field at its end.
std::string with_field(const std::string& text, const std::string& name, Json more = Json::object()) {
  Json description = Json::parse(text);
  Json& fields = description["fields"];
  Json field{{"number", fields.back()["number"].get<int>() + 1},
             {"name", name},
             {"type", "text"},
             {"policy", "latest"},
             {"labels", labels()}};
  field.update(more);
  fields.push_back(std::move(field));
  return description.dump();
}

std::string changed(const std::string& text, const std::function<void(Json&)>& change) {
  Json description = Json::parse(text);
  change(description);
  return description.dump();
}

struct DescriptionsInForce : testing::Test {
  HubWorld world;
  const std::string need = embedded("need");

  DescriptionsInForce() { world.add_organisation("benin", "association"); }
  Errc publish(const std::string& text) {
    const auto done = world.registrar().publish({{"file.json", text}});
    return done ? kTaken : done.error().code;
  }
  const Schema* in_force() { return world.hub().authority().schema(); }
  Reason pushed(const crypto::KeyPair& key, const Hash& grant, const std::string& json) {
    Pen pen(world, key, std::string(kAuthoritySpace), grant);
    Operation op;
    op.kind = OperationKind::act;
    op.id = to_hex(world.random().fixed<GroupId>().view());
    op.value = encode_act(DescriptionAct{json});
    return world.push(pen.run({pen.write({op})})).at(0).verdict.reason;
  }
  static void sync(HubOffice& office) {
    for (int i = 0; i < 2; ++i) {
      const auto session = office.sync();
      ASSERT_FALSE(session.error) << session.error->message;
    }
    EXPECT_TRUE(must(office.replica().verify()).ok);
  }
  static constexpr Errc kTaken{-1};
};

TEST_F(DescriptionsInForce, NoneIsPublishedAtFirst) { EXPECT_EQ(in_force(), nullptr); }

TEST_F(DescriptionsInForce, AllOfThisProgramGiveItsSchemaHash) {
  must(world.registrar().publish(embedded_descriptions()));
  ASSERT_NE(in_force(), nullptr);
  EXPECT_EQ(in_force()->hash(), built_in_schema().hash());
  world.reopen();
  EXPECT_EQ(in_force()->hash(), built_in_schema().hash()) << "replayed from the log";
  EXPECT_TRUE(must(world.registrar().publish(embedded_descriptions())).empty()) << "in force already";
}

TEST_F(DescriptionsInForce, TheFirstComeWhole) {
  ASSERT_EQ(publish(with_field(need, "extra")), kTaken);
  EXPECT_EQ(in_force()->registers().size(), built_in_schema().registers().size());
  EXPECT_NE(in_force()->find("need")->field("extra"), nullptr);
}

TEST_F(DescriptionsInForce, AreAskedAsOfAPosition) {
  const Position before = must(world.hub().size(std::string(kAuthoritySpace)));
  ASSERT_EQ(publish(with_field(need, "extra")), kTaken);
  const AuthorityState& authority = world.hub().authority();
  EXPECT_EQ(authority.schema(before), nullptr);
  ASSERT_NE(authority.schema(before + 1), nullptr) << "all of them are one change set";
  ASSERT_EQ(publish(with_field(with_field(need, "extra"), "more")), kTaken);
  EXPECT_EQ(authority.schema(before + 1)->find("need")->field("more"), nullptr);
  EXPECT_NE(authority.schema(before + 2)->find("need")->field("more"), nullptr);
}

TEST_F(DescriptionsInForce, AddFieldsCodesRegistersAndRetire) {
  ASSERT_EQ(publish(with_field(need, "extra")), kTaken);
  EXPECT_EQ(
      publish(changed(with_field(need, "extra"), [](Json& d) { d["fields"].back()["retired"] = true; })),
      kTaken);
  EXPECT_TRUE(in_force()->find("need")->field("extra")->retired);
  EXPECT_EQ(publish(changed(embedded("theme"),
                            [](Json& d) {
                              d["number"] = 200;
                              d["name"] = "practice";
                            })),
            kTaken);
  EXPECT_NE(in_force()->find(200U), nullptr);
  EXPECT_EQ(publish(changed(embedded("project"),
                            [](Json& d) {
                              d["fields"][3]["codes"].push_back({{"code", "idea"}, {"labels", labels()}});
                            })),
            kTaken);
}

TEST_F(DescriptionsInForce, OnlyAdd) {
  must(world.registrar().publish(embedded_descriptions()));
  const Hash before = in_force()->hash();
  const auto refused = [&](const std::function<void(Json&)>& change) {
    return publish(changed(embedded("project"), change));
  };
  EXPECT_EQ(refused([](Json& d) { d["fields"][0]["name"] = "renamed"; }), Errc::invalid_value);
  EXPECT_EQ(refused([](Json& d) { d["fields"][0]["policy"] = "review"; }), Errc::invalid_value);
  EXPECT_EQ(refused([](Json& d) { d["fields"][9]["type"] = "time"; }), Errc::invalid_value);
  EXPECT_EQ(refused([](Json& d) { d["fields"][0]["number"] = 99; }), Errc::invalid_value);
  EXPECT_EQ(refused([](Json& d) { d["fields"][0]["personal"] = true; }), Errc::invalid_value);
  EXPECT_EQ(refused([](Json& d) { d["fields"][4].erase("label"); }), Errc::invalid_value);
  EXPECT_EQ(refused([](Json& d) { d["fields"][0]["most_bytes"] = 64; }), Errc::invalid_value);
  EXPECT_EQ(refused([](Json& d) { d["fields"][3]["codes"].erase(0); }), Errc::invalid_value);
  EXPECT_EQ(refused([](Json& d) { d["fields"].erase(0); }), Errc::invalid_value);
  EXPECT_EQ(refused([](Json& d) { d["name"] = "works"; }), Errc::invalid_value);
  EXPECT_EQ(refused([](Json& d) { d["number"] = 201; }), Errc::invalid_value) << "the table is another's";
  EXPECT_EQ(refused([](Json& d) { d["default_space"] = "public"; }), Errc::invalid_value);
  EXPECT_EQ(publish("{}"), Errc::invalid_value);
  EXPECT_EQ(publish("no JSON"), Errc::invalid_value);
  EXPECT_EQ(in_force()->hash(), before);
  EXPECT_EQ(refused([](Json& d) { d["labels"]["en"] = "Projects of all"; }), kTaken) << "words may change";
  EXPECT_EQ(in_force()->hash(), before) << "and decide nothing";
  EXPECT_EQ(in_force()->find("project")->labels.en, "Projects of all");
}

TEST_F(DescriptionsInForce, ANewFieldStandsBehindThoseThatWereThere) {
  const std::string gap = changed(need, [](Json& d) {
    d["number"] = 200;
    d["name"] = "gap";
    d["fields"] = {d["fields"][0], d["fields"][1]};
    d["caption"] = d["fields"][0]["name"];
    d.erase("rules");
    d["fields"][1]["number"] = 9;
  });
  ASSERT_EQ(publish(gap), kTaken);
  const auto with_number = [&](int number) {
    return changed(gap, [&](Json& d) {
      Json field = d["fields"][0];
      field["number"] = number;
      field["name"] = "inner_one";
      d["fields"].push_back(field);
    });
  };
  EXPECT_EQ(publish(with_number(5)), Errc::invalid_value);
  EXPECT_EQ(publish(with_number(10)), kTaken);
}

TEST_F(DescriptionsInForce, AnActThatDoesMoreIsRefusedForAll) {
  must(world.registrar().publish(embedded_descriptions()));
  const auto act = [&](const std::string& json) { return pushed(world.registrar_key(), Hash{}, json); };
  EXPECT_EQ(act(changed(need, [](Json& d) { d["fields"][0]["policy"] = "review"; })), Reason::void_act);
  EXPECT_EQ(act("what has no number"), Reason::void_act) << "no version can tell whose it is";
}

TEST_F(DescriptionsInForce, WhatALaterVersionWroteIsCarried) {
  must(world.registrar().publish(embedded_descriptions()));
  const Hash before = in_force()->hash();
  EXPECT_EQ(pushed(world.registrar_key(), Hash{}, changed(need, [](Json& d) { d["later"] = 1; })),
            Reason::none);
  EXPECT_TRUE(in_force()->is_unread(5));
  EXPECT_NE(in_force()->find("need"), nullptr) << "what is known of it goes on";
  EXPECT_NE(in_force()->hash(), before) << "no change set counts as written under it";
  ASSERT_EQ(publish(with_field(need, "extra")), kTaken);
  EXPECT_FALSE(in_force()->is_unread(5));
}

TEST_F(DescriptionsInForce, OnlyARegistrarPublishes) {
  const crypto::KeyPair device = crypto::KeyPair::generate(world.random());
  const Hash grant = world.enrol(device, "benin");
  EXPECT_EQ(pushed(device, grant, need), Reason::no_right);
  const crypto::KeyPair& person = world.administrator();
  const Hash held = world.hub().authority().grants_of(person.public_key()).front()->name;
  EXPECT_EQ(pushed(person, held, need), Reason::no_right);
}

TEST_F(DescriptionsInForce, TheHubJudgesByThem) {
  const crypto::KeyPair device = crypto::KeyPair::generate(world.random());
  const Hash grant = world.enrol(device, "benin");
  Pen pen(world, device, "association/benin", grant);
  must(world.registrar().publish({{"need.json", with_field(need, "extra", {{"type", "date"}})}}));
  const Field& field = *in_force()->find("need")->field("extra");
  const auto verdict = [&](const std::string& id, const std::string& text) {
    Operation op;
    op.kind = OperationKind::write;
    op.register_number = 5;
    op.id = id;
    op.address = {field.number, {}};
    op.value = Value::text(text);
    return world.push(pen.run({pen.write({Pen::create("need", id), op})})).at(0).verdict;
  };
  EXPECT_EQ(verdict("n-1", "no day").outcome, Outcome::refused);
  EXPECT_EQ(verdict("n-2", "2026-11-28").outcome, Outcome::accepted);
}

TEST_F(DescriptionsInForce, OfficesTablesFollow) {
  HubOffice one(world, world.invite("benin"));
  HubOffice other(world, world.invite("benin"));
  sync(one);
  one.sql("INSERT INTO need(id, title) VALUES('n', 'Wells')");
  sync(one);
  sync(other);
  ASSERT_EQ(publish(with_field(with_field(need, "extra"), "tags", {{"policy", "set"}})), kTaken);
  sync(one);
  one.sql("UPDATE need SET extra = 'new' WHERE id = 'n'");
  one.sql("INSERT INTO need_tags(record, value) VALUES('n', 'a')");
  sync(one);
  other.sql("UPDATE need SET title = 'Deep wells' WHERE id = 'n'");  // it has not heard of the field yet
  sync(other);
  sync(one);
  for (HubOffice* office : {&one, &other}) {
    EXPECT_EQ(office->rows("SELECT extra FROM need"), "new");
    EXPECT_EQ(office->rows("SELECT value FROM need_tags"), "a");
    EXPECT_EQ(office->rows("SELECT title FROM need"), "Deep wells");
    EXPECT_EQ(must(office->replica().status()).conflicts, 0U);
    office->reopen();
    EXPECT_EQ(office->rows("SELECT extra FROM need"), "new");
  }
}

TEST_F(DescriptionsInForce, WhatWasCarriedIsShownWithoutTouchingUnsealedWork) {
  HubOffice office(world, world.invite("benin"));
  sync(office);
  office.sql("INSERT INTO need(id, title) VALUES('n', 'Wells')");
  sync(office);
  // Of a program that is ahead of its network: nobody knows the fields and the register yet.
  const crypto::KeyPair device = crypto::KeyPair::generate(world.random());
  Pen pen(world, device, "association/benin", world.enrol(device, "benin"));
  const std::string text = with_field(need, "extra");
  Operation op;
  op.kind = OperationKind::write;
  op.register_number = 5;
  op.id = "n";
  op.address = {Json::parse(text)["fields"].back()["number"].get<std::uint32_t>(), {}};
  op.value = Value::text("carried");
  Operation created;
  created.kind = OperationKind::create;
  created.register_number = 200;
  created.id = "p";
  Operation named = op;
  named.register_number = 200;
  named.id = "p";
  named.address = {1, {}};
  named.value = Value::text("carried too");
  ASSERT_EQ(world.push(pen.run({pen.write({op, created, named})})).at(0).verdict.outcome, Outcome::accepted);
  sync(office);
  const std::string practice = changed(embedded("theme"), [](Json& d) {
    d["number"] = 200;
    d["name"] = "practice";
    d["fields"] = Json::array(
        {{{"number", 1}, {"name", "title"}, {"type", "text"}, {"policy", "latest"}, {"labels", labels()}}});
    d["caption"] = "title";
    d.erase("rules");
  });
  must(world.registrar().publish({{"need.json", text}, {"practice.json", practice}}));
  office.sql("UPDATE need SET title = 'Deep wells' WHERE id = 'n'");
  sync(office);
  EXPECT_EQ(office.rows("SELECT extra FROM need"), "carried");
  EXPECT_EQ(office.rows("SELECT title FROM practice"), "carried too");
  EXPECT_EQ(office.rows("SELECT title FROM need"), "Deep wells");
  EXPECT_EQ(must(office.replica().status()).unsent, 0U);
  HubOffice late(world, world.invite("benin"));
  sync(late);
  EXPECT_EQ(late.rows("SELECT extra FROM need"), "carried");
}

TEST_F(DescriptionsInForce, AProgramThatIsBehindWorksByThem) {
  auto files = embedded_descriptions();
  files.erase("opportunity.json");
  const Schema behind = must(Schema::load(files));
  HubWorld older(behind);
  older.add_organisation("benin", "association");
  must(older.registrar().publish(embedded_descriptions()));
  HubOffice office(older, older.invite("benin"));
  sync(office);
  EXPECT_EQ(office.replica().schema().hash(), built_in_schema().hash());
  office.sql("INSERT INTO opportunity(id, title) VALUES('o', 'Fund')");
  sync(office);
  EXPECT_EQ(must(office.replica().status()).refused, 0U);
  EXPECT_EQ(office.rows("SELECT count(*) FROM opportunity"), "1");
}

TEST_F(DescriptionsInForce, AnotherProgramOfTheOfficeFollows) {
  HubOffice office(world, world.invite("benin"));
  sync(office);
  office.sql("INSERT INTO need(id, title) VALUES('n', 'Wells')");
  sync(office);
  TestRandom random;
  random.state = 77;
  const auto other = must(Replica::open(office.folder(), {world.clock(), random, world.schema()}));
  ASSERT_EQ(publish(with_field(need, "extra")), kTaken);
  sync(office);
  office.sql("UPDATE need SET extra = 'new' WHERE id = 'n'");
  must(other->seal());
  EXPECT_NE(other->schema().find("need")->field("extra"), nullptr);
  sync(office);
  EXPECT_EQ(office.rows("SELECT extra FROM need"), "new");
}

TEST_F(DescriptionsInForce, ALongDescriptionIsRefusedInWords) {
  const std::string text = changed(need, [](Json& d) {
    for (int i = 0; i < 40; ++i) {
      Json field{{"number", 300 + i},
                 {"name", "f" + std::to_string(i)},
                 {"type", "text"},
                 {"policy", "set"},
                 {"labels", labels()}};
      field["labels"]["en"] = std::string(400, 'x');
      d["fields"].push_back(field);
    }
  });
  EXPECT_EQ(publish(text), Errc::limit_exceeded);
}

}  // namespace
}  // namespace wasl::test
