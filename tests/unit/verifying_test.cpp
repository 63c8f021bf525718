// What `verify` finds although nothing on a screen shows it.
#include "tests/support/hub_world.hpp"

namespace wasl::test {
namespace {

struct Verifying : testing::Test {
  HubWorld world;
  HubOffice senegal;
  Verifying() : senegal(world, invited(world)) {}

  static Invitation invited(HubWorld& world) {
    world.add_two_associations();
    return world.invite("senegal");
  }
};

TEST_F(Verifying, NamesAnOpeningThatIsMissingOrAnother) {
  senegal.sql("INSERT INTO person(id, space, name, phone) VALUES('p1', 'section/africa', 'Awa', '+221 1')");
  EXPECT_EQ(senegal.sync().summary.equal, true);
  senegal.sql("DELETE FROM person WHERE id = 'p1'");
  EXPECT_EQ(senegal.sync().summary.equal, true);
  EXPECT_TRUE(must(senegal.replica().verify()).ok);
  Database& db = senegal.replica().database();
  must(db.exec("UPDATE _wasl_opening SET salt = zeroblob(16)"));
  const auto other = must(senegal.replica().verify());
  EXPECT_FALSE(other.ok);
  ASSERT_FALSE(other.problems.empty());
  EXPECT_NE(other.problems.front().find("cannot be opened"), std::string::npos) << other.problems.front();
  must(db.exec("DELETE FROM _wasl_opening"));
  EXPECT_EQ(must(senegal.replica().verify()).problems.size(), 2U) << "name and phone";
}

TEST_F(Verifying, NamesAnEntryWhoseRowSaysOtherwiseThanItsBlock) {
  senegal.sql("INSERT INTO need(id, space, title) VALUES('n1', 'section/africa', 'Water')");
  EXPECT_EQ(senegal.sync().summary.equal, true);
  Database& db = senegal.replica().database();
  for (const std::string damage : {"hash = zeroblob(32)", "time = time + 1", "authority = authority + 1"}) {
    must(db.exec("UPDATE _wasl_entry SET " + damage + " WHERE source IS NOT NULL"));
    EXPECT_FALSE(must(senegal.replica().verify()).ok) << damage;
  }
}

}  // namespace
}  // namespace wasl::test
