// What every hub store must do, asked of each that there is: SQLite always, PostgreSQL where WASL_POSTGRES
// names one (tests/system/postgres_test.py).
#include <algorithm>

#include "shared/base/limits.hpp"
#include "shared/ledger/merkle.hpp"
#include "shared/snapshot/pieces.hpp"
#include "shared/wire/compression.hpp"
#include "shared/wire/let_go.hpp"
#include "tests/support/hub_world.hpp"

namespace wasl::test {
namespace {

constexpr std::string_view kSpace = "section/africa";
constexpr int kRunMost = 50;  // change sets under one signature

std::vector<StoreKind> kinds() {
  std::vector<StoreKind> out{StoreKind::sqlite};
  if (postgres_address()) out.push_back(StoreKind::postgres);
  return out;
}

/// A hub with a device that may write, and its pen. Everything in it comes from seeds: two are equal but for
/// their stores.
struct WritingWorld {
  explicit WritingWorld(StoreKind kind) : world(built_in_schema(), kind) {
    world.add_two_associations();
    pen.emplace(world, device, std::string(kSpace), world.enrol(device, "senegal"));
  }
  void create(int records) {
    for (; records > kRunMost; records -= kRunMost) create_in_one_run(kRunMost);
    create_in_one_run(records);
  }
  void create_in_one_run(int records) {
    std::vector<ChangeSet> sets;
    for (int i = 0; i < records; ++i)
      sets.push_back(pen->write({Pen::create("project", "p" + std::to_string(++made_))}));
    for (const VerdictItem& item : world.push(pen->run(sets)))
      if (item.verdict.outcome != Outcome::accepted) throw std::runtime_error(item.verdict.detail);
  }
  /// An update of a record that nobody created: held.
  ChangeSet hold(const std::string& id) {
    ChangeSet set = pen->write({Pen::write_text("project", id, "reference", "A")});
    world.push(pen->run({set}));
    return set;
  }
  HubStore& store() { return world.store(); }

  HubWorld world;
  crypto::KeyPair device = crypto::KeyPair::generate(world.random());
  std::optional<Pen> pen;

