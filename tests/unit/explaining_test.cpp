// `why`: who wrote what is shown of a record, under which grant, and who gave it; and grants by the beginning
// of their names.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/hub_world.hpp"

namespace wasl::test {
namespace {

struct Explaining : testing::Test {
  HubWorld world;
  std::optional<HubOffice> office, other;

  Explaining() {
    world.add_organisation("africa", "section");
    world.add_organisation("senegal", "association", "africa");
    office.emplace(world, world.invite("senegal"));
    other.emplace(world, world.invite("senegal"));
  }
  static void sync(HubOffice& one) {
    const auto session = one.sync();
    ASSERT_FALSE(session.error) << session.error->message;
    EXPECT_EQ(session.summary.equal, true);
  }
  void write(const std::string& statement) {
    world.clock().time += 1000;
    office->sql(statement);
    sync(*office);
    sync(*other);
  }
  std::vector<WhyField> why(const std::string& register_name, const std::string& id) {
    return must(office->replica().why(register_name, id, std::nullopt));
  }
  static std::vector<std::string> fields(const std::vector<WhyField>& lines) {
    std::vector<std::string> out;
    for (const WhyField& line : lines) {
      if (!line.field.empty())
        out.push_back(line.field + (line.key.empty() ? "" : "." + line.key) + "=" + line.value);
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  static WhyField of(const std::vector<WhyField>& lines, const std::string& field) {
    for (const WhyField& line : lines)
      if (line.field == field) return line;
    ADD_FAILURE() << field;
    return {};
  }
};

TEST_F(Explaining, NamesTheAuthorTheChangeSetAndTheGrantsUpToTheRegistrar) {
  write("INSERT INTO project(id, space, title, reference) VALUES('p1', 'section/africa', 'Water', 'R1')");
  other->sql("UPDATE project SET reference = 'R2' WHERE id = 'p1'");
  sync(*other);
  sync(*office);
  const auto lines = why("project", "p1");
  const WhyField title = of(lines, "title"), reference = of(lines, "reference");
  EXPECT_EQ(title.author, office->replica().device());
  EXPECT_EQ(reference.author, other->replica().device());
  EXPECT_EQ(reference.value, "R2");
  EXPECT_EQ(reference.organisation, "senegal");
  EXPECT_LT(title.position, reference.position);
  EXPECT_NE(title.change_set, reference.change_set);
  EXPECT_EQ(reference.statement, 1U);
  ASSERT_EQ(reference.grants.size(), 2U);  // the device's, and the invitation that it took up
  EXPECT_EQ(reference.grants[0].act.grantee, other->replica().device());
  EXPECT_EQ(reference.grants[0].issuer_grant, reference.grants[1].name);
  EXPECT_TRUE(reference.grants[1].issuer_grant.is_zero());
  EXPECT_EQ(reference.grants[1].issuer, world.registrar_key().public_key());
  EXPECT_EQ(reference.grants[0].standing, Standing::valid);
  const HistoryLine enrolled = [&] {
    for (const HistoryLine& line : must(office->replica().history(std::nullopt, std::nullopt)))
      if (line.space == kAuthoritySpace && line.position == reference.grants[0].position) return line;
    return HistoryLine{};
  }();
  EXPECT_EQ(reference.grants[0].change_set, enrolled.change_set) << "that carries the grant";
}

TEST_F(Explaining, OfWorkThatWaitsThereIsNoPlaceYet) {
  write("INSERT INTO project(id, space, title) VALUES('p1', 'section/africa', 'Water')");
  office->sql("UPDATE project SET reference = 'R1' WHERE id = 'p1'");
  const auto lines = why("project", "p1");
  EXPECT_GT(of(lines, "title").position, 0U);
  const WhyField waits = of(lines, "reference");
  EXPECT_EQ(waits.position, 0U);
  EXPECT_FALSE(waits.change_set.is_zero());
  EXPECT_EQ(waits.grants.size(), 2U);
}

TEST_F(Explaining, ShowsWhatIsShownAndNothingElse) {
  write(
      "INSERT INTO theme(id, space) VALUES('t1', 'section/africa'), ('t2', 'section/africa');"
      "INSERT INTO project(id, space, title, reference) VALUES('p1', 'section/africa', "
      "json_object('en', 'Water', 'fr', 'Eau'), 'R1');"
      "INSERT INTO project_theme(record, value) VALUES('p1', 't1'), ('p1', 't2')");
  write("DELETE FROM project_theme WHERE value = 't2'; UPDATE project SET reference = NULL WHERE id = 'p1'");
  EXPECT_EQ(fields(why("project", "p1")), (std::vector<std::string>{"reference=", "theme=section/africa#t1",
                                                                    "title.en=Water", "title.fr=Eau"}));
}

TEST_F(Explaining, APersonalValueIsShownToWhoHoldsIt) {
  write("INSERT INTO person(id, space, name) VALUES('q1', 'section/africa', 'Amina')");
  EXPECT_EQ(fields(why("person", "q1")), (std::vector<std::string>{"name=Amina"}));
}

TEST_F(Explaining, WhatIsNotThereIsSaid) {
  EXPECT_EQ(office->replica().why("dream", "p1", std::nullopt).error().code, Errc::not_found);
  EXPECT_EQ(office->replica().why("project", "p1", std::nullopt).error().code, Errc::not_found);
  write("INSERT INTO project(id, space, title) VALUES('p1', 'section/africa', 'Water')");
  EXPECT_EQ(office->replica().why("project", "p1", "public").error().code, Errc::not_found);
  EXPECT_TRUE(office->replica().why("project", "p1", "section/africa").has_value());
}

TEST_F(Explaining, AGrantIsFoundByTheBeginningOfItsNameAndNeverGuessed) {
  const auto found = [&](const std::string& prefix) {
    const auto name = office->replica().find_grant(prefix);
    return name ? to_hex(name->view()) : std::string(to_word(name.error().code));
  };
  const std::string own =
      to_hex(must(office->replica().authority())->device(office->replica().device())->grant.view());
  EXPECT_EQ(found(own), own);
  EXPECT_EQ(found(own.substr(0, 16)), own);
  EXPECT_EQ(found(""), "not_found") << "no name at all means none, not the only one";
  EXPECT_EQ(found("xyz"), "not_found");
  // Enough of them that two begin alike.
  for (int i = 0; i < 17; ++i) world.invite("senegal");
  sync(*office);
  std::map<char, std::size_t> beginnings;
  for (const auto& [name, grant] : must(office->replica().authority())->grants())
    ++beginnings[to_hex(name.view()).front()];
  const auto twice =
      std::find_if(beginnings.begin(), beginnings.end(), [](const auto& one) { return one.second > 1; });
  ASSERT_NE(twice, beginnings.end());
  EXPECT_EQ(found(std::string(1, twice->first)), "conflict");
}

}  // namespace
}  // namespace wasl::test
