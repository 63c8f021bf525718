// What the committer decides, and that it remembers.
#include "server/hub/committer.hpp"

#include "shared/ledger/merkle.hpp"
#include "shared/sqlite/database.hpp"
#include "tests/support/hub_world.hpp"

namespace wasl::test {
namespace {

struct CommitterTest : testing::Test {
  HubWorld world;
  crypto::KeyPair device = crypto::KeyPair::generate(world.random());
  Hash grant;
  std::optional<Pen> pen;

  CommitterTest() {
    world.add_organisation("africa", "section");
    world.add_organisation("senegal", "association", "africa");
    grant = world.enrol(device, "senegal");
    pen.emplace(world, device, "section/africa", grant);
  }
  Position size(const std::string& space = "section/africa") { return must(world.hub().size(space)); }
  ChangeSet project(const std::string& id) { return pen->write({Pen::create("project", id)}); }
  /// An update of a record that nobody created: held.
  ChangeSet orphan(const std::string& id) {
    return pen->write({Pen::write_text("project", id, "reference", "A")});
  }
};

Verdict only(const std::vector<VerdictItem>& verdicts) {
  if (verdicts.size() != 1) throw std::runtime_error(std::to_string(verdicts.size()) + " verdicts");
  return verdicts[0].verdict;
}

TEST_F(CommitterTest, AcceptsOnceWhatIsPushedTwice) {
  const ChangeSet set = project("a");
  EXPECT_EQ(only(world.push(pen->run({set}))).outcome, Outcome::accepted);
  EXPECT_EQ(only(world.push(pen->run({set}))).outcome, Outcome::accepted);
  EXPECT_EQ(size(), 1U);
}

TEST_F(CommitterTest, RefusesASecondHistoryOfAChain) {
  const ChangeSet first = project("a");
  world.push(pen->run({first}));
  pen->rewind(0, {});
  const ChangeSet other = project("b");
  const ChangeSet after = project("c");
  const auto verdicts = world.push(pen->run({other, after}));
  ASSERT_EQ(verdicts.size(), 1U);
  EXPECT_EQ(verdicts[0].count, 2U);
  EXPECT_EQ(verdicts[0].verdict.reason, Reason::fork);
  EXPECT_EQ(size(), 1U);
}

/// The same change set in another space of the same office, on the same chain.
ChangeSet moved(const ChangeSet& set, std::uint32_t part, std::uint32_t parts) {
  Header header = set.header;
  header.space = "association/senegal";
  header.part = part;
  header.parts = parts;
  return make_change_set(header, set.operations);
}

Segment signed_alone(const crypto::KeyPair& key, const NetworkId& network, ChangeSet set) {
  Segment out{set.header.space, 0, {}, {}};
  const SignatureItem signature{set.header.source, set.header.sequence,
                                key.sign(run_message(network, set.name))};
  out.items.emplace_back(SetItem{std::nullopt, std::move(set)});
  out.items.emplace_back(signature);
  return out;
}

TEST_F(CommitterTest, KeepsAChainInOneSpace) {
  EXPECT_EQ(only(world.push(pen->run({project("a")}))).outcome, Outcome::accepted);
  const ChangeSet elsewhere = moved(project("b"), 1, 1);
  EXPECT_EQ(only(world.push(signed_alone(device, world.network(), elsewhere))).reason, Reason::malformed);
  EXPECT_EQ(size(), 1U);
  EXPECT_EQ(size("association/senegal"), 0U);
}

TEST_F(CommitterTest, PutsNoPartOfAGroupIntoAnotherSpacesLog) {
  const ChangeSet first = pen->write({Pen::create("project", "a")}, 1, 2);
  ChangeSet second = pen->write({Pen::create("project", "b")}, 2, 2);
  EXPECT_TRUE(world.push(signed_alone(device, world.network(), first)).empty());
  const auto verdicts = world.push(signed_alone(device, world.network(), moved(second, 2, 2)));
  for (const VerdictItem& item : verdicts) EXPECT_NE(item.verdict.outcome, Outcome::accepted);
  EXPECT_EQ(size(), 0U);
  EXPECT_EQ(size("association/senegal"), 0U);
}

TEST_F(CommitterTest, AsksForWhatIsMissingInAChain) {
  project("a");
  EXPECT_EQ(only(world.push(pen->run({project("b")}))).outcome, Outcome::later);
  EXPECT_EQ(size(), 0U);
}

TEST_F(CommitterTest, HoldsWhatBuildsOnHeldWork) {
  const ChangeSet lost = orphan("gone");
  EXPECT_EQ(only(world.push(pen->run({lost}))).reason, Reason::gone);
  const ChangeSet fine = project("a");
  EXPECT_EQ(only(world.push(pen->run({fine}))).outcome, Outcome::accepted);
  const ChangeSet builds = pen->write({Pen::write_text("project", "a", "reference", "B", {lost.dot(0)})});
  const Verdict verdict = only(world.push(pen->run({builds})));
  EXPECT_EQ(verdict.outcome, Outcome::held);
  EXPECT_EQ(verdict.reason, Reason::depends);
  EXPECT_EQ(must(world.store().kept_totals(device.public_key())).held, 2U);
}

TEST_F(CommitterTest, KeepsAChainProvableOverHeldWork) {
  std::vector<ChangeSet> sets{orphan("x"), project("a"), orphan("y"), project("b"), orphan("z")};
  world.push(pen->run(sets));
  EXPECT_EQ(size(), 2U);
  world.push(pen->run({orphan("w")}));
  world.push(pen->run({project("c")}));
  const auto blocks = must(world.store().read("section/africa", 1, 1 << 20, world.network()));
  Segment all = blocks.front();
  for (std::size_t i = 1; i < blocks.size(); ++i) {
    all.items.insert(all.items.end(), blocks[i].items.begin(), blocks[i].items.end());
  }
  EXPECT_TRUE(verify_runs(all, world.network()));
  EXPECT_EQ(entry_count(all), 3U);
  EXPECT_EQ(must(world.store().chain_end(pen->source())).last, 7U);
}

TEST_F(CommitterTest, GivesAGroupOneVerdictWhenItIsWhole) {
  const ChangeSet one = pen->write({Pen::create("project", "a")}, 1, 2);
  const ChangeSet two = pen->write({Pen::write_text("project", "a", "reference", "A")}, 2, 2);
  EXPECT_TRUE(world.push(pen->run({one})).empty());
  EXPECT_EQ(size(), 0U);
  EXPECT_EQ(world.hub().staged(device.public_key()).at(0).last, 1U);
  const auto verdicts = world.push(pen->run({two}));
  ASSERT_EQ(verdicts.size(), 1U);
  EXPECT_EQ(verdicts[0].count, 2U);
  EXPECT_EQ(verdicts[0].verdict.outcome, Outcome::accepted);
  EXPECT_EQ(size(), 2U);
  EXPECT_TRUE(world.hub().staged(device.public_key()).empty());
}

TEST_F(CommitterTest, HoldsAWholeGroupForOneOfItsParts) {
  const ChangeSet one = pen->write({Pen::create("project", "a")}, 1, 2);
  const ChangeSet two = pen->write({Pen::write_text("project", "nobody", "reference", "A")}, 2, 2);
  const auto verdicts = world.push(pen->run({one, two}));
  ASSERT_EQ(verdicts.size(), 1U);
  EXPECT_EQ(verdicts[0].count, 2U);
  EXPECT_EQ(verdicts[0].verdict.reason, Reason::gone);
  EXPECT_EQ(size(), 0U);
  const SpaceInfo* info = must(world.store().space("section/africa"));
  EXPECT_FALSE(must(world.store().record(info->number, "a")));
}

TEST_F(CommitterTest, RemembersItsVerdicts) {
  const ChangeSet lost = orphan("gone");
  const ChangeSet fine = project("a");
  world.push(pen->run({lost, fine}));
  const Hash digest = must(world.store().digest("section/africa"));
  world.reopen();
  const auto verdicts = world.push(pen->run({lost, fine}));
  ASSERT_EQ(verdicts.size(), 2U);
  EXPECT_EQ(verdicts[0].verdict.reason, Reason::gone);
  EXPECT_EQ(verdicts[1].verdict.outcome, Outcome::accepted);
  EXPECT_EQ(size(), 1U);
  EXPECT_EQ(must(world.store().digest("section/africa")), digest);
}

TEST_F(CommitterTest, RefusesAnotherOfficesSpaceAndSpacesThatDoNotExist) {
  world.add_organisation("mali", "association", "africa");
  for (const std::string space : {"association/mali", "section/nowhere"}) {
    Pen other(world, device, space, grant);
    EXPECT_EQ(only(world.push(other.run({other.write({Pen::create("project", "a")})}))).reason,
              Reason::no_right);
  }
}

TEST_F(CommitterTest, TimeNeverRunsBackwards) {
  world.push(pen->run({project("a")}));
  world.clock().time -= 60'000;
  world.push(pen->run({project("b")}));
  const auto blocks = must(world.store().read("section/africa", 1, 1 << 20, world.network()));
  Millis last = 0;
  for (const Segment& block : blocks) {
    for (const SegmentItem& item : block.items) {
      if (const auto* set = std::get_if<SetItem>(&item)) {
        EXPECT_GE(set->entry->hub_time, last);
        last = set->entry->hub_time;
      }
    }
  }
  world.clock().time -= 3'600'000;
  EXPECT_THROW(world.reopen(), std::runtime_error);
}

TEST_F(CommitterTest, PutsOffAGroupThatIsLargerThanItHolds) {
  constexpr std::uint32_t kParts = 300;  // of 240 KiB: more than 64 MiB
  const std::string text(limits::kValueBytes, 'x');
  std::vector<VerdictItem> verdicts;
  for (std::uint32_t part = 1; part <= kParts && verdicts.empty(); ++part) {
    std::vector<Operation> operations;
    for (int i = 0; i < 15; ++i) {
      operations.push_back(Pen::write_text("project", "p" + std::to_string(i), "reference", text));
    }
    verdicts = world.push(pen->run({pen->write(std::move(operations), part, kParts)}));
  }
  const Verdict verdict = only(verdicts);
  EXPECT_EQ(verdict.outcome, Outcome::later);
  EXPECT_EQ(verdict.reason, Reason::too_much_held);
  EXPECT_EQ(verdicts[0].first, 1U);
  EXPECT_GT(verdicts[0].count, 250U);
  EXPECT_TRUE(world.hub().staged(device.public_key()).empty()) << "nothing of it stays in memory";
}

TEST_F(CommitterTest, KeepsPersonalValuesBesideTheirGroup) {
  Opening opening;
  opening.value = Value::text("Awa");
  Operation name = Pen::write_text("person", "h", "name", "");
  const auto offer = [&](bool with_opening) {
    ChangeSet set = pen->write({Pen::create("person", "h"), name}, 1, 1);
    Header header = set.header;
    std::vector<Operation> operations = set.operations;
    const Hash commitment =
        commitment_of(header.network, header.space, "h", operations[1].address.field, set.dot(1), opening);
    operations[1].value = Value::commitment(commitment);
    set = make_change_set(header, operations);
    pen->rewind(header.sequence, set.name);
    Segment push = pen->run({set});
    if (with_opening) push.openings.push_back({commitment, opening});
    return std::pair(only(world.push(std::move(push))), commitment);
  };
  EXPECT_EQ(offer(false).first.reason, Reason::malformed);
  const auto [verdict, commitment] = offer(true);
  EXPECT_EQ(verdict.outcome, Outcome::accepted) << verdict.detail;
  EXPECT_EQ(must(world.store().opening(commitment))->value, opening.value);
}

TEST_F(CommitterTest, ShowsNoLeafThatItCouldNotSign) {
  Database disk = must(Database::open({.path = world.folder() / "hub.db"}));
  must(
      disk.exec("CREATE TABLE aside(level, no, hash);"
                "CREATE TRIGGER lost AFTER INSERT ON hub_heads_node BEGIN "
                "INSERT INTO aside VALUES(new.level, new.no, new.hash);"
                "DELETE FROM hub_heads_node WHERE level = new.level AND no = new.no; END"));
  const Seen before = world.hub().heads();
  EXPECT_EQ(only(world.push(pen->run({project("a")}))).outcome, Outcome::accepted);
  EXPECT_EQ(world.hub().heads(), before);
  const std::uint64_t leaf = must(world.hub().newest_leaf("section/africa"))->index;
  EXPECT_FALSE(world.hub().prove(before, {leaf}));
  must(disk.exec("DROP TRIGGER lost; INSERT INTO hub_heads_node SELECT * FROM aside"));
  const Proof proof = must(world.hub().prove(before, {leaf}));
  const Seen now = world.hub().heads();
  EXPECT_EQ(now.size, leaf + 1);
  const std::vector<ledger::Leaf> shown{
      {leaf, ledger::leaf_hash(must(ledger::HeadsLeaf::decode(proof.leaves.at(0).leaf)))}};
  EXPECT_TRUE(ledger::verify_inclusions(shown, now.size, proof.inclusion, now.root));
}

}  // namespace
}  // namespace wasl::test