 private:
  int made_ = 0;
};

struct HubStoreContract : testing::TestWithParam<StoreKind> {
  WritingWorld hub{GetParam()};
  HubStore& store() { return hub.store(); }
  SpaceInfo& info() { return **store().space(kSpace); }
  const NetworkId& network() { return hub.world.network(); }
};

INSTANTIATE_TEST_SUITE_P(Stores, HubStoreContract, testing::ValuesIn(kinds()), [](const auto& given) {
  return std::string(given.param == StoreKind::sqlite ? "Sqlite" : "Postgres");
});

std::vector<std::string> everything(HubStore& store) {
  std::vector<std::string> out;
  for (const std::string& name : must(store.space_names())) {
    const SpaceInfo info = *must(store.space(name));
    out.push_back(name + " " + std::to_string(info.size) + " " + to_hex(must(store.digest(name)).view()));
    for (Position size = 0; size <= info.size; ++size)
      out.push_back(to_hex(must(store.root(name, size)).view()));
  }
  const auto heads = must(store.heads_size());
  for (const Bytes& leaf : must(store.heads_leaves(0, heads))) out.push_back(to_hex(leaf));
  return out;
}

TEST_P(HubStoreContract, TheSameHistoryHasTheSameRootsDigestsAndHeadsAsInSqlite) {
  WritingWorld other(StoreKind::sqlite);
  for (WritingWorld* one : {&hub, &other}) {
    one->create(130);
    one->hold("nobody");
    one->create(1);
  }
  EXPECT_EQ(everything(store()), everything(other.store()));
}

TEST_P(HubStoreContract, WhatWasCommittedIsThereWhenItIsOpenedAgain) {
  hub.create(70);
  const auto held = hub.hold("nobody");
  const auto before = everything(store());
  hub.world.reopen();
  EXPECT_EQ(everything(store()), before);
  EXPECT_TRUE(must(store().kept_named(held.name)).has_value());
  must(store().check());
}

TEST_P(HubStoreContract, AReaderSeesOneMomentWhileTheHubWritesOn) {
  hub.create(1200);  // more than are fetched at once
  hub.hold("nobody");
  hub.create(1);  // with the header of what is held before it
  const Position size = info().size;
  const auto reader = must(hub.world.test_store().open(StoreUse::read));
  std::vector<std::string> ids;
  snapshot::Ground ground;
  must(reader->read_moment([&]() -> Status {
    WASL_LET(const SpaceInfo* const seen, reader->space(kSpace));
    EXPECT_EQ(seen->size, size);
    hub.create(1);
    WASL_LET(ground, reader->ground(kSpace));
    WASL_LET(const auto voided, reader->voided(kSpace, size));
    EXPECT_TRUE(voided.empty());
    return reader->each_record(seen->number, [&](const std::string& id, const RecordState& state) -> Status {
      EXPECT_TRUE(state.exists());
      ids.push_back(id);
      return {};
    });
  }));
  EXPECT_EQ(ids.size(), 1201U) << "not what came meanwhile";
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end())) << "in byte order";
  EXPECT_EQ(ground.frontier.size(), size);
  EXPECT_EQ(ground.frontier.root(), must(store().root(kSpace, size)));
  ASSERT_EQ(ground.ends.size(), 1U);
  EXPECT_EQ(ground.stand_ins.size(), 1U);
  EXPECT_TRUE(ground.has_entry(hub.pen->source(), 1200));
  EXPECT_FALSE(ground.has_entry(hub.pen->source(), 1201));
  EXPECT_TRUE(ground.has_entry(hub.pen->source(), 1202));
  EXPECT_FALSE(ground.has_entry(hub.pen->source(), 1203));
  EXPECT_EQ(info().size, size + 1);
  must(reader->read_moment([&]() -> Status {
    WASL_LET(const SpaceInfo* const seen, reader->space(kSpace));
    EXPECT_EQ(seen->size, size + 1);
    return {};
  }));
}

TEST_P(HubStoreContract, OfATransactionThatFailsNothingStays) {
  hub.create(1);
  const auto before = everything(store());
  const Status failed = store().transact([&]() -> Status {
    must(store().set_meta("a", view("1")));
    SpaceInfo& changed = *must(store().space(kSpace));
    changed.proved = changed.size;
    must(store().save_space(changed));
    must(store().remove_record(changed.number, "p1"));
    must(store().space("section/other"));
    must(store().append_heads(must(store().heads_size()), view("leaf"), {}));
    return fail(Errc::invalid_value, "no");
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "no");
  EXPECT_EQ(must(store().meta("a")), std::nullopt);
  EXPECT_EQ(info().proved, 0U);
  EXPECT_TRUE(must(store().record(info().number, "p1")).has_value());
  EXPECT_EQ(everything(store()), before);
  hub.world.reopen();
  EXPECT_EQ(everything(store()), before);
}

TEST_P(HubStoreContract, ATransactionInsideAnotherIsPartOfIt) {
  const Status failed = store().transact([&]() -> Status {
    must(store().transact([&] { return store().set_meta("a", view("1")); }));
    EXPECT_EQ(must(store().meta("a")), to_bytes(view("1")));
    return fail(Errc::invalid_value, "no");
  });
  EXPECT_FALSE(failed);
  EXPECT_EQ(must(store().meta("a")), std::nullopt);
}

TEST_P(HubStoreContract, BlocksAreReadFromTheOneThatHoldsAPosition) {
  for (int i = 0; i < 40; ++i) hub.create(3);
  const auto all = must(store().read(kSpace, 1, SIZE_MAX, network()));
  Position next = 1;
  for (const Segment& segment : all) {
    EXPECT_EQ(segment.first, next);
    next += entry_count(segment);
  }
  EXPECT_EQ(next, info().size + 1);
  EXPECT_EQ(must(store().read(kSpace, 62, SIZE_MAX, network())).front().first, 61U);
  EXPECT_EQ(must(store().read(kSpace, 62, 1, network())).size(), 1U);
  EXPECT_TRUE(must(store().read(kSpace, info().size + 1, SIZE_MAX, network())).empty());
  EXPECT_EQ(must(store().bytes_behind(kSpace, info().size)), 0U);
  EXPECT_GT(must(store().bytes_behind(kSpace, 0)), must(store().bytes_behind(kSpace, 60)));
}

TEST_P(HubStoreContract, EntriesAreFoundByPositionAndByChain) {
  hub.create(5);
  const auto rows = must(store().entries(kSpace, 2, 4));
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].position, 2U);
  EXPECT_EQ(rows[2].source, hub.pen->source());
  const auto found = must(store().find(hub.pen->source(), 3));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->position, 3U);
  EXPECT_EQ(found->entry, rows[1].entry);
  EXPECT_EQ(must(store().find(hub.pen->source(), 6)), std::nullopt);
  const ChainEnd end = must(store().chain_end(hub.pen->source()));
  EXPECT_EQ(end.last, 5U);
  EXPECT_EQ(end.space, kSpace);
  EXPECT_EQ(must(store().chain_count(hub.device.public_key())), 1U);
  EXPECT_EQ(must(store().chain_end({hub.device.public_key(), {}})).last, 0U);
}

