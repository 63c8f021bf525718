#include "shared/model/value.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "shared/base/limits.hpp"
#include "shared/model/ids.hpp"

namespace wasl {
namespace {

Value decoded(const Bytes& bytes, bool* ok = nullptr) {
  Reader in(bytes);
  Value out = Value::decode(in);
  if (ok != nullptr) *ok = in.finished();
  return out;
}

bool decodes(const Bytes& bytes) {
  bool ok = false;
  decoded(bytes, &ok);
  return ok;
}

TEST(Value, ComesBackFromItsBytesForEveryType) {
  const Value all[] = {Value::null(),
                       Value::integer(0),
                       Value::integer(-1),
                       Value::integer(std::numeric_limits<std::int64_t>::min()),
                       Value::integer(std::numeric_limits<std::int64_t>::max()),
                       *Value::decimal("12.50"),
                       Value::text("جماعة"),
                       Value::text(""),
                       Value::flag(true),
                       *Value::point("48.8566,2.3522"),
                       Value::money("XOF", 1250000),
                       Value::reference("network", "sdg-11"),
                       Value::commitment(Hash{}),
                       {ValueType::act, {1, 2, 3}},
                       {static_cast<ValueType>(200), {9, 9}}};
  for (const Value& value : all) {
    EXPECT_TRUE(is_canonical(value)) << value.to_display();
    Writer out;
    value.encode(out);
    bool ok = false;
    EXPECT_EQ(decoded(out.bytes(), &ok), value);
    EXPECT_TRUE(ok) << value.to_display();
  }
}

TEST(Value, IsTypeThenLengthThenBytes) {
  Writer out;
  Value::text("ab").encode(out);
  Value::integer(-1).encode(out);
  EXPECT_EQ(out.bytes(), (Bytes{3, 2, 'a', 'b', 1, 1, 1}));
}

TEST(Value, WritesDecimalsInTheirShortestForm) {
  EXPECT_EQ(Value::decimal("-12.50")->to_display(), "-12.5");
  EXPECT_EQ(Value::decimal("0.000000000000001")->to_display(), "0.000000000000001");
  EXPECT_EQ(*Value::decimal("3.000"), Value::integer(3));
  EXPECT_EQ(*Value::decimal("-0.0"), Value::integer(0));
  EXPECT_EQ(*Value::decimal("00012.5"), *Value::decimal("12.5"));
  EXPECT_EQ(Value::decimal("999999999999999999")->to_display(), "999999999999999999");
}

TEST(Value, RefusesWhatIsNoDecimal) {
  for (const char* text : {"", "-", ".", "1.", ".5", "1e3", "+1", "1,5", " 1", "1 ", "--1", "1.2.3", "NaN",
                           "1000000000000000000", "0.0000000000000001", "0x10"})
    EXPECT_FALSE(Value::decimal(text)) << text;
}

TEST(Value, TakesOfADoubleWhatAPersonMeant) {
  EXPECT_EQ(*Value::decimal(0.1), *Value::decimal("0.1"));
  EXPECT_EQ(*Value::decimal(0.1 + 0.2), *Value::decimal("0.3"));
  EXPECT_EQ(*Value::decimal(33.3), *Value::decimal("33.3"));
  EXPECT_EQ(*Value::decimal(123456.789012345), *Value::decimal("123456.789012345"));
  EXPECT_EQ(*Value::decimal(999999999999999.0), Value::integer(999999999999999));
  EXPECT_EQ(*Value::decimal(0.00001), *Value::decimal("0.00001"));
  EXPECT_EQ(*Value::decimal(-3.0), Value::integer(-3));
  EXPECT_EQ(*Value::decimal(-0.0), Value::integer(0));
  EXPECT_FALSE(Value::decimal(1e15));
  EXPECT_FALSE(Value::decimal(1e-16));
  EXPECT_FALSE(Value::decimal(std::numeric_limits<double>::infinity()));
  EXPECT_FALSE(Value::decimal(std::numeric_limits<double>::quiet_NaN()));
}

TEST(Value, KeepsPointsOnTheGlobe) {
  EXPECT_EQ(Value::point("48.8566,2.3522")->to_display(), "48.8566,2.3522");
  EXPECT_EQ(Value::point("-0.50,-180")->to_display(), "-0.5,-180");
  EXPECT_TRUE(Value::point("90,180.0000000"));
  for (const char* text :
       {"", "1", "1,", ",1", "90.0000001,0", "0,180.1", "1.12345678,0", "1, 2", "1,2,3", "999999999999,1"})
    EXPECT_FALSE(Value::point(text)) << text;
}

TEST(Value, RefusesSecondSpellings) {
  EXPECT_FALSE(decodes({0, 1, 0}));        // null with bytes
  EXPECT_FALSE(decodes({1, 2, 0x80, 0}));  // integer, varint not minimal
  EXPECT_FALSE(decodes({1, 2, 0, 0}));     // integer with a tail
  EXPECT_FALSE(decodes({2, 2, 0, 2}));     // decimal of scale 0
  EXPECT_FALSE(decodes({2, 2, 16, 2}));    // decimal of scale 16
  EXPECT_FALSE(decodes({2, 2, 1, 20}));    // 1.0
  EXPECT_FALSE(decodes({3, 1, 0xff}));     // not UTF-8
  EXPECT_FALSE(decodes({4, 1, 2}));        // flag 2
  EXPECT_FALSE(decodes({6, 4, 'x', 'o', 'f', 2}));
  EXPECT_FALSE(decodes({7, 3, 1, 'x', 0}));  // no such space, empty id
  EXPECT_FALSE(decodes({8, 1, 0}));
  EXPECT_FALSE(decodes({3, 5, 'a'}));        // cut
  EXPECT_FALSE(decodes({3, 0x81, 0, 'a'}));  // length not minimal
  EXPECT_TRUE(decodes({200, 1, 0}));         // a later version's type
}

TEST(Value, IsBounded) {
  Writer fits, too_long;
  Value::text(std::string(limits::kValueBytes, 'x')).encode(fits);
  Value::text(std::string(limits::kValueBytes + 1, 'x')).encode(too_long);
  EXPECT_TRUE(decodes(fits.bytes()));
  EXPECT_FALSE(decodes(too_long.bytes()));
}

TEST(Value, ReadersAnswerOnlyForTheirType) {
  const Value money = Value::money("EUR", -5);
  EXPECT_EQ(money.as_money()->currency, "EUR");
  EXPECT_EQ(money.as_money()->minor_units, -5);
  EXPECT_EQ(money.to_display(), "-5 EUR");
  EXPECT_FALSE(money.as_integer());
  EXPECT_FALSE(money.as_text());
  EXPECT_FALSE(Value::integer(1).as_flag());
  EXPECT_EQ(Value::reference("association/fmdv", "p-1").to_display(), "association/fmdv#p-1");
  EXPECT_EQ((Value{static_cast<ValueType>(99), {0xab}}).to_display(), "ab");
}

TEST(SpaceName, IsOneOfSixShapes) {
  for (const char* good :
       {"authority", "public", "network", "section/africa", "association/fr-amf", "committee/x"})
    EXPECT_TRUE(is_space_name(good)) << good;
  for (const char* bad :
       {"", "Public", "section", "section/", "section/A", "office/x", "section/a/b", "section/a b"})
    EXPECT_FALSE(is_space_name(bad)) << bad;
  EXPECT_FALSE(is_space_name("section/" + std::string(33, 'a')));
  EXPECT_TRUE(is_organisation_id(std::string(32, '9')));
}

}  // namespace
}  // namespace wasl
