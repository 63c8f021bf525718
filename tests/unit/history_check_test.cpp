// A copy of a hub's database: what one commit left, and nothing that was changed in it passes.
#include "server/hub/history_check.hpp"

#include "server/store/open_store.hpp"
#include "shared/ledger/note.hpp"
#include "shared/sqlite/copying.hpp"
#include "shared/sqlite/database.hpp"
#include "tests/support/hub_world.hpp"

namespace wasl::test {
namespace {

struct HistoryChecking : testing::Test {
  HubWorld world;
  std::filesystem::path copy = world.folder() / "copy.db";

  HistoryChecking() {
    world.add_two_associations();
    const auto key = crypto::KeyPair::generate(world.random());
    Pen pen(world, key, "section/africa", world.enrol(key, "mali"));
    for (const char* id : {"p1", "p2", "p3"}) write(pen, id);
  }
  void write(Pen& pen, const std::string& id) {
    std::vector<Operation> operations{Pen::create("project", id),
                                      Pen::write_text("project", id, "reference", id)};
    const auto verdicts = world.push(pen.run({pen.write(std::move(operations))}));
    EXPECT_EQ(verdicts.front().verdict.outcome, Outcome::accepted);
  }
  Result<CheckedHistory> check(const std::string& note) {
    return check_history(*must(open_hub_store(copy, StoreUse::read)), note);
  }
  std::string note() { return world.hub().committer().heads().note(); }
};

TEST_F(HistoryChecking, ACopyIsWhatTheHubHadSigned) {
  const std::string before = note();
  const auto key = crypto::KeyPair::generate(world.random());
  Pen pen(world, key, "section/africa", world.enrol(key, "senegal"));
  write(pen, "p4");
  must(copy_database(world.folder() / "hub.db", copy));
  const CheckedHistory checked = must(check(before));
  EXPECT_EQ(checked.network, world.network());
  EXPECT_EQ(checked.name, "Test network");
  EXPECT_EQ(checked.heads, world.hub().heads().size);
  EXPECT_GE(checked.records, 4U);
  EXPECT_TRUE(check(note()));
  write(pen, "p5");
  EXPECT_FALSE(check(note())) << "the copy ends before this checkpoint";
}

TEST_F(HistoryChecking, ACheckpointOfAnotherKeyIsNone) {
  must(copy_database(world.folder() / "hub.db", copy));
  const auto stranger = crypto::KeyPair::generate(world.random());
  const ledger::Checkpoint checkpoint{ledger::heads_origin(world.network(), 1), world.hub().heads().size,
                                      world.hub().heads().root};
  const auto checked = check(must(ledger::sign_checkpoint(checkpoint, stranger)));
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, Errc::bad_signature);
}

TEST_F(HistoryChecking, ACopyNeverReplacesAFile) {
  must(copy_database(world.folder() / "hub.db", copy));
  const auto again = copy_database(world.folder() / "hub.db", copy);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::conflict);
  EXPECT_TRUE(check(note()));
  EXPECT_FALSE(copy_database(world.folder() / "nothing.db", world.folder() / "copy2.db"));
  EXPECT_FALSE(std::filesystem::exists(world.folder() / "copy2.db"));
}

class HistoryChanged : public HistoryChecking, public testing::WithParamInterface<const char*> {};

TEST_P(HistoryChanged, IsFound) {
  must(copy_database(world.folder() / "hub.db", copy));
  ASSERT_TRUE(check(note()));
  {
    Database database = must(Database::open({.path = copy}));
    must(database.exec(GetParam()));
    ASSERT_GT(database.changes(), 0);
  }
  EXPECT_FALSE(check(note()));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, HistoryChanged,
    testing::Values(
        "UPDATE _wasl_parked SET state = (SELECT state FROM _wasl_parked WHERE id = 'p2') WHERE id = 'p1'",
        "DELETE FROM _wasl_parked WHERE id = 'p3'", "UPDATE _wasl_bucket SET hash = zeroblob(32)",
        "DELETE FROM _wasl_block WHERE space = (SELECT no FROM _wasl_space WHERE name = 'section/africa')",
        "DELETE FROM _wasl_block WHERE no = (SELECT max(no) FROM _wasl_block)",
        "UPDATE _wasl_block SET data = (SELECT b.data FROM _wasl_block b WHERE b.no < _wasl_block.no ORDER "
        "BY "
        "b.no DESC LIMIT 1) WHERE no = (SELECT max(no) FROM _wasl_block)",
        "UPDATE _wasl_space SET leaf = (SELECT leaf FROM hub_heads_leaf WHERE no = 0), leaf_index = 0 WHERE "
        "name = "
        "'section/africa'",
        "UPDATE hub_heads_leaf SET leaf = (SELECT leaf FROM hub_heads_leaf WHERE no = 0) WHERE no = 1",
        "DELETE FROM hub_heads_leaf WHERE no = (SELECT max(no) FROM hub_heads_leaf)"));

}  // namespace
}  // namespace wasl::test