TEST_P(HubStoreContract, EveryPrefixIsProved) {
  hub.create(150);
  const Position size = info().size;
  const Hash root = must(store().root(kSpace, size));
  for (Position part = 1; part < size; part += 7) {
    EXPECT_TRUE(ledger::verify_consistency(part, must(store().root(kSpace, part)), size, root,
                                           must(store().consistency(kSpace, part, size))));
  }
  const auto leaves = must(store().tree_nodes(kSpace, 0, 0, 64));
  ledger::Frontier tree;
  for (const Hash& leaf : leaves) tree.append(leaf);
  EXPECT_EQ(must(store().tree_nodes(kSpace, 6, 0, 2)).front(), tree.root());
  EXPECT_EQ(must(store().root(kSpace, 64)), tree.root());
}

TEST_P(HubStoreContract, RecordsChangeTheDigestAndGoWithoutATrace) {
  hub.create(1);
  const Hash before = must(store().digest(kSpace));
  const auto state = must(store().record(info().number, "p1"));
  ASSERT_TRUE(state);
  must(store().transact([&] { return store().save_record(info().number, "other", *state); }));
  EXPECT_NE(must(store().digest(kSpace)), before);
  EXPECT_TRUE(*must(store().record(info().number, "other")) == *state);
  must(store().transact([&] { return store().remove_record(info().number, "other"); }));
  EXPECT_EQ(must(store().digest(kSpace)), before);
  EXPECT_FALSE(must(store().record(info().number, "other")).has_value());
}

