// The audit reads the logs beside a hub that works: what it tells, in which order, and what it leaves out.
#include "server/hub/audit.hpp"

#include "server/app/auditing.hpp"
#include "tests/support/hub_world.hpp"

namespace wasl::test {
namespace {

struct AuditTest : testing::Test {
  HubWorld world;
  AuditTest() { world.add_two_associations(); }
  std::vector<AuditLine> lines(const AuditFilter& filter) {
    std::vector<AuditLine> out;
    must(audit(world.store(), world.schema(), filter, [&](const AuditLine& line) -> Status {
      out.push_back(line);
      return {};
    }));
    return out;
  }
};

TEST_F(AuditTest, TellsWhoDidWhatUnderWhichGrant) {
  HubOffice senegal(world, world.invite("senegal"));
  senegal.sql("INSERT INTO project(id, space, title) VALUES('p1', 'section/africa', 'Water')");
  ASSERT_EQ(senegal.sync().summary.equal, true);
  const std::uint32_t project = world.schema().find("project")->number;
  const auto found = lines({.record = {{project, "p1"}}});
  ASSERT_FALSE(found.empty());
  for (const AuditLine& line : found) {
    EXPECT_EQ(line.author, senegal.replica().device());
    EXPECT_EQ(line.author_kind, "device");
    EXPECT_EQ(line.organisation, "senegal");
    EXPECT_EQ(line.register_name, "project");
    EXPECT_EQ(line.space, "section/africa");
    EXPECT_TRUE(line.grant);
  }
  EXPECT_EQ(found.front().what, "created");
}

TEST_F(AuditTest, TellsActsByTimeFromTheStatementOn) {
  const auto all = lines({});
  ASSERT_GE(all.size(), 4U);
  EXPECT_EQ(all.front().kind, ledger::EntryKind::statement);
  EXPECT_FALSE(all.front().author);
  EXPECT_EQ(all[1].author_kind, "registrar");
  EXPECT_EQ(all[1].what, "added the section africa");
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_LE(all[i - 1].time, all[i].time);
}

TEST_F(AuditTest, LeavesOutWhatDoesNotFit) {
  HubOffice senegal(world, world.invite("senegal"));
  HubOffice mali(world, world.invite("mali"));
  for (HubOffice* office : {&senegal, &mali}) {
    office->sql("INSERT INTO project(space, title) VALUES('section/africa', 'Water')");
    ASSERT_EQ(office->sync().summary.equal, true);
  }
  for (const AuditLine& line : lines({.organisation = "mali"})) EXPECT_EQ(line.organisation, "mali");
  const std::string key = to_hex(mali.replica().device().view());
  const auto of_device = lines({.device = key.substr(0, 10)});
  ASSERT_FALSE(of_device.empty());
  for (const AuditLine& line : of_device) EXPECT_EQ(line.author, mali.replica().device());
  EXPECT_TRUE(lines({.person = key}).empty());
  EXPECT_TRUE(lines({.until = 1}).empty());
  const Millis last = lines({}).back().time;
  EXPECT_FALSE(lines({.from = last}).empty());
  EXPECT_TRUE(lines({.from = last + 1}).empty());
}

TEST(CsvField, FollowsRfc4180AndGivesNoFormula) {
  EXPECT_EQ(csv_field("plain"), "plain");
  EXPECT_EQ(csv_field(""), "");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("say \"x\""), "\"say \"\"x\"\"\"");
  EXPECT_EQ(csv_field("two\nlines"), "\"two\nlines\"");
  for (const char* formula : {"=1+1", "+1", "-1", "@SUM(A1)", "\tx"})
    EXPECT_EQ(csv_field(formula)[0], '\'') << formula;
  EXPECT_EQ(csv_field("\rx"), "\"'\rx\"");
}

TEST(ParseMoment, TakesDaysAndTimes) {
  EXPECT_EQ(*parse_moment("1970-01-02", false), 86'400'000);
  EXPECT_EQ(*parse_moment("1970-01-02", true), 2 * 86'400'000);
  EXPECT_EQ(*parse_moment("1970-01-01T00:00:01Z", true), 1000);
  for (const char* bad : {"", "1970", "1970-02-31", "1970-1-1", "1970-01-01T25:00:00Z", "1970-01-01T00:00:00",
                          "x970-01-01", "1970-01-01T00:00:00Zx", "1969-01-01"})
    EXPECT_EQ(parse_moment(bad, false).error().code, Errc::invalid_value) << bad;
}

}  // namespace
}  // namespace wasl::test
