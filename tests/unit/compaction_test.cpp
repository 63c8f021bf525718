// Old values go, headers stay: what is left proves as much, gives the same state, and serves whoever is
// waited for.
#include "server/hub/compaction.hpp"

#include <gmock/gmock.h>

#include "server/hub/audit.hpp"
#include "server/hub/history_check.hpp"
#include "server/hub/snapshot_building.hpp"
#include "shared/wire/let_go.hpp"
#include "tests/support/hub_world.hpp"

namespace wasl::test {
namespace {

using ledger::kDay;
using testing::HasSubstr;

constexpr const char* kAfrica = "section/africa";
constexpr int kRecords = 40;

struct Compaction : testing::Test {
  Compaction() {
    world.add_two_associations();
    dakar.emplace(world, world.invite("senegal", "publisher"));
    bamako.emplace(world, world.invite("mali", "publisher"));
    world.hub().offer_snapshots(shelf);
    for (int edit = 0; edit < 6; ++edit) write(edit);
    bamako->sync();
    build();
    settled = size();
  }
  void write(int edit) {
    std::string sql;
    for (int i = 0; i < kRecords; ++i) {
      const std::string id = "p" + std::to_string(100 + i);
      const std::string text = "'Water for village " + std::to_string(i * 7919 + edit * 104'729) + "'";
      sql += edit == 0 ? "INSERT INTO project(id, space, title) VALUES('" + id + "', 'section/africa', " +
                             text + ");"
                       : "UPDATE project SET title = " + text + " WHERE id = '" + id + "';";
    }
    dakar->sql(sql);
    equal(*dakar);
  }
  /// What refers to entries that were let go is said again.
  static void equal(HubOffice& office) {
    auto session = office.sync();
    if (session.error && must(office.replica().status()).unsent > 0) session = office.sync();
    EXPECT_FALSE(session.error) << session.error->message;
    EXPECT_EQ(session.summary.equal, true);
  }
  void build() { must(build_snapshots(world.store(), shelf, {true, nullptr})); }
  Position size() { return must(world.hub().size(kAfrica)); }
  Position let_go() { return must(world.store().let_go(kAfrica)); }
  void pass(Millis days) { world.clock().time += days * kDay; }
  void compact() {
    Compactor compactor(world.hub(), shelf, {});
    for (int steps = 0; must(compactor.step(true)); ++steps) ASSERT_LT(steps, 10'000);
  }
  CompactionView view() {
    Compactor compactor(world.hub(), shelf, {});
    for (const CompactionView& one : must(compactor.look(true)))
      if (one.space == kAfrica) return one;
    throw std::runtime_error("nothing is known of section/africa");
  }
  std::string note() { return world.hub().committer().heads().note(); }
  void sound() { EXPECT_GT(must(check_history(world.store(), note())).entries, 0U); }

  HubWorld world;
  SnapshotShelf shelf{world.folder() / "snapshots"};
  std::optional<HubOffice> dakar, bamako;
  Position settled = 0;
};

TEST_F(Compaction, WaitsForAgeAndForOfficesThatMayComeBack) {
  compact();
  EXPECT_EQ(let_go(), 0U);
  EXPECT_THAT(view().waits, HasSubstr("old enough"));
  pass(91);
  compact();
  EXPECT_EQ(let_go(), settled);
  EXPECT_EQ(view().goes, settled);
}

TEST_F(Compaction, AnOfficeWithinItsLeaseHoldsItBack) {
  write(7);  // which Bamako never gets
  build();
  must(shelf.await_newest(kAfrica));
  pass(91);
  equal(*dakar);
  compact();
  EXPECT_EQ(let_go(), 0U);
  EXPECT_THAT(view().waits, HasSubstr("1 devices that are waited for"));
  EXPECT_EQ(view().floor.held_by, std::vector{bamako->replica().device()});
  pass(90);
  compact();
  EXPECT_EQ(let_go(), size()) << "its lease has lapsed";
}

TEST_F(Compaction, EveryRootChainAndSignatureStandsAndTheBytesAreLess) {
  const Hash root = must(world.store().root(kAfrica, settled));
  const Hash digest = must(world.store().digest(kAfrica));
  const std::uint64_t before = must(world.store().bytes_behind(kAfrica, 0));
  pass(91);
  compact();
  EXPECT_EQ(must(world.store().root(kAfrica, settled)), root);
  EXPECT_EQ(must(world.store().digest(kAfrica)), digest);
  EXPECT_LT(must(world.store().bytes_behind(kAfrica, 0)), before);
  sound();
  std::size_t bare = 0;
  for (const Segment& block : must(world.store().read(kAfrica, 1, SIZE_MAX, world.network()))) {
    must(verify_runs(block, world.network()));
    each_entry(block, [&](Position, const SegmentItem& item, const Header* header) {
      bare += is_let_go(item) && header != nullptr ? 1 : 0;
    });
  }
  EXPECT_EQ(bare, settled);
  write(8);
  bamako->sync();
  equal(*bamako);
  sound();
}

TEST_F(Compaction, GoesOnWhereItWasLeft) {
  pass(91);
  int steps = 0;
  for (bool more = true; more; ++steps) {
    ASSERT_LT(steps, 10'000);
    Compactor compactor(world.hub(), shelf, {});  // as after a crash: nothing is remembered
    for (int i = 0; i < steps % 7 + 1 && more; ++i) more = must(compactor.step(true));
    sound();
    world.reopen();
    world.hub().offer_snapshots(shelf);
  }
  EXPECT_EQ(let_go(), settled);
  sound();
}

TEST_F(Compaction, ABaseFollowsABase) {
  pass(91);
  compact();
  write(9);
  equal(*bamako);
  build();
  const Position later = size();
  must(shelf.await_newest(kAfrica));
  compact();
  EXPECT_EQ(let_go(), settled) << "the second is too young";
  pass(91);
  compact();
  EXPECT_EQ(let_go(), later);
  EXPECT_EQ(must(world.store().base(kAfrica))->pieces.size(),
            must(world.store().base_pieces(kAfrica)).size());
  sound();
}

TEST_F(Compaction, ARevocationReachesWhatIsLeftAndNothingBelow) {
  pass(91);
  const Millis before = world.clock().now() - 100 * kDay;
  compact();
  dakar->sql("UPDATE project SET title = 'by a thief' WHERE id = 'p100'");
  equal(*dakar);
  const Status deep = world.act(
      world.administrator(), {RevokeAct{dakar->replica().device(), RevocationReason::compromised, before}});
  ASSERT_FALSE(deep);
  EXPECT_THAT(deep.error().message, HasSubstr("are settled"));
  const Millis since = world.clock().now() - kDay;
  must(world.act(world.administrator(),
                 {RevokeAct{dakar->replica().device(), RevocationReason::compromised, since}}));
  equal(*bamako);
  EXPECT_EQ(bamako->rows("SELECT title FROM project WHERE id = 'p100'"),
            "Water for village " + std::to_string(5 * 104'729))
      << "what it had replaced, out of the base";
  sound();
}

TEST_F(Compaction, WhoAsksForLessIsToldSo) {
  pass(91);
  compact();
  const auto frame = world.hub().entries(kAfrica, 1, {});
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().code, Errc::not_found);
  EXPECT_THAT(frame.error().message, HasSubstr("the headers alone"));
}

TEST_F(Compaction, OnALinkAChangeSetComesWithItsBody) {
  const auto blocks = must(world.store().read(kAfrica, 1, 1, world.network()));
  const Segment bare = without_bodies(blocks.front());
  must(verify_runs(bare, world.network()));
  const auto taken = decode_segment(encode_segment(FrameKind::entries, bare), world.network());
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Errc::malformed);
  EXPECT_THAT(taken.error().message, HasSubstr("without its body"));
}

TEST_F(Compaction, TheAuditSaysWhoWroteWhatIsKeptNoMore) {
  pass(91);
  compact();
  std::size_t bare = 0;
  must(audit(world.store(), world.schema(), {}, [&](const AuditLine& line) -> Status {
    if (line.what.find("was let go") == std::string::npos) return {};
    EXPECT_EQ(line.author, dakar->replica().device());
    EXPECT_EQ(line.organisation, "senegal");
    ++bare;
    return {};
  }));
  EXPECT_EQ(bare, settled);
}

TEST_F(Compaction, PersonalValuesThatWereReplacedGoAndThoseInForceCanStillBeErased) {
  dakar->sql("INSERT INTO person(id, space, name) VALUES('q', 'section/africa', 'Awa-one')");
  equal(*dakar);
  dakar->sql("UPDATE person SET name = 'Awa-two' WHERE id = 'q'");
  equal(*dakar);
  equal(*bamako);
  const auto all = must(world.store().commitments_of(kAfrica, "q", world.network()));
  ASSERT_EQ(all.size(), 2U);
  build();
  must(shelf.await_newest(kAfrica));
  pass(91);
  compact();
  const auto left = must(world.store().commitments_of(kAfrica, "q", world.network()));
  ASSERT_EQ(left.size(), 1U);
  for (const Hash& commitment : all) {
    const auto opening = must(world.store().opening(commitment));
    EXPECT_EQ(opening.has_value(), left.contains(commitment));
    if (opening) {
      EXPECT_EQ(opening->value, Value::text("Awa-two"));
    }
  }
  EXPECT_EQ(bamako->rows("SELECT name FROM person WHERE id = 'q'"), "Awa-two");
}

}  // namespace
}  // namespace wasl::test
