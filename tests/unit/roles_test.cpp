// What a file of roles must say, and what is said of one that does not.
#include "shared/authority/roles.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/mini_network.hpp"

namespace wasl {
namespace {

using nlohmann::json;

json officer() {
  return {
      {"role", "officer"},
      {"labels", {{"ar", "موظف"}, {"en", "Officer"}, {"fr", "Agent"}, {"es", "Oficial"}, {"pt", "Técnico"}}},
      {"level", 3},
      {"depth", 2},
      {"persons_only", true},
      {"clauses",
       {{{"rights", {"read", "write"}}, {"spaces", {"own", "public"}}, {"registers", {"project", "need"}}}}}};
}

std::string refusal_of(const json& file) {
  const auto loaded = load_roles(file.dump(), built_in_schema());
  return loaded ? std::string() : loaded.error().message;
}

/// The officer with one key said otherwise.
std::string refusal_with(const std::string& key, const json& value) {
  json role = officer();
  role[key] = value;
  return refusal_of(json::array({role}));
}

std::string refusal_without(const std::string& key) {
  json role = officer();
  role.erase(key);
  return refusal_of(json::array({role}));
}

/// The officer's clause with one key said otherwise.
std::string refusal_of_clause(const std::string& key, const json& value) {
  json role = officer();
  role["clauses"][0][key] = value;
  return refusal_of(json::array({role}));
}

TEST(Roles, AreReadAsWritten) {
  const auto roles = test::must(load_roles(json::array({officer()}).dump(), built_in_schema()));
  ASSERT_EQ(roles.size(), 1U);
  EXPECT_EQ(roles[0].name, "officer");
  EXPECT_EQ(roles[0].labels.fr, "Agent");
  EXPECT_EQ(roles[0].level, 3U);
  EXPECT_EQ(roles[0].depth, 2U);
  EXPECT_TRUE(roles[0].persons_only);
  ASSERT_EQ(roles[0].clauses.size(), 1U);
  EXPECT_EQ(to_words(roles[0].clauses[0].rights), "read, write");
  EXPECT_EQ(roles[0].clauses[0].registers.size(), 2U);
}

TEST(Roles, MayLeaveOutWhatHasAMeaningOfItsOwn) {
  json role = officer();
  for (const char* key : {"level", "depth", "persons_only"}) role.erase(key);
  role["clauses"][0].erase("registers");
  const auto roles = test::must(load_roles(json::array({role}).dump(), built_in_schema()));
  EXPECT_EQ(roles[0].level, 0U);
  EXPECT_EQ(roles[0].depth, 0U);
  EXPECT_FALSE(roles[0].persons_only);
  EXPECT_TRUE(roles[0].clauses[0].registers.empty());
}

TEST(Roles, AFileThatIsNoListIsRefused) {
  EXPECT_FALSE(load_roles("[", built_in_schema()));
  EXPECT_EQ(refusal_of(json::object()), "roles.json: is no JSON list of roles");
}

TEST(Roles, ARoleHasANameOfItsOwn) {
  EXPECT_EQ(refusal_of(json::array({7})), "roles.json: a role without its name");
  EXPECT_EQ(refusal_without("role"), "roles.json: a role without its name");
  EXPECT_EQ(refusal_with("role", 7), "roles.json: a role without its name");
  EXPECT_EQ(refusal_of(json::array({officer(), officer()})), "roles.json: officer: stands twice");
}

TEST(Roles, NoOtherKeyIsKnown) {
  EXPECT_EQ(refusal_with("clause", 1), "roles.json: officer: the key clause is unknown");
}

TEST(Roles, LabelsAreInFiveLanguages) {
  const std::string five = "roles.json: officer: needs its labels in five languages";
  EXPECT_EQ(refusal_without("labels"), five);
  EXPECT_EQ(refusal_with("labels", "Officer"), five);
  EXPECT_EQ(refusal_with("labels", {{"en", "Officer"}}), five);
  json labels = officer()["labels"];
  labels["pt"] = "";
  EXPECT_EQ(refusal_with("labels", labels), "roles.json: officer: has no label in pt");
  labels["pt"] = 7;
  EXPECT_EQ(refusal_with("labels", labels), "roles.json: officer: has no label in pt");
  labels.erase("pt");
  labels["de"] = "Beamter";
  EXPECT_EQ(refusal_with("labels", labels), "roles.json: officer: has no label in pt");
}

TEST(Roles, NumbersHaveBounds) {
  EXPECT_EQ(refusal_with("level", "high"), "roles.json: officer: level is no number from 0 to 255");
  EXPECT_EQ(refusal_with("level", -1), "roles.json: officer: level is no number from 0 to 255");
  EXPECT_EQ(refusal_with("level", 256), "roles.json: officer: level is no number from 0 to 255");
  EXPECT_EQ(refusal_with("depth", 17), "roles.json: officer: depth is no number from 0 to 16");
  EXPECT_EQ(refusal_with("persons_only", 1), "roles.json: officer: persons_only is true or false");
}

TEST(Roles, ClausesNameWhatIsKnown) {
  for (const json& none : {json(), json(7), json::array()})
    EXPECT_EQ(refusal_with("clauses", none), "roles.json: officer: needs clauses");
  EXPECT_EQ(refusal_without("clauses"), "roles.json: officer: needs clauses");
  EXPECT_EQ(refusal_with("clauses", json::array({7})), "roles.json: officer: a clause is no object");
  for (const std::string key : {"rights", "spaces", "registers"}) {
    const std::string begin = "roles.json: officer: ";
    EXPECT_EQ(refusal_of_clause(key, "word"), begin + "a clause without its list of " + key);
    EXPECT_EQ(refusal_of_clause(key, json::array()), begin + "a clause without its list of " + key);
    EXPECT_EQ(refusal_of_clause(key, json::array({"nothing"})), begin + key + ": \"nothing\" is unknown");
    EXPECT_EQ(refusal_of_clause(key, json::array({7})), begin + key + ": 7 is unknown");
  }
}

}  // namespace
}  // namespace wasl