TEST_P(HubStoreContract, HeldWorkIsFoundCountedAndDecided) {
  const ChangeSet first = hub.hold("one");
  const ChangeSet second = hub.hold("two");
  const PublicKey author = hub.device.public_key();
  const auto list = must(store().kept_list(false));
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].name, first.name);
  EXPECT_EQ(list[0].header.sequence, 1U);
  EXPECT_FALSE(list[0].body.empty());
  EXPECT_TRUE(list[0].run.has_value());
  EXPECT_EQ(must(store().kept_from(hub.pen->source(), 2)).front().name, second.name);
  EXPECT_TRUE(must(store().kept(hub.pen->source(), 1)).has_value());
  EXPECT_FALSE(must(store().kept(hub.pen->source(), 3)).has_value());
  EXPECT_EQ(must(store().waiting_in(kSpace)).size(), 2U);
  EXPECT_EQ(must(store().kept_totals(author)).held, 2U);
  const ByteView name = second.name.view();
  EXPECT_EQ(must(store().find_kept(name.first(4), std::nullopt)).front().name, second.name);
  EXPECT_EQ(must(store().find_kept(name.first(4), static_cast<Byte>(name[4] >> 4))).size(), 1U);
  EXPECT_TRUE(must(store().find_kept(name.first(4), static_cast<Byte>(name[4] >> 4 ^ 1))).empty());

  must(store().transact(
      [&] { return store().decide(first.name, KeptState::dismissed, Reason::none, "by a person"); }));
  EXPECT_EQ(must(store().kept_list(true)).size(), 1U);
  const auto decided = must(store().decided_of(author));
  ASSERT_EQ(decided.size(), 1U);
  EXPECT_EQ(decided[0].detail, "by a person");
  EXPECT_TRUE(decided[0].body.empty());
  EXPECT_EQ(must(store().kept_totals(author)).held, 1U);
}

TEST_P(HubStoreContract, OnePlaceOfAChainKeepsOneAndOneForkOfAChainIsEnough) {
  hub.hold("one");
  KeptSet other = must(store().kept_list(false)).front();
  other.name.bytes[0] ^= 1;
  must(store().transact([&] { return store().keep(other); }));
  EXPECT_EQ(must(store().kept_list(true)).size(), 1U);
  EXPECT_FALSE(must(store().kept_named(other.name)).has_value());
  for (int i = 0; i < 2; ++i) {
    other.name.bytes[1] ^= 1;
    must(store().transact([&] { return store().keep_fork(other); }));
  }
  EXPECT_EQ(must(store().fork_count(hub.device.public_key())), 1U);
  EXPECT_EQ(must(store().kept_list(true)).size(), 1U);
}

TEST_P(HubStoreContract, DevicesAndSmallValuesAreKeptAsTheyWere) {
  const PublicKey key = hub.device.public_key();
  const std::uint64_t before = must(store().device(key)).value_or(DeviceNote{}).counter;
  Millis now = 1'700'000'000'000;
  for (const std::optional<bool> equal : {std::optional<bool>(), std::optional(true), std::optional(false)}) {
    must(store().note_done(key, equal, {{"public", 3}}, ++now));
    const auto stored = must(store().device(key));
    ASSERT_TRUE(stored);
    EXPECT_EQ(stored->counter, before);
    EXPECT_EQ(stored->equal, equal);
    EXPECT_EQ(stored->last_seen, now);
    EXPECT_EQ(stored->wiped, 0);
    ASSERT_EQ(stored->applied.size(), 1U);
    EXPECT_EQ(stored->applied[0].position, 3U);
  }
  EXPECT_TRUE(must(store().use_counter(key, before + 7, ++now)));
  EXPECT_FALSE(must(store().use_counter(key, before + 7, now + 1)));
  EXPECT_FALSE(must(store().use_counter(key, before + 6, now + 1)));
  must(store().note_wiped(key, now + 2));
  const auto stored = must(store().device(key));
  EXPECT_EQ(stored->counter, before + 7);
  EXPECT_EQ(stored->last_seen, now + 2);
  EXPECT_EQ(stored->wiped, now + 2);
  ASSERT_EQ(stored->applied.size(), 1U);
  must(store().note_meta("bookkeeping", view("1")));
  EXPECT_EQ(must(store().meta("bookkeeping")), to_bytes(view("1")));
  EXPECT_FALSE(must(store().device(PublicKey{})).has_value());
  const Bytes zeros{0, 1, 0};
  must(store().transact([&] { return store().set_meta("k", zeros); }));
  must(store().transact([&] { return store().set_meta("empty", {}); }));
  EXPECT_EQ(must(store().meta("k")), zeros);
  EXPECT_EQ(must(store().meta("empty")), Bytes{});
  EXPECT_EQ(must(store().meta("nothing")), std::nullopt);
}

