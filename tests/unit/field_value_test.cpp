// What a field takes, asked of signed bytes.
#include "shared/model/field_value.hpp"

#include <gtest/gtest.h>

namespace wasl {
namespace {

Field of_type(FieldType type) {
  Field field;
  field.type = type;
  return field;
}

TEST(FieldValue, DaysExist) {
  for (const char* day : {"2024-02-29", "0000-01-01", "9999-12-31", "2000-02-29"})
    EXPECT_TRUE(is_date(day)) << day;
  for (const char* other :
       {"", "2023-02-29", "1900-02-29", "2024-13-01", "2024-00-10", "2024-01-00", "2024-04-31", "2024-1-01",
        "2024/01/01", "2024-01-01T", "24-01-01", "20x4-01-01", "-024-01-01"})
    EXPECT_FALSE(is_date(other)) << other;
}

TEST(FieldValue, TimesHaveTheirOffset) {
  for (const char* time : {"2024-01-01T00:00Z", "2024-01-01T23:59:59Z", "2024-01-01T10:00:00.123Z",
                           "2024-01-01T10:00+01:00", "2024-01-01T10:00:00-05:30"})
    EXPECT_TRUE(is_time(time)) << time;
  for (const char* other :
       {"", "2024-01-01", "2024-01-01T10:00", "2024-01-01T10:00:00", "2024-01-01 10:00Z", "2024-01-01T24:00Z",
        "2024-01-01T10:60Z", "2024-01-01T10:00:60Z", "2024-01-01T10:00:00.Z", "2024-01-01T10:00+1:00",
        "2024-01-01T10:00+15:00", "2024-01-01T10:00 Z", "2023-02-29T10:00Z", "2024-01-01T10:00:0Z",
        "2024-01-01T1000Z"})
    EXPECT_FALSE(is_time(other)) << other;
}

TEST(FieldValue, EachTypeTakesItsOwnValues) {
  const struct {
    FieldType type;
    Value fits, other;
  } cases[] = {
      {FieldType::text, Value::text("a"), Value::integer(1)},
      {FieldType::multilingual, Value::text("a"), Value::flag(true)},
      {FieldType::code, Value::text("a"), Value::integer(1)},
      {FieldType::reference, Value::reference("network", "a"), Value::text("a")},
      {FieldType::money, Value::money("XOF", 1), Value::integer(1)},
      {FieldType::date, Value::text("2024-01-01"), Value::text("soon")},
      {FieldType::time, Value::text("2024-01-01T10:00Z"), Value::text("2024-01-01")},
      {FieldType::point, *Value::point("1,2"), Value::text("1,2")},
      {FieldType::number, *Value::decimal("1.5"), Value::text("1.5")},
      {FieldType::number, Value::integer(2), Value::flag(true)},
      {FieldType::integer, Value::integer(2), *Value::decimal("1.5")},
      {FieldType::flag, Value::flag(false), Value::integer(0)},
  };
  for (const auto& [type, fits, other] : cases) {
    EXPECT_EQ(type_misfit(of_type(type), fits), "");
    EXPECT_NE(type_misfit(of_type(type), other), "");
    EXPECT_EQ(type_misfit(of_type(type), Value::null()), "");
    EXPECT_EQ(type_misfit(of_type(type), {static_cast<ValueType>(99), {7}}), "") << "of a later version";
  }
}

TEST(FieldValue, RangesAreExact) {
  Field field = of_type(FieldType::number);
  field.least = -1;
  field.most = 5;
  for (const char* in : {"-1", "-0.999999999999999", "0", "4.5", "5"})
    EXPECT_EQ(range_misfit(field, *Value::decimal(in)), "") << in;
  for (const char* out : {"-1.000000000000001", "-2", "5.000000000000001", "5.5", "6"})
    EXPECT_NE(range_misfit(field, *Value::decimal(out)), "") << out;
  field.type = FieldType::money;
  EXPECT_EQ(range_misfit(field, Value::money("XOF", 5)), "");
  EXPECT_NE(range_misfit(field, Value::money("XOF", 6)), "");
}

TEST(FieldValue, RetiredCodesStayValid) {
  Field field = of_type(FieldType::code);
  field.codes = {{"new", {}, false}, {"old", {}, true}};
  EXPECT_EQ(range_misfit(field, Value::text("new")), "");
  EXPECT_EQ(range_misfit(field, Value::text("old")), "");
  EXPECT_NE(range_misfit(field, Value::text("ne")), "");
  EXPECT_NE(range_misfit(field, Value::text("")), "");
}

TEST(FieldValue, AnElementsKeyIsItsValue) {
  const Value element = Value::reference("network", "climate");
  EXPECT_EQ(element_of(element_key(element)), element);
  EXPECT_TRUE(element_of({}).is_null());
}

}  // namespace
}  // namespace wasl
