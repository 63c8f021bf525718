// What a link may use: hours, limits, what was used, and how people write them. Pure.
#include "client/engine/budget.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "client/engine/budget_files.hpp"
#include "client/engine/link_account.hpp"
#include "client/engine/system_clock.hpp"

namespace wasl {
namespace {

using namespace std::string_literals;

LocalTime at(const std::string& day, int hour, int minute = 0) {
  return {day, day.substr(0, 7), hour * 60 + minute};
}

TEST(Budget, WithoutLimitsEverythingMayBeUsed) {
  const Allowance now = allowance({}, {}, at("2026-11-28", 3));
  EXPECT_TRUE(now.may_start);
  EXPECT_FALSE(now.down);
  EXPECT_FALSE(now.up);
}

TEST(Budget, ASessionGetsTheLeastOfWhatIsLeft) {
  Budget budget;
  budget.session = {500, 400};
  budget.day = {1000, 1000};
  budget.month = {5000, std::nullopt};
  Usage usage;
  const LocalTime now = at("2026-11-28", 12);
  EXPECT_EQ(allowance(budget, usage, now).down, 500);
  add_usage(usage, now, {700, 100});
  EXPECT_EQ(allowance(budget, usage, now).down, 300) << "of the day";
  EXPECT_EQ(allowance(budget, usage, now).up, 400) << "of the session";
  add_usage(usage, now, {400, 0});
  const Allowance over = allowance(budget, usage, now);
  EXPECT_FALSE(over.may_start) << "1,100 of 1,000: a frame that was under way was taken whole";
  EXPECT_NE(over.why.find("this day"), std::string::npos) << over.why;
  EXPECT_EQ(over.minutes, 12 * 60);
}

TEST(Budget, ADayAndAMonthBeginAnewAndTheMonthKeepsItsSum) {
  Budget budget;
  budget.day = {1000, 1000};
  budget.month = {1500, 1500};
  Usage usage;
  add_usage(usage, at("2026-11-28", 12), {1000, 0});
  EXPECT_FALSE(allowance(budget, usage, at("2026-11-28", 23)).may_start);
  const LocalTime next = at("2026-11-29", 0);
  EXPECT_EQ(allowance(budget, usage, next).down, 500) << "of the month";
  add_usage(usage, next, {500, 0});
  const Allowance over = allowance(budget, usage, next);
  EXPECT_FALSE(over.may_start);
  EXPECT_NE(over.why.find("this month"), std::string::npos) << over.why;
  EXPECT_EQ(allowance(budget, usage, at("2026-12-01", 0)).down, 1000);
  // A clock that was set back to another day counts anew: no limit is worth an office that never syncs.
  EXPECT_TRUE(allowance(budget, usage, at("1970-01-01", 0)).may_start);
}

TEST(Budget, HoursMayLieOverMidnight) {
  Budget budget;
  budget.hours = *parse_hours("20:00-06:00,12:00-13:00");
  const auto may = [&](int hour, int minute = 0) {
    return allowance(budget, {}, at("2026-11-28", hour, minute)).may_start;
  };
  EXPECT_TRUE(may(20));
  EXPECT_TRUE(may(23, 59));
  EXPECT_TRUE(may(0));
  EXPECT_TRUE(may(5, 59));
  EXPECT_FALSE(may(6));
  EXPECT_FALSE(may(11, 59));
  EXPECT_TRUE(may(12));
  EXPECT_FALSE(may(13));
  const Allowance not_now = allowance(budget, {}, at("2026-11-28", 13));
  EXPECT_EQ(not_now.minutes, 7 * 60);
  EXPECT_NE(not_now.why.find("20:00-06:00,12:00-13:00; the next begin at 20:00"), std::string::npos)
      << not_now.why;
}

TEST(Budget, ALinkThatCostsNothingHasNoLimits) {
  Budget budget;
  budget.session = budget.day = budget.month = {1, 1};
  budget.hours = *parse_hours("01:00-02:00");
  budget.metered = Metered::no;
  const Allowance now = allowance(budget, {}, at("2026-11-28", 12));
  EXPECT_TRUE(now.may_start);
  EXPECT_FALSE(now.down);
}

TEST(Budget, LimitsAreWrittenAsPeopleWriteThem) {
  EXPECT_EQ(parse_limits("500k")->down, 500'000);
  EXPECT_EQ(parse_limits("2M")->up, 2'000'000);
  EXPECT_EQ(*parse_limits("1.5G/none"), (ByteLimits{1'500'000'000, std::nullopt}));
  EXPECT_EQ(*parse_limits("none/700"), (ByteLimits{std::nullopt, 700}));
  EXPECT_EQ(*parse_limits("none"), ByteLimits());
  for (const char* bad : {"", "/", "M", "-1M", "0", "1T", "1 M", "nan", "inf", "1e300", "2M/", "2M/5M/1M"})
    EXPECT_EQ(parse_limits(bad).error().code, Errc::invalid_value) << bad;
  for (const char* good : {"500k", "2M/none", "1.5G", "none/700"})
    EXPECT_EQ(to_text(*parse_limits(good)), good);
}

TEST(Budget, HoursAreWrittenAsPeopleWriteThem) {
  EXPECT_TRUE(parse_hours("always")->empty());
  EXPECT_EQ(to_text(*parse_hours("00:00-24:00")), "00:00-24:00");
  EXPECT_EQ(to_text(*parse_hours("20:00-06:00,12:00-13:00")), "20:00-06:00,12:00-13:00");
  for (const char* bad : {"", "8-9", "08:00", "08:00-08:00", "25:00-26:00", "08:60-09:00", "24:00-01:00",
                          "08:00-09:00,", "08:00/09:00", "-1:00-02:00"})
    EXPECT_EQ(parse_hours(bad).error().code, Errc::invalid_value) << bad;
}

TEST(Budget, OnlyASessionLongEnoughTellsTheSpeed) {
  Usage usage;
  note_speed(usage, {100'000, 0}, 500);
  note_speed(usage, {100, 100}, 60'000);
  EXPECT_EQ(usage.bits_per_second, 0);
  note_speed(usage, {80'000, 5'000}, 10'000);
  EXPECT_EQ(usage.bits_per_second, 64'000);
  note_speed(usage, {0, 40'000}, 10'000);
  EXPECT_EQ(usage.bits_per_second, 56'000) << "later ones count a quarter";
}

TEST(Budget, ALineIsThinWhenItIsSlowOrWhenBytesAreDear) {
  EXPECT_FALSE(is_thin({}, {}, true)) << "nothing is known of it";
  Usage usage;
  usage.bits_per_second = 64'000;
  EXPECT_TRUE(is_thin({}, usage, false)) << "slow, whoever pays";
  usage.bits_per_second = 20'000'000;
  EXPECT_FALSE(is_thin({}, usage, true));
  Budget budget;
  budget.month.up = 1'000'000;
  EXPECT_TRUE(is_thin(budget, usage, true));
  EXPECT_FALSE(is_thin(budget, usage, false)) << "this link is not counted";
  budget = {};
  budget.price = "0.05";
  EXPECT_TRUE(is_thin(budget, usage, true));
}

TEST(Budget, CostsWhatThePriceSays) {
  Budget budget;
  EXPECT_EQ(cost_words(budget, 1'000'000), "");
  budget.price = "0.05";
  budget.currency = "USD";
  EXPECT_EQ(cost_words(budget, 1'000), "0.0001 USD");
  EXPECT_EQ(cost_words(budget, 20'000'000), "1.00 USD");
}

class BudgetFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "wasl-budget-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  void write(const char* name, const std::string& text) const { std::ofstream(folder / name) << text; }
  std::filesystem::path folder;
};

TEST_F(BudgetFiles, GiveBackWhatWasPutIn) {
  EXPECT_EQ(*read_budget(folder), Budget());
  Budget budget;
  budget.day = {1'500'000, std::nullopt};
  budget.month = {2'000'000'000, 1};
  budget.hours = *parse_hours("20:00-06:00");
  budget.metered = Metered::automatic;
  budget.price = "0.05";
  budget.currency = "FCFA";
  ASSERT_TRUE(write_budget(folder, budget));
  EXPECT_EQ(*read_budget(folder), budget);
  ASSERT_TRUE(update_usage(folder, [](Usage& usage) {
    add_usage(usage, at("2026-11-28", 1), {7, 8});
    usage.bits_per_second = 9;
  }));
  const Usage read = read_usage(folder);
  EXPECT_EQ(read.day, "2026-11-28");
  EXPECT_EQ(read.of_month, (ByteCounts{7, 8}));
  EXPECT_EQ(read.bits_per_second, 9);
}

TEST_F(BudgetFiles, ProgramsThatCountAtOnceLoseNothing) {
  constexpr std::uint64_t kTimes = 50;
  const auto count = [&] {
    for (std::uint64_t i = 0; i < kTimes; ++i)
      EXPECT_TRUE(update_usage(folder, [](Usage& usage) { add_usage(usage, at("2026-11-28", 1), {1, 2}); }));
  };
  std::thread other(count);
  count();
  other.join();
  EXPECT_EQ(read_usage(folder).of_day, (ByteCounts{2 * kTimes, 4 * kTimes}));
}

TEST_F(BudgetFiles, EachLinkIsCountedFromItsOwnBeginning) {
  SystemClock clock;
  auto account = LinkAccount::open(folder, clock);
  ASSERT_TRUE(account);
  const auto traffic = [](std::uint64_t in, std::uint64_t out) {
    LinkTraffic link;
    link.wire_in = in;
    link.wire_out = out;
    return link;
  };
  ASSERT_TRUE(account->note(traffic(1000, 100)));
  ASSERT_TRUE(account->note(traffic(1500, 100)));
  ASSERT_TRUE(account->close(traffic(1600, 200)));
  ASSERT_TRUE(account->close(traffic(10, 20), 10'000)) << "shorter than the one before";
  ASSERT_TRUE(account->refresh());
  EXPECT_EQ(account->usage().of_month, (ByteCounts{1610, 220}));
  ASSERT_TRUE(account->close(traffic(80'000, 0), 10'000));
  EXPECT_EQ(account->usage().bits_per_second, 64'000);
}

TEST_F(BudgetFiles, ABudgetThatIsNotUnderstoodIsNoBudgetOfNothing) {
  for (const char* text :
       {"{", "[]", R"({"day":"much"})", R"({"hours":"8-9"})", R"({"metered":"perhaps"})"}) {
    write("link-budget.json", text);
    const auto read = read_budget(folder);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, Errc::invalid_value);
    EXPECT_NE(read.error().message.find("link-budget.json"), std::string::npos);
  }
  write("link-usage.json", "{\"day\":7,\"day_sent\":\"x\",\"month_sent\":-1}");
  EXPECT_EQ(read_usage(folder).of_day, ByteCounts());
}

}  // namespace
}  // namespace wasl