TEST_P(HubStoreContract, WhoOnlyReadsSeesEveryCommitAndWritesNothing) {
  hub.create(1);
  const auto reader = must(hub.world.test_store().open(StoreUse::read));
  EXPECT_EQ(must(reader->entries(kSpace, 1, 10)).size(), 1U);
  hub.create(2);
  EXPECT_EQ(must(reader->entries(kSpace, 1, 10)).size(), 3U);
  EXPECT_FALSE(reader->transact([&] { return reader->set_meta("a", view("1")); }));
  EXPECT_EQ(must(store().meta("a")), std::nullopt);
}

TEST_P(HubStoreContract, RewritingKeepsWhatStands) {
  hub.create(3);
  hub.hold("nobody");
  const auto before = everything(store());
  must(store().rewrite());
  EXPECT_EQ(everything(store()), before);
  EXPECT_EQ(must(store().kept_list(false)).size(), 1U);
}

/// The state now, as a base.
LogBase lay_base_of(HubStore& store, const SpaceInfo& info) {
  LogBase base{info.size, 0, 0, {}};
  const SpaceNumber number = info.number;
  std::vector<Bytes> pieces;
  must(store.read_moment([&]() -> Status {
    snapshot::Cutter cutter([&](Bytes raw) -> Status {
      pieces.push_back(std::move(raw));
      return {};
    });
    WASL_TRY(store.each_record(
        number, [&](const std::string& id, RecordState& state) { return cutter.add(id, std::move(state)); }));
    return cutter.finish();
  }));
  must(store.transact([&]() -> Status {
    for (const Bytes& raw : pieces) {
      base.pieces.push_back(snapshot::piece_name(raw));
      WASL_TRY(store.add_base_piece(kSpace, base.pieces.back(), compress(raw, kBlockLevel)));
    }
    return store.lay_base(kSpace, base);
  }));
  return base;
}

TEST_P(HubStoreContract, BodiesGoABlockAtATimeAndEverythingElseStands) {
  hub.create(120);
  hub.hold("nobody");
  hub.create(1);  // with a header that has no entry
  EXPECT_FALSE(must(store().base(kSpace)).has_value());
  EXPECT_FALSE(must(store().let_block_go(kSpace, network(), [](const Hash&) { return true; })));
  const LogBase base = lay_base_of(store(), info());
  hub.create(3);
  const Position size = info().size;
  const auto with_tail = everything(store());
  EXPECT_EQ(must(store().let_go(kSpace)), 0U);

  // One that is taken back goes on from where it stood.
  EXPECT_FALSE(store().transact([&]() -> Status {
    WASL_TRY(store().let_block_go(kSpace, network(), [](const Hash&) { return true; }));
    return fail(Errc::later, "not now");
  }));
  EXPECT_EQ(must(store().let_go(kSpace)), 0U);

  int blocks = 0;
  for (bool more = true; more; ++blocks)
    must(store().transact([&]() -> Status {
      WASL_LET(more, store().let_block_go(kSpace, network(), [](const Hash&) { return true; }));
      return {};
    }));
  EXPECT_GT(blocks, 2) << "several, each by itself";
  EXPECT_EQ(must(store().let_go(kSpace)), base.position);
  EXPECT_EQ(everything(store()), with_tail);
  hub.world.reopen();
  EXPECT_EQ(must(store().let_go(kSpace)), base.position);
  EXPECT_EQ(must(store().base(kSpace))->pieces, base.pieces);
  EXPECT_EQ(everything(store()), with_tail);

  Position bare = 0, whole = 0;
  for (const Segment& block : must(store().read(kSpace, 1, SIZE_MAX, network()))) {
    must(verify_runs(block, network()));
    each_entry(block, [&](Position, const SegmentItem& item, const Header* let_go) {
      ++(is_let_go(item) ? bare : whole);
      EXPECT_EQ(is_let_go(item), let_go != nullptr);
    });
  }
  EXPECT_EQ(bare, base.position);
  EXPECT_EQ(whole, size - base.position);
  std::size_t records = 0;
  must(store().each_base_record(kSpace, [&](const std::string&, RecordState& state) -> Status {
    EXPECT_TRUE(state.is_alive());
    ++records;
    return {};
  }));
  EXPECT_EQ(records, 121U);
  EXPECT_EQ(must(store().find(hub.pen->source(), 1))->position, 1U) << "its place is known for ever";
  hub.create(1);
  must(store().check());
}

