// The hub and real replicas, frame by frame, without sockets.
#include "tests/support/hub_world.hpp"

namespace wasl::test {
namespace {

struct TwoOffices : testing::Test {
  HubWorld world;
  TwoOffices() { world.add_two_associations(); }
};

TEST_F(TwoOffices, JoinAndEndEqual) {
  HubOffice senegal(world, world.invite("senegal"));
  HubOffice mali(world, world.invite("mali"));
  senegal.sql("INSERT INTO project(id, space, title) VALUES('p1', 'section/africa', 'Water')");
  const auto sent = senegal.sync();
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_EQ(sent.summary.equal, true);
  EXPECT_EQ(sent.summary.accepted, 1U);
  const auto received = mali.sync();
  ASSERT_FALSE(received.error) << received.error->message;
  EXPECT_EQ(received.summary.equal, true);
  EXPECT_EQ(received.summary.received_sets, 1U);
  EXPECT_EQ(mali.rows("SELECT id, space FROM project"), "p1|section/africa");
}

TEST_F(TwoOffices, OwnWorkDoesNotTravelBack) {
  HubOffice senegal(world, world.invite("senegal"));
  senegal.sql("INSERT INTO project(id, space, title) VALUES('p1', 'section/africa', 'Water')");
  const auto sent = senegal.sync();
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_EQ(sent.own_items, 1U);
  EXPECT_EQ(sent.summary.received_sets, 0U);
  EXPECT_TRUE(must(senegal.replica().verify()).ok);
}

TEST_F(TwoOffices, NothingToDoTakesOneRoundTripAndNoProof) {
  HubOffice senegal(world, world.invite("senegal"));
  const auto idle = senegal.sync();
  ASSERT_FALSE(idle.error) << idle.error->message;
  EXPECT_EQ(idle.summary.equal, true);
  EXPECT_EQ(idle.summary.round_trips, 1U);
  EXPECT_LT(idle.bytes_down, 100U);
}

TEST_F(TwoOffices, ACutAtAnyFrameLosesNothing) {
  HubOffice senegal(world, world.invite("senegal"));
  HubOffice mali(world, world.invite("mali"));
  for (int i = 0; i < 8; ++i) {
    const std::string id = "p" + std::to_string(i);
    senegal.sql("INSERT INTO project(id, space, title) VALUES('" + id + "', 'section/africa', 'Water')");
    mali.sql("INSERT INTO project(id, space, title) VALUES('m" + id + "', 'section/africa', 'Road')");
    must(mali.sync().summary.equal.has_value() ? Status{} : fail(Errc::no_link, "mali"));
    senegal.sync(static_cast<std::size_t>(i));
    const auto whole = senegal.sync();
    ASSERT_FALSE(whole.error) << whole.error->message;
    EXPECT_EQ(whole.summary.equal, true) << i;
  }
  EXPECT_EQ(mali.sync().summary.equal, true);
  EXPECT_EQ(mali.rows("SELECT count(*) FROM project"), "16");
}

TEST_F(TwoOffices, ADiskThatIsFullAtAnyPageIsForgottenOnceThereIsSpace) {
  HubOffice senegal(world, world.invite("senegal"));
  HubOffice mali(world, world.invite("mali"));
  std::size_t full = 0;
  for (int extra = 0; extra < 24; ++extra) {
    const std::string id = "p" + std::to_string(extra);
    mali.sql("INSERT INTO project(id, space, title, summary) VALUES('" + id +
             "', 'section/africa', 'Water', '" + std::string(9000, 'x') + "')");
    EXPECT_EQ(mali.sync().summary.equal, true);
    Database& disk = senegal.replica().database();
    const int pages = std::stoi(senegal.rows("SELECT page_count FROM pragma_page_count"));
    ASSERT_TRUE(disk.exec("PRAGMA max_page_count=" + std::to_string(pages + extra)));
    const auto cut = senegal.sync();
    full += cut.error && cut.error->code == Errc::storage_failed ? 1 : 0;
    ASSERT_TRUE(disk.exec("PRAGMA max_page_count=1000000"));
    const auto whole = senegal.sync();
    ASSERT_FALSE(whole.error) << extra << ": " << whole.error->message;
    EXPECT_EQ(whole.summary.equal, true) << extra;
  }
  EXPECT_GT(full, 2U);
  EXPECT_EQ(senegal.rows("SELECT count(*) FROM project"), "24");
  EXPECT_TRUE(must(senegal.replica().verify()).ok);
}

TEST_F(TwoOffices, TheHubRestartsBetweenSessions) {
  HubOffice senegal(world, world.invite("senegal"));
  senegal.sql("INSERT INTO project(id, space, title) VALUES('p1', 'section/africa', 'Water')");
  senegal.sync();
  world.reopen();
  senegal.sql("UPDATE project SET reference = 'A-1'");
  const auto sent = senegal.sync();
  ASSERT_FALSE(sent.error) << sent.error->message;
  EXPECT_EQ(sent.summary.equal, true);
}

TEST_F(TwoOffices, AnInvitationWorksOnce) {
  const Invitation invitation = world.invite("senegal");
  HubOffice first(world, invitation);
  try {
    HubOffice second(world, invitation);
    FAIL() << "joined twice";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("used before"), std::string::npos);
  }
}

}  // namespace
}  // namespace wasl::test
