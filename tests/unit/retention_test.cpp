// Who is waited for, for how long, and up to where a log is news to nobody.
#include "server/hub/retention.hpp"

#include <gtest/gtest.h>

#include "server/hub/snapshot_building.hpp"
#include "tests/support/hub_world.hpp"

namespace wasl::test {
namespace {

using ledger::kDay;
using ledger::Reader;
using ledger::retention_floor;

constexpr Millis kNow = 1'000 * kDay;
const ledger::RetentionRules kRules;

Reader reader(Millis days_ago, std::uint64_t acknowledged) { return {kNow - days_ago * kDay, acknowledged}; }

TEST(Retention, TheLeastOfWhatAllReadersHaveAndWhatIsOldEnough) {
  const std::vector<Reader> readers{reader(1, 70), reader(100, 40), reader(179, 55)};
  EXPECT_EQ(retention_floor(readers, 90, 90, kNow, kRules), 40U);
  EXPECT_EQ(retention_floor(readers, 30, 90, kNow, kRules), 30U) << "the rest is too young";
  EXPECT_EQ(retention_floor(readers, 90, 20, kNow, kRules), 20U) << "nobody could begin behind it";
  EXPECT_EQ(retention_floor({}, 90, 80, kNow, kRules), 80U);
}

TEST(Retention, ALeaseEndsWithItsLastDay) {
  const std::vector<Reader> waits{{kNow - 180 * kDay + 1, 5}};
  const std::vector<Reader> over{{kNow - 180 * kDay, 5}};
  EXPECT_EQ(retention_floor(waits, 90, 90, kNow, kRules), 5U);
  EXPECT_EQ(retention_floor(over, 90, 90, kNow, kRules), 90U);
  EXPECT_EQ(retention_floor(waits, 90, 90, kNow, {.lease = 30 * kDay}), 90U) << "as the hub is told";
}

TEST(Retention, WhoHoldsNothingOrNeverCameKeepsNothing) {
  const std::vector<Reader> readers{{0, 3}, reader(1, 0)};
  EXPECT_EQ(retention_floor(readers, 90, 90, kNow, kRules), 90U) << "they begin from a snapshot";
}

TEST(Retention, AClockThatStoodBeforeTheLastSyncEndsNoLease) {
  const std::vector<Reader> readers{reader(-10, 7)};
  EXPECT_EQ(retention_floor(readers, 90, 90, kNow, kRules), 7U);
}

struct HubRetention : testing::Test {
  HubRetention() {
    world.add_two_associations();
    world.hub().offer_snapshots(shelf);
    dakar.emplace(world, world.invite("senegal"));
    bamako.emplace(world, world.invite("mali"));
  }
  void write(int from, int to) {
    for (int i = from; i < to; ++i)
      dakar->sql("INSERT INTO project(id, space, title) VALUES('p" + std::to_string(i) +
                 "', 'section/africa', 'T')");
    dakar->sync();
  }
  void build() { must(build_snapshots(world.store(), shelf, {true, nullptr})); }
  SpaceFloor floor() { return must(floor_of(world.hub(), shelf, "section/africa", kRules)); }
  Position size() { return must(world.hub().size("section/africa")); }
  void pass(Millis days) { world.clock().time += days * kDay; }
  PublicKey away() { return bamako->replica().device(); }

  HubWorld world;
  SnapshotShelf shelf{world.folder() / "snapshots"};
  std::optional<HubOffice> dakar, bamako;
};

TEST_F(HubRetention, AnOfficeWithinItsLeaseHoldsTheFloorBack) {
  write(0, 3);
  bamako->sync();
  const Position known = size();
  write(3, 6);
  pass(100);
  build();
  dakar->sync();
  SpaceFloor now = floor();
  EXPECT_EQ(now.old, size());
  EXPECT_EQ(now.floor, known);
  EXPECT_EQ(now.held_by, std::vector{away()});
  EXPECT_EQ(must(leased_until(world.hub(), dakar->replica().device(), kRules)),
            world.clock().now() + 180 * kDay);

  pass(81);
  EXPECT_EQ(floor().floor, floor().old) << "its lease has lapsed";
  EXPECT_TRUE(floor().held_by.empty());
  bamako->sync();
  EXPECT_EQ(floor().floor, floor().old) << "and it has everything by now";
}

TEST_F(HubRetention, WhatIsYoungOrInNoSnapshotStays) {
  write(0, 3);
  bamako->sync();
  build();
  EXPECT_EQ(floor().floor, 0U);
  pass(91);
  const Position known = size();
  write(3, 5);
  bamako->sync();
  EXPECT_EQ(floor().floor, known);
}

TEST_F(HubRetention, ARevokedDeviceIsWaitedForNoMore) {
  write(0, 3);
  bamako->sync();
  write(3, 6);
  pass(100);
  build();
  dakar->sync();
  EXPECT_LT(floor().floor, floor().old);
  must(world.registrar().revoke({away(), RevocationReason::lost, 0}));
  EXPECT_EQ(floor().floor, floor().old);
  EXPECT_EQ(must(leased_until(world.hub(), away(), kRules)), std::nullopt);
}

}  // namespace
}  // namespace wasl::test
