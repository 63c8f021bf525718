#include "shared/model/description.hpp"

#include <gtest/gtest.h>

#include <set>

#include "schema/embedded.hpp"

namespace wasl {
namespace {

const std::string kLabels = R"("labels": {"ar": "اسم", "en": "n", "fr": "n", "es": "n", "pt": "n"})";

std::string field(const std::string& keys) { return "{" + keys + ", " + kLabels + "}"; }

std::string description(const std::string& fields, const std::string& more = "") {
  return R"({"number": 1, "name": "town", "caption": "name", "default_space": "own", )" + kLabels +
         R"(, "fields": [{"number": 1, "name": "name", "type": "text", "policy": "latest", )" + kLabels +
         "}" + (fields.empty() ? "" : ", " + fields) + "]" + more + "}";
}

Result<Schema> load(const std::string& text) { return Schema::load({{"town.json", text}}); }

/// The message of a description that must be refused.
std::string refusal(const std::string& text) {
  const auto loaded = load(text);
  if (loaded) return "accepted";
  EXPECT_EQ(loaded.error().code, Errc::invalid_value);
  EXPECT_FALSE(loaded.error().hint.empty());
  return loaded.error().message;
}

std::string refusal_of_field(const std::string& keys) { return refusal(description(field(keys))); }

TEST(BuiltInSchema, HasTheRegistersUnderTheirNumbers) {
  const char* names[] = {"organisation", "person",  "theme",         "area",      "need",
                         "opportunity",  "project", "project_party", "document",  "achievement",
                         "ledger_entry", "meeting", "mandate",       "delegation"};
  const Schema& schema = built_in_schema();
  ASSERT_EQ(schema.registers().size(), std::size(names));
  for (std::uint32_t i = 0; i < std::size(names); ++i) {
    const Register* content = schema.find(i + 1);
    ASSERT_NE(content, nullptr);
    EXPECT_EQ(content->name, names[i]);
    EXPECT_EQ(schema.find(names[i]), content);
    EXPECT_FALSE(content->hash.is_zero());
    EXPECT_FALSE(content->labels.ar.empty());
  }
  EXPECT_EQ(schema.find("nothing"), nullptr);
  EXPECT_EQ(schema.find(99U), nullptr);
  EXPECT_TRUE(schema.find("ledger_entry")->is_ledger());
  EXPECT_FALSE(schema.find("project")->is_ledger());
}

TEST(BuiltInSchema, FilesAreNamedAfterTheirRegisters) {
  for (const auto& [file, text] : embedded_descriptions())
    EXPECT_NE(built_in_schema().find(file.substr(0, file.find('.'))), nullptr) << file;
}

TEST(BuiltInSchema, KnowsItsFieldsByNameAndNumber) {
  const Register& project = *built_in_schema().find("project");
  const Field* status = project.field("status");
  ASSERT_NE(status, nullptr);
  EXPECT_EQ(project.field(status->number), status);
  EXPECT_EQ(status->policy, Policy::review);
  EXPECT_EQ(status->codes.size(), 6U);
  EXPECT_TRUE(project.field("theme")->is_set());
  EXPECT_TRUE(project.field("theme")->columns().empty());
  EXPECT_EQ(project.field("budget")->columns(), (std::vector<std::string>{"budget", "budget_currency"}));
  EXPECT_TRUE(built_in_schema().find("person")->field("name")->personal);
  EXPECT_EQ(project.field("nothing"), nullptr);
}

TEST(Description, RefusesWithFileAndKey) {
  EXPECT_EQ(refusal("{").substr(0, 31), "town.json: (file): is not JSON:");
  EXPECT_EQ(refusal("[]"), "town.json: (file): is not an object");
  EXPECT_EQ(refusal(description("", R"(, "colour": "red")")), "town.json: colour: unknown key");
  EXPECT_EQ(refusal(description("", R"(, "number": 2)")),
            "town.json: number: the key stands twice in one object");
  EXPECT_EQ(refusal(R"({"number": 1})"), "town.json: name: is missing");
  EXPECT_EQ(refusal(description(R"({"number": 2, "name": "x", "type": "text", "policy": "latest",
                                    "labels": {"ar": "x", "en": "x", "es": "x", "pt": "x"}})")),
            "town.json: fields[1].labels.fr: is missing");
}

TEST(Description, RefusesBadNamesAndNumbers) {
  for (const char* name :
       {"Name", "1a", "_wasl_x", "order", "user", "id", "space", "record", "value", "a-b", "sqlite_x"})
    EXPECT_EQ(refusal_of_field(R"("number": 2, "name": ")" + std::string(name) +
                               R"(", "type": "text", "policy": "latest")"),
              "town.json: fields[1].name: '" + std::string(name) + "' cannot be a name in SQL");
  EXPECT_EQ(refusal_of_field(R"("number": 0, "name": "a", "type": "text", "policy": "latest")"),
            "town.json: fields[1].number: is out of range");
  EXPECT_EQ(refusal_of_field(R"("number": 1, "name": "a", "type": "text", "policy": "latest")"),
            "town.json: fields.a.number: 1 is used twice");
  EXPECT_EQ(refusal_of_field(R"("number": 2, "name": "name", "type": "text", "policy": "latest")"),
            "town.json: fields.name.name: is used twice");
}

TEST(Description, RefusesUnknownTypesAndPolicies) {
  EXPECT_EQ(refusal_of_field(R"("number": 2, "name": "a", "type": "blob", "policy": "latest")"),
            "town.json: fields[1].type: 'blob' is unknown");
  EXPECT_EQ(refusal_of_field(R"("number": 2, "name": "a", "type": "text", "policy": "newest")"),
            "town.json: fields[1].policy: 'newest' is unknown");
  EXPECT_EQ(refusal_of_field(R"("number": 2, "name": "a", "type": "text", "policy": "ledger")"),
            "town.json: fields.a.policy: ledger and other policies in one register");
  EXPECT_EQ(refusal_of_field(R"("number": 2, "name": "a", "type": "money", "policy": "set")"),
            "town.json: fields.a.policy: a set cannot hold this type");
}

TEST(Description, RefusesPersonalSetsLabelsAndReferences) {
  EXPECT_EQ(
      refusal_of_field(R"("number": 2, "name": "a", "type": "text", "policy": "set", "personal": true)"),
      "town.json: fields.a.personal: a set cannot be personal");
  EXPECT_EQ(
      refusal_of_field(
          R"("number": 2, "name": "a", "type": "reference", "target": "town", "policy": "latest", "personal": true)"),
      "town.json: fields.a.personal: a reference cannot be personal");
  EXPECT_EQ(
      refusal_of_field(
          R"("number": 2, "name": "a", "type": "reference", "target": "town", "policy": "latest", "personal": true, "label": true)"),
      "town.json: fields.a.personal: a label cannot be personal");
  EXPECT_EQ(
      refusal_of_field(R"("number": 2, "name": "a", "type": "text", "policy": "latest", "label": true)"),
      "town.json: fields.a.label: only a code or a reference can limit rights");
}

TEST(Description, RefusesKeysThatDoNotFitTheType) {
  EXPECT_EQ(refusal_of_field(R"("number": 2, "name": "a", "type": "code", "policy": "latest")"),
            "town.json: fields[1].codes: is missing");
  EXPECT_EQ(refusal_of_field(R"("number": 2, "name": "a", "type": "text", "policy": "latest", "least": 1)"),
            "town.json: fields[1].least: does not belong to this type");
  EXPECT_EQ(refusal_of_field(R"("number": 2, "name": "a", "type": "reference", "policy": "latest")"),
            "town.json: fields[1].target: is missing");
  EXPECT_EQ(refusal_of_field(
                R"("number": 2, "name": "a", "type": "reference", "policy": "latest", "target": "city")"),
            "town.json: fields.a.target: there is no register 'city'");
  EXPECT_EQ(refusal_of_field(
                R"("number": 2, "name": "a", "type": "integer", "policy": "latest", "least": 3, "most": 2)"),
            "town.json: fields.a.most: is below `least`");
  EXPECT_EQ(refusal_of_field(
                R"("number": 2, "name": "a", "type": "text", "policy": "latest", "most_bytes": 16385)"),
            "town.json: fields[1].most_bytes: is out of range");
}

TEST(Description, RefusesTablesThatWouldCollide) {
  std::string other = description("");
  other.replace(other.find("town"), 4, "town_tag");
  EXPECT_EQ(Schema::load({{"a.json", description("")}, {"b.json", other}}).error().message,
            "b.json: number: 1 is used by a.json");
  other.replace(other.find("1"), 1, "2");
  const std::string with_set =
      description(field(R"("number": 2, "name": "tag", "type": "text", "policy": "set")"));
  EXPECT_EQ(Schema::load({{"a.json", with_set}, {"b.json", other}}).error().message,
            "b.json: name: the table town_tag comes from a.json already");
  EXPECT_TRUE(Schema::load({{"a.json", description("")}, {"b.json", other}}));
}

TEST(Description, RefusesCaptionsAndRulesOfNothing) {
  std::string text = description("");
  text.replace(text.find(R"("caption": "name")"), 17, R"("caption": "nome")");
  EXPECT_EQ(refusal(text), "town.json: caption: 'nome' is no field of this register that has a column");
  const std::string rules =
      R"(, "rules": [{"name": "r", "before": "name", "after": "name", )" + kLabels + "}]";
  EXPECT_NE(refusal(description("", rules)).find("town.json: rules.r: `before` and `after` must be"),
            std::string::npos);
}

TEST(DescriptionHash, LeavesOutLabelsSearchAndOrder) {
  const std::string a =
      field(R"("number": 2, "name": "a", "type": "code", "policy": "latest", "codes": [{"code": "x", )" +
            kLabels + R"(}, {"code": "y", )" + kLabels + "}]");
  const std::string a_reordered =
      field(R"("number": 2, "name": "a", "type": "code", "policy": "latest", "codes": [{"code": "y", )" +
            kLabels + R"(}, {"code": "x", )" + kLabels + "}]");
  const std::string b = field(R"("number": 3, "name": "b", "type": "text", "policy": "review")");
  const std::string b_searched =
      field(R"("number": 3, "name": "b", "type": "text", "policy": "review", "search": "text")");
  const Hash first = load(description(a + "," + b))->hash();
  EXPECT_EQ(load(description(b_searched + "," + a_reordered))->hash(), first);
  std::string renamed = description(a + "," + b);
  renamed.replace(renamed.find("اسم"), std::string("اسم").size(), "كلمة");
  EXPECT_EQ(load(renamed)->hash(), first);
}

TEST(DescriptionHash, ChangesWithEverythingThatDecides) {
  const char* variants[] = {
      R"("number": 2, "name": "a", "type": "integer", "policy": "latest")",
      R"("number": 3, "name": "a", "type": "integer", "policy": "latest")",
      R"("number": 2, "name": "b", "type": "integer", "policy": "latest")",
      R"("number": 2, "name": "a", "type": "number", "policy": "latest")",
      R"("number": 2, "name": "a", "type": "integer", "policy": "review")",
      R"("number": 2, "name": "a", "type": "integer", "policy": "latest", "required": true)",
      R"("number": 2, "name": "a", "type": "integer", "policy": "latest", "personal": true)",
      R"("number": 2, "name": "a", "type": "integer", "policy": "latest", "retired": true)",
      R"("number": 2, "name": "a", "type": "integer", "policy": "latest", "least": 0)",
      R"("number": 2, "name": "a", "type": "integer", "policy": "latest", "most": 0)",
  };
  std::set<Hash> seen;
  for (const char* variant : variants) {
    const auto loaded = load(description(field(variant)));
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_TRUE(seen.insert(loaded->hash()).second) << variant;
  }
}

}  // namespace
}  // namespace wasl