TEST_P(HubStoreContract, PiecesOfABaseComeAndGo) {
  hub.create(1);
  const Bytes raw = to_bytes(view("a piece"));
  const Hash name = snapshot::piece_name(raw);
  must(store().transact([&] { return store().add_base_piece(kSpace, name, compress(raw, kBlockLevel)); }));
  must(store().transact([&] { return store().add_base_piece(kSpace, name, compress(raw, kBlockLevel)); }));
  EXPECT_EQ(must(store().base_pieces(kSpace)), std::vector{name});
  EXPECT_EQ(must(store().base_piece(kSpace, name)), raw);
  EXPECT_EQ(must(store().base_piece(kSpace, Hash{})), std::nullopt);
  must(store().transact([&] { return store().drop_base_piece(kSpace, name); }));
  EXPECT_TRUE(must(store().base_pieces(kSpace)).empty());
}

TEST_P(HubStoreContract, CountsWhatIsInConflictByAge) {
  const SpaceNumber space = info().number;
  const Millis now = 100 * ByAge::kDay;
  const auto note = [&](std::string_view id, std::optional<Millis> since) {
    return store().note_conflict(space, id, since);
  };
  const auto counted = [&] { return must(store().conflict_counts(now))[std::string(kSpace)]; };
  must(store().transact([&]() -> Status {
    must(note("p1", now - 1));
    must(note("p2", now - 3 * ByAge::kDay));
    must(note("p3", now - 8 * ByAge::kDay));
    must(note("p4", now - 50 * ByAge::kDay));
    return note("p5", std::nullopt);
  }));
  ByAge ages = counted();
  EXPECT_EQ((std::vector{ages.day, ages.week, ages.month, ages.older}),
            (std::vector<std::uint64_t>{1, 1, 1, 1}));
  EXPECT_EQ(ages.oldest, now - 50 * ByAge::kDay);
  EXPECT_FALSE(store().transact([&]() -> Status {
    must(note("p4", std::nullopt));
    return fail(Errc::invalid_value, "taken back");
  }));
  EXPECT_EQ(counted().older, 1U);
  must(store().transact([&]() -> Status {
    must(note("p4", std::nullopt));
    return note("p1", now - 2 * ByAge::kDay);
  }));
  ages = counted();
  EXPECT_EQ((std::vector{ages.day, ages.week, ages.month, ages.older}),
            (std::vector<std::uint64_t>{0, 2, 1, 0}));
}

TEST_P(HubStoreContract, CountsWhatWaitsByReasonAndAge) {
  EXPECT_TRUE(must(store().kept_counts(0)).empty());
  hub.hold("nobody-made-it");
  const auto counts = must(store().kept_counts(hub.world.clock().time));
  ASSERT_EQ(counts.size(), 1U);
  EXPECT_EQ(counts[0].state, KeptState::held);
  EXPECT_EQ(counts[0].reason, Reason::gone);
  EXPECT_EQ(counts[0].sets.day, 1U);
  EXPECT_EQ(counts[0].sets.all(), 1U);
  EXPECT_EQ(must(store().kept_counts(hub.world.clock().time + ByAge::kMonth + 1)).at(0).sets.older, 1U);
}

}  // namespace
}  // namespace wasl::test
