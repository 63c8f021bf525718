// Deleted records go for good where everybody who is waited for knows of it, and never what lives.
#include <gmock/gmock.h>

#include "server/hub/compaction.hpp"
#include "server/hub/history_check.hpp"
#include "server/hub/snapshot_building.hpp"
#include "shared/store/collecting.hpp"
#include "tests/support/lied_to.hpp"

namespace wasl::test {
namespace {

using ledger::kDay;
using testing::HasSubstr;

constexpr ledger::RetentionRules kRules{180 * kDay, 90 * kDay, true};

struct Collecting : testing::Test {
  Collecting() {
    world.add_two_associations();
    dakar.emplace(world, world.invite("senegal", "publisher"));
    bamako.emplace(world, world.invite("mali", "publisher"));
    world.hub().offer_snapshots(shelf);
    dakar->sql(
        "INSERT INTO project(id, space, title) VALUES('p1', 'section/africa', 'Water'),"
        "('p2', 'section/africa', 'Road'), ('p3', 'section/africa', 'School')");
    equal(*dakar);
    equal(*bamako);
  }
  static void equal(HubOffice& office) {
    auto session = office.sync();
    if (session.error && must(office.replica().status()).unsent > 0) session = office.sync();
    ASSERT_FALSE(session.error) << session.error->message;
    EXPECT_EQ(session.summary.equal, true);
  }
  void build() {
    must(build_snapshots(world.store(), shelf, {true, nullptr}));
    must(shelf.await_newest(std::string(kAfrica)));
  }
  void pass(Millis days) { world.clock().time += days * kDay; }
  void compact(const ledger::RetentionRules& rules = kRules) {
    Compactor compactor(world.hub(), shelf, rules);
    for (int steps = 0; must(compactor.step(true)); ++steps) ASSERT_LT(steps, 10'000);
  }
  /// Everybody knows of it, and 91 days pass.
  void settle() {
    equal(*dakar);
    equal(*bamako);
    build();
    pass(91);
  }
  void erase(const std::string& id) { dakar->sql("DELETE FROM project WHERE id = '" + id + "'"); }
  SpaceNumber number() { return must(world.store().space(kAfrica))->number; }
  bool is_known(const std::string& id) { return must(world.store().record(number(), id)).has_value(); }
  std::uint64_t collected() {
    return must(decode_collected(must(world.store().meta(collected_key(kAfrica))))).records;
  }
  /// Records that it holds and does not show; acts of `authority` have no table at all.
  static std::string hidden(HubOffice& office) {
    return office.rows("SELECT count(*) FROM _wasl_hidden WHERE register <> 0");
  }
  Position size() { return must(world.hub().size(std::string(kAfrica))); }
  void sound() {
    EXPECT_GT(must(check_history(world.store(), world.hub().committer().heads().note())).entries, 0U);
  }
  static void sound(HubOffice& office) {
    EXPECT_THAT(must(office.replica().verify()).problems, testing::IsEmpty());
  }

  HubWorld world;
  SnapshotShelf shelf{world.folder() / "snapshots"};
  std::optional<HubOffice> dakar, bamako;
};

TEST_F(Collecting, WhatEverybodyKnowsToBeDeadLeavesEveryState) {
  erase("p2");
  settle();
  EXPECT_TRUE(is_known("p2"));
  EXPECT_EQ(hidden(*bamako), "1");
  compact();
  EXPECT_FALSE(is_known("p2"));
  EXPECT_EQ(collected(), 1U);
  for (HubOffice* office : {&*dakar, &*bamako}) {
    equal(*office);
    EXPECT_EQ(hidden(*office), "0");
    EXPECT_EQ(office->rows("SELECT id FROM project ORDER BY id"), "p1\np3");
    sound(*office);
  }
  sound();
  const Position before = size();
  compact();
  EXPECT_EQ(size(), before) << "and there is no more";
}

TEST_F(Collecting, NothingGoesWhereTheOperatorHasNotSaidSo) {
  erase("p2");
  settle();
  compact({});
  EXPECT_TRUE(is_known("p2"));
  EXPECT_GT(must(world.store().let_go(std::string(kAfrica))), 0U);
}

TEST_F(Collecting, AnOfficeWithinItsLeaseHoldsItBack) {
  erase("p2");
  equal(*dakar);  // Bamako does not hear of it
  build();
  pass(91);
  compact();
  EXPECT_TRUE(is_known("p2"));
  pass(90);
  compact();
  EXPECT_FALSE(is_known("p2")) << "its lease has lapsed";
}

TEST_F(Collecting, TheCountIsSaidBefore) {
  erase("p2");
  erase("p3");
  settle();
  Compactor compactor(world.hub(), shelf, kRules);
  const auto dead = [&] {
    for (const CompactionView& one : must(compactor.look(true, true)))
      if (one.space == kAfrica) return one.dead;
    return std::optional<std::uint64_t>();
  };
  EXPECT_EQ(dead(), 2U);
  compact();
  EXPECT_EQ(dead(), 0U);
}

TEST_F(Collecting, WhatLivesAgainStays) {
  erase("p2");
  settle();
  bamako->sql("INSERT INTO project(id, space, title) VALUES('p2', 'section/africa', 'Road again')");
  equal(*bamako);
  compact();
  EXPECT_TRUE(is_known("p2"));
  equal(*dakar);
  EXPECT_EQ(dakar->rows("SELECT title FROM project WHERE id = 'p2'"), "Road again");
}

TEST_F(Collecting, AnEditOfOneThatWasAwayTooLongIsHeldAndRaisesNothing) {
  bamako->sql("UPDATE project SET title = 'Wide road' WHERE id = 'p2'");
  must(bamako->replica().seal());  // what is sealed together gets one verdict
  bamako->sql("INSERT INTO project(id, space, title) VALUES('q1', 'section/africa', 'Well')");
  must(bamako->replica().seal());
  erase("p2");
  equal(*dakar);
  build();
  pass(181);
  equal(*dakar);
  compact();
  EXPECT_FALSE(is_known("p2"));
  bamako->sync();
  equal(*bamako);
  equal(*dakar);
  EXPECT_FALSE(is_known("p2"));
  EXPECT_EQ(dakar->rows("SELECT id FROM project ORDER BY id"), "p1\np3\nq1");
  const auto held = must(world.store().kept_list(false));
  ASSERT_EQ(held.size(), 1U);
  EXPECT_EQ(held.front().reason, Reason::gone);
  EXPECT_FALSE(held.front().body.empty()) << "a person decides";
  EXPECT_EQ(bamako->rows("SELECT count(*) FROM _wasl_pending WHERE state = 1"), "1");
  sound(*bamako);
}

TEST_F(Collecting, WhatOneThatWasAwayMadeUnderTheSameIdIsARecordOfItsOwn) {
  bamako->sql("INSERT INTO project(id, space, title) VALUES('q1', 'section/africa', 'Well')");
  must(bamako->replica().seal());
  dakar->sql(
      "INSERT INTO project(id, space, title, reference) VALUES('q1', 'section/africa', 'Mill', 'M-1')");
  equal(*dakar);
  erase("q1");
  equal(*dakar);
  build();
  pass(181);
  equal(*dakar);
  compact();
  EXPECT_FALSE(is_known("q1"));
  bamako->sync();
  equal(*bamako);
  equal(*dakar);
  EXPECT_EQ(dakar->rows("SELECT title, reference FROM project WHERE id = 'q1'"), "Well|");
  const auto state = must(world.store().record(number(), "q1"));
  ASSERT_TRUE(state);
  EXPECT_TRUE(state->deletions.empty());
  for (HubOffice* office : {&*dakar, &*bamako}) sound(*office);
}

TEST_F(Collecting, WhatWaitsForAPersonKeepsWhatItIsAbout) {
  bamako->sql("UPDATE project SET title = 'Wide road' WHERE id = 'p2'");
  must(bamako->replica().seal());
  must(world.act(world.administrator(), {RevokeAct{bamako->replica().device(), RevocationReason::lost, 0}}));
  bamako->sync();
  ASSERT_EQ(must(world.store().kept_list(false)).size(), 1U);
  const Hash held = must(world.store().kept_list(false)).front().name;
  erase("p2");
  erase("p3");
  equal(*dakar);
  build();
  pass(91);
  compact();
  EXPECT_TRUE(is_known("p2")) << "the edit can still be adopted";
  EXPECT_FALSE(is_known("p3"));
  must(world.act(world.administrator(), {AdoptAct{{held}}}, std::string(kAfrica)));
  equal(*dakar);
  EXPECT_EQ(dakar->rows("SELECT title FROM project WHERE id = 'p2'"), "Wide road");
}

TEST_F(Collecting, ANewcomerBeginsWithoutThem) {
  erase("p2");
  settle();
  compact();
  HubOffice late(world, world.invite("mali"));
  equal(late);
  EXPECT_EQ(late.rows("SELECT id FROM project ORDER BY id"), "p1\np3");
  EXPECT_EQ(hidden(late), "0");
  sound(late);
  build();
  HubOffice later(world, world.invite("mali"));
  equal(later);
  EXPECT_EQ(hidden(later), "0");
  sound(later);
}

TEST_F(Collecting, ADamagedReplicaIsMendedToTheSame) {
  erase("p2");
  settle();
  compact();
  equal(*bamako);
  must(bamako->replica().rebuild(kAfrica));
  equal(*bamako);
  EXPECT_EQ(hidden(*bamako), "0");
  sound(*bamako);
}

TEST_F(Collecting, ARevocationReachesBehindItAndNoDeeper) {
  const Millis before = world.clock().now();
  erase("p2");
  settle();
  compact();
  const Status deep = world.act(
      world.administrator(), {RevokeAct{dakar->replica().device(), RevocationReason::compromised, before}});
  ASSERT_FALSE(deep);
  EXPECT_THAT(deep.error().message, HasSubstr("are settled"));
  const Millis since = world.clock().now();
  ++world.clock().time;
  dakar->sql("INSERT INTO project(id, space, title) VALUES('p2', 'section/africa', 'by a thief')");
  equal(*dakar);
  must(world.act(world.administrator(),
                 {RevokeAct{dakar->replica().device(), RevocationReason::compromised, since}}));
  equal(*bamako);
  EXPECT_FALSE(is_known("p2")) << "without the thief's it is as it was: collected";
  EXPECT_EQ(bamako->rows("SELECT id FROM project ORDER BY id"), "p1\np3");
  sound();
  sound(*bamako);
}

TEST_F(Collecting, AHubThatIsBegunAnewGoesOn) {
  erase("p2");
  settle();
  compact();
  world.reopen();
  world.hub().offer_snapshots(shelf);
  equal(*dakar);
  equal(*bamako);
  sound();
  EXPECT_EQ(collected(), 1U);
}

/// A hub that says more than there is in its log.
struct CollectingTooMuch : Collecting {
  CarriedSession lie(const ledger::Collection& list) {
    Liar hub(world);
    hub.entries_lie = in_space(kAfrica, [list](Segment& segment) {
      segment.items.emplace_back(collect_item(last_entry(segment), list));
    });
    return bamako->sync_with(hub);
  }
  std::uint32_t project() { return must(world.store().record(number(), "p1"))->register_number; }
  void honest() {
    equal(*bamako);
    EXPECT_EQ(bamako->rows("SELECT id FROM project ORDER BY id"), "p1\np3");
    sound(*bamako);
  }
};

TEST_F(CollectingTooMuch, WhatLivesIsNotCollected) {
  erase("p2");
  equal(*dakar);
  expect_caught(lie({size(), {{project(), "p1"}}}),
                "the hub collects p1 of section/africa, which is not dead");
  honest();
}

TEST_F(CollectingTooMuch, WhatDiedBehindTheFloorIsNotCollected) {
  const Position before = size();
  erase("p2");
  equal(*dakar);
  expect_caught(lie({before, {{project(), "p2"}}}), "or was not at " + std::to_string(before));
  honest();
}

TEST_F(CollectingTooMuch, AFloorStandsBeforeItsEntry) {
  erase("p2");
  equal(*dakar);
  expect_caught(lie({size() + 1, {{project(), "p2"}}}), "that are not settled");
  honest();
}

TEST_F(CollectingTooMuch, WhatNeverWasIsNotCollected) {
  erase("p2");
  equal(*dakar);
  expect_caught(lie({size(), {{project(), "p9"}}}), "the hub collects p9");
  honest();
}

TEST_F(CollectingTooMuch, WhatIsUnprovedIsTakenBackWithIt) {
  erase("p2");
  equal(*dakar);
  // A list that could be true, and that the hub has not signed: believed for now, and only for now.
  EXPECT_FALSE(lie({size(), {{project(), "p2"}}}).error);
  EXPECT_EQ(hidden(*bamako), "0");
  expect_caught(bamako->sync(), "entries of section/africa that it never signed");
  honest();
  EXPECT_EQ(hidden(*bamako), "1");
}

}  // namespace
}  // namespace wasl::test
