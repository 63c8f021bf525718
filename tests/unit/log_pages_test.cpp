// What anybody may read of the logs over HTTP, and that it proves itself.
#include "server/hub/log_pages.hpp"

#include "shared/ledger/entry.hpp"
#include "shared/ledger/note.hpp"
#include "tests/support/hub_world.hpp"

namespace wasl::test {
namespace {

struct LogPagesTest : testing::Test {
  HubWorld world;
  LogPagesTest() { world.add_organisation("africa", "section"); }

  std::optional<LogPage> page(const std::string& target) { return must(world.hub().page(target)); }
  ledger::Checkpoint checkpoint() {
    return must(ledger::open_checkpoint(page("/log/heads/checkpoint")->body,
                                        ledger::heads_origin(world.network(), 1),
                                        world.hub().log_key().public_key()));
  }
  /// All entries of a log of this size, from its bundles.
  std::vector<Bytes> entries(const std::string& log, std::uint64_t size) {
    std::vector<Bytes> all;
    for (ledger::Tile tile{.entries = true}; (tile.width = width_at(tile, size)) > 0; ++tile.index) {
      const auto bundle = page(log + tile_path(tile));
      if (!bundle) return all;
      for (ByteView rest = view(bundle->body); rest.size() >= 2;) {
        const std::size_t length = static_cast<std::size_t>(rest[0]) << 8 | rest[1];
        all.push_back(to_bytes(rest.subspan(2, length)));
        rest = rest.subspan(2 + length);
      }
      if (!tile.is_full()) break;
    }
    return all;
  }
  static ledger::Frontier tree_of(const std::vector<Bytes>& leaves) {
    ledger::Frontier tree;
    for (const Bytes& leaf : leaves) tree.append(ledger::leaf_hash(leaf));
    return tree;
  }
};

TEST_F(LogPagesTest, TheEntriesGiveTheRootThatTheCheckpointSigns) {
  for (int i = 0; i < 300; ++i) world.add_organisation("o" + std::to_string(i), "company");
  const ledger::Checkpoint signed_one = checkpoint();
  ASSERT_GT(signed_one.size, 256U);
  EXPECT_EQ(tree_of(entries("/log/heads/", signed_one.size)).root(), signed_one.root);
  EXPECT_EQ(page("/log/heads/tile/0/000")->body.size(), 8192U);
  EXPECT_EQ(page("/log/heads/tile/1/000.p/1")->body.size(), 32U);
  // A hash of level 1 is the root of the full tile below.
  const std::string below = page("/log/heads/tile/0/000")->body;
  ledger::Frontier subtree;
  for (std::size_t i = 0; i < below.size(); i += 32) subtree.append(*Hash::from(view(below).subspan(i, 32)));
  EXPECT_EQ(page("/log/heads/tile/1/000.p/1")->body, to_text(subtree.root().view()));
  EXPECT_TRUE(page("/log/heads/tile/0/000")->is_fixed);
  EXPECT_FALSE(page("/log/heads/checkpoint")->is_fixed);
}

TEST_F(LogPagesTest, ThePublicSpaceStandsUnderItsLastLeafInHeads) {
  HubOffice secretariat(world, world.invite("africa", "publisher"));
  for (int i = 0; i < 40; ++i)
    secretariat.sql("INSERT INTO project(id, space, title) VALUES('p" + std::to_string(i) +
                    "', 'public', 'Water')");
  ASSERT_EQ(secretariat.sync().summary.equal, true);
  std::optional<ledger::HeadsLeaf> last;
  for (const Bytes& bytes : entries("/log/heads/", checkpoint().size)) {
    const auto leaf = must(ledger::HeadsLeaf::decode(bytes));
    if (to_text(leaf.name) == "public") last = leaf;
  }
  ASSERT_TRUE(last);
  const auto all = entries("/log/public/", last->size);
  EXPECT_EQ(all.size(), last->size);
  EXPECT_EQ(tree_of(all).root(), last->root);
  for (const Bytes& bytes : all) EXPECT_TRUE(ledger::Entry::decode(bytes).has_value());
}

TEST_F(LogPagesTest, NothingElseIsThere) {
  const std::uint64_t size = checkpoint().size;
  ledger::Tile next{.width = static_cast<unsigned>(size % 256 + 1)};
  next.index = size / 256;
  for (const std::string& target :
       {std::string("/"), std::string("/log"), std::string("/log/"), std::string("/log/heads/"),
        std::string("/log/heads/checkpoint/"), std::string("/log/heads/checkpoint?x"),
        std::string("/log/public/checkpoint"), std::string("/log/public/tile/0/000"),
        std::string("/log/authority/tile/0/000.p/1"), std::string("/log/network/tile/entries/000.p/1"),
        std::string("/log/section/africa/tile/entries/000.p/1"),
        std::string("/log/heads/../authority/tile/0/000.p/1"), "/log/heads/" + tile_path(next),
        std::string("/log/heads/tile/8/000.p/1"), std::string("/log/heads/tile/0/x100/000")})
    EXPECT_FALSE(page(target)) << target;
}

TEST_F(LogPagesTest, PrivateNamesAreBlinded) {
  HubOffice office(world, world.invite("africa"));
  office.sql("INSERT INTO project(id, space, title) VALUES('p1', 'section/africa', 'Secret')");
  ASSERT_EQ(office.sync().summary.equal, true);
  for (const Bytes& leaf : entries("/log/heads/", checkpoint().size))
    EXPECT_EQ(to_text(leaf).find("africa"), std::string::npos);
}

}  // namespace
}  // namespace wasl::test
