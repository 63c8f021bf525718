// Columns to values and back, where programs write what no form would.
#include "client/replica/row_codec.hpp"

#include <gtest/gtest.h>

#include "shared/base/limits.hpp"

namespace wasl {
namespace {

const Field& field(const std::string& reg, const std::string& name) {
  return *built_in_schema().find(reg)->field(name);
}
Field of_type(FieldType type) {
  Field out;
  out.number = 1;
  out.name = "f";
  out.type = type;
  return out;
}
/// What a column says, in words; `!` and the rule where it is refused.
std::string told(const Field& of, std::vector<SqlValue> columns, std::string_view language = "en") {
  const auto parsed = parse_field(of, columns, language);
  if (!parsed) return "!" + parsed.error().message;
  std::string out;
  for (const auto& [address, value] : parsed->values) {
    if (!out.empty()) out += ", ";
    out += (address.key.empty() ? "" : to_text(address.key) + "=") + value.to_display();
  }
  return out + (parsed->whole ? "" : " …");
}
bool refuses(const Field& of, std::vector<SqlValue> columns) {
  return told(of, std::move(columns)).front() == '!';
}
std::int64_t n(std::int64_t number) { return number; }
std::string s(const char* text) { return text; }

TEST(RowCodec, TakesOfEachTypeWhatItIs) {
  EXPECT_EQ(told(of_type(FieldType::integer), {n(-7)}), "-7");
  EXPECT_EQ(told(of_type(FieldType::number), {n(3)}), "3");
  EXPECT_EQ(told(of_type(FieldType::number), {2.5}), "2.5");
  EXPECT_EQ(told(of_type(FieldType::number), {s("2.50")}), "2.5");
  EXPECT_EQ(parse_field(of_type(FieldType::flag), {n(1)}, "")->values.begin()->second, Value::flag(true));
  EXPECT_EQ(parse_field(of_type(FieldType::flag), {n(0)}, "")->values.begin()->second, Value::flag(false));
  EXPECT_EQ(told(of_type(FieldType::text), {n(12)}), "12") << "SQL's own typing of a text";
  EXPECT_EQ(parse_field(of_type(FieldType::reference), {s("network#x")}, "")->values.begin()->second,
            Value::reference("network", "x"));
  for (const FieldType type : {FieldType::integer, FieldType::text, FieldType::multilingual}) {
    EXPECT_EQ(told(of_type(type), {SqlValue()}), "") << "NULL is no value";
  }
}

TEST(RowCodec, RefusesOfEachTypeWhatItIsNot) {
  EXPECT_TRUE(refuses(of_type(FieldType::integer), {s("7")}));
  EXPECT_TRUE(refuses(of_type(FieldType::flag), {n(2)}));
  EXPECT_TRUE(refuses(of_type(FieldType::flag), {n(-1)}));
  EXPECT_TRUE(refuses(of_type(FieldType::flag), {s("1")}));
  EXPECT_TRUE(refuses(of_type(FieldType::number), {s("many")}));
  EXPECT_TRUE(refuses(of_type(FieldType::point), {n(1)}));
  EXPECT_TRUE(refuses(of_type(FieldType::point), {s("91,0")}));
  EXPECT_TRUE(refuses(of_type(FieldType::reference), {n(1)}));
  EXPECT_TRUE(refuses(of_type(FieldType::reference), {s("")}));
  EXPECT_TRUE(refuses(of_type(FieldType::reference), {s("\xff")}));
  EXPECT_TRUE(refuses(of_type(FieldType::reference), {s("network#x#y")})) << "shown as x#y, read as another";
  EXPECT_TRUE(refuses(of_type(FieldType::reference), {s("network#")}));
  EXPECT_TRUE(refuses(of_type(FieldType::reference), {std::string("a\0b", 3)}));
  EXPECT_TRUE(refuses(of_type(FieldType::text), {2.5}));
  EXPECT_TRUE(refuses(of_type(FieldType::text), {s("\xff")}));
  EXPECT_TRUE(refuses(of_type(FieldType::text), {std::string("a\0b", 3)}));
  EXPECT_FALSE(refuses(of_type(FieldType::text), {std::string(limits::kValueBytes, 'x')}));
  EXPECT_TRUE(refuses(of_type(FieldType::text), {std::string(limits::kValueBytes + 1, 'x')}));
}

TEST(RowCodec, MoneyIsAnAmountWithItsCurrency) {
  const Field& budget = field("project", "budget");
  EXPECT_EQ(parse_field(budget, {n(500), s("XOF")}, "")->values.begin()->second, Value::money("XOF", 500));
  EXPECT_EQ(told(budget, {SqlValue(), SqlValue()}), "");
  EXPECT_EQ(told(budget, {SqlValue(), s("XOF")}), "") << "no amount, no money";
  EXPECT_TRUE(refuses(budget, {n(500), SqlValue()}));
  EXPECT_TRUE(refuses(budget, {s("500"), s("XOF")}));
  EXPECT_TRUE(refuses(budget, {n(500), s("xof")}));
}

TEST(RowCodec, MultilingualTextIsOneLanguageOrAnObjectOfThem) {
  const Field title = of_type(FieldType::multilingual);
  EXPECT_EQ(told(title, {s("Water")}), "en=Water …");
  EXPECT_EQ(told(title, {s("Water")}, ""), "und=Water …");
  EXPECT_EQ(told(title, {s(R"({"FR": "Eau", "en": "Water", "ar": null})")}), "en=Water, fr=Eau");
  EXPECT_EQ(told(title, {s("{}")}), "");
  EXPECT_EQ(told(title, {s("{not json")}), "en={not json …") << "a text that begins so";
  EXPECT_EQ(told(title, {s(R"({"en": 5})")}), R"(en={"en": 5} …)");
  EXPECT_EQ(told(title, {n(2026)}), "en=2026 …");
  EXPECT_TRUE(refuses(title, {s(R"({"": "Water"})")}));
  EXPECT_TRUE(refuses(title, {"{\"" + std::string(36, 'x') + "\": \"Water\"}"}));
  EXPECT_FALSE(refuses(title, {"{\"" + std::string(35, 'x') + "\": \"Water\"}"}));
  EXPECT_TRUE(refuses(title, {"{\"en\": \"" + std::string(limits::kValueBytes + 1, 'x') + "\"}"}));
  EXPECT_TRUE(refuses(title, {2.5}));
}

TEST(RowCodec, ShowsWhatItTook) {
  const auto back = [](const Field& of, std::vector<SqlValue> columns) {
    const auto parsed = parse_field(of, columns, "und");
    return parsed && render_field(of, parsed->values) == columns;
  };
  EXPECT_TRUE(back(of_type(FieldType::multilingual), {s("Water")}));
  EXPECT_TRUE(back(of_type(FieldType::multilingual), {s("")}));
  EXPECT_TRUE(back(of_type(FieldType::multilingual), {s(R"({"en":"Water","fr":"Eau"})")}));
  EXPECT_TRUE(back(of_type(FieldType::multilingual), {s(R"({"en":"Water"})")})) << "a language stays named";
  EXPECT_TRUE(back(of_type(FieldType::multilingual), {SqlValue()}));
  EXPECT_TRUE(back(of_type(FieldType::integer), {n(-7)}));
  EXPECT_TRUE(back(of_type(FieldType::flag), {n(1)}));
  EXPECT_TRUE(back(of_type(FieldType::number), {2.5}));
  EXPECT_TRUE(back(field("project", "budget"), {n(500), s("XOF")}));
  EXPECT_TRUE(back(field("project", "budget"), {SqlValue(), SqlValue()}));
  const Field title = of_type(FieldType::multilingual);
  const PlainValues braces{{{1, to_bytes("und")}, Value::text("{braces")}};
  EXPECT_EQ(render_field(title, braces), std::vector<SqlValue>{s(R"({"und":"{braces"})")})
      << "so that it is read as it was meant";
}

}  // namespace
}  // namespace wasl
