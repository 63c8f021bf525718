// The laws of letting go: from every position at which a reader can be, what is kept (the base, and the log
// behind it) gives the state, the digest and the chains that the whole log gives, dead records that were
// collected on the way too; and collecting touches nothing but what it lists.
#include <gtest/gtest.h>
// rapidcheck needs gtest first
#include <rapidcheck/gtest.h>

#include "shared/authority/authority_state.hpp"
#include "shared/snapshot/pieces.hpp"
#include "shared/store/log_base.hpp"
#include "shared/store/sqlite_rows.hpp"
#include "shared/store/voiding.hpp"
#include "shared/store/walking.hpp"
#include "shared/wire/compression.hpp"
#include "shared/wire/let_go.hpp"
#include "tests/support/must.hpp"

namespace wasl {
namespace {

using test::must;
using Records = std::map<std::string, RecordState, std::less<>>;

constexpr const char* kSpace = "network";
constexpr unsigned kOffices = 3;
constexpr unsigned kFields = 3;
const NetworkId kNetwork{};

Source office(unsigned number) {
  Source source;
  source.author.bytes[0] = static_cast<Byte>(number + 1);
  source.chain.bytes[0] = static_cast<Byte>(number + 1);
  return source;
}

Operation make_operation(const std::string& id, const RecordState& state) {
  Operation op;
  op.register_number = 7;
  op.id = id;
  if (!state.exists()) return op;
  op.address = {*rc::gen::inRange(1U, kFields + 1), {}};
  switch (*rc::gen::inRange(0, 9)) {
    case 0:
      op.kind = OperationKind::resolve;
      op.value = Value::integer(*rc::gen::inRange(0, 4));
      op.names = state.all_dots(op.address);
      break;
    case 1:
      op.kind = OperationKind::add;
      op.address = {kFields + 1, Bytes{static_cast<Byte>(*rc::gen::inRange(0, 3))}};
      break;
    case 2:
      op.kind = OperationKind::remove;
      op.address = {kFields + 1, Bytes{static_cast<Byte>(*rc::gen::inRange(0, 3))}};
      op.names = state.all_dots(op.address);
      break;
    case 3:
    case 4:
    case 5:
      op.kind = OperationKind::erase;
      op.address = {};
      op.names = state.all_dots();
      break;
    default:
      op.kind = OperationKind::write;
      op.value = Value::integer(*rc::gen::inRange(0, 4));
      op.names = state.plain_lineage(op.address);
  }
  return op;
}

/// A log as a hub has it, in blocks, and the same one more time to let go of.
struct Logs {
  struct Log {
    Database db;
    LogStore store;
    explicit Log(Database opened) : db(std::move(opened)), store(sqlite_rows(db)) {
      must(create_log_tables(db));
      must(store.refresh());
    }
    const SpaceInfo& info() { return *must(store.space(kSpace)); }
  };
  static Database in_memory() {
    OpenOptions options;
    options.path = ":memory:";
    return must(Database::open(options));
  }
  Log whole{in_memory()}, kept{in_memory()};
  std::vector<Records> states{1};                     ///< behind each entry; of before the first, too
  std::map<Source, std::vector<Position>> positions;  ///< of each office's change sets, by sequence
  Records uncollected;                        ///< what the entries would give if nothing were collected
  std::map<std::string, Position> collected;  ///< last
};

/// Every dead record of which nothing stands behind a floor; nothing: there is none.
std::optional<ledger::Collection> list_of_dead(const Logs& logs, Position floor) {
  ledger::Collection list{floor, {}};
  for (const auto& [id, state] : logs.states.back()) {
    if (!state.exists() || state.is_alive()) continue;
    std::vector<Dot> dots = state.all_dots();
    for (const Deletion& deletion : state.deletions) dots.push_back(deletion.dot);
    const bool settled = std::ranges::all_of(dots, [&](const Dot& dot) {
      return logs.positions.at(dot.source).at(static_cast<std::size_t>(dot.sequence - 1)) <= floor;
    });
    if (settled) list.records.emplace_back(state.register_number, id);
  }
  return list.records.empty() ? std::nullopt : std::optional(std::move(list));
}

/// What the entry of a list does to a state.
void leave(Records& state, const ledger::Collection& list) {
  for (const auto& record : list.records) state.erase(record.second);
}

/// As a hub does: of what is dead here and there some goes.
void collect_now_and_then(Logs& logs, Segment& segment, Millis hub_time) {
  const Position size = logs.states.size() - 1;
  if (size == 0 || *rc::gen::inRange(0, 3) == 0) return;
  const auto list = list_of_dead(logs, *rc::gen::inRange<Position>((size + 1) / 2, size + 1));
  if (!list) return;
  Records next = logs.states.back();
  leave(next, *list);
  logs.states.push_back(std::move(next));
  for (const auto& record : list->records) logs.collected[record.second] = logs.states.size() - 1;
  segment.items.emplace_back(collect_item({ledger::EntryKind::collect, {}, 0, hub_time}, *list));
}

/// What each office has seen of a record may be old: concurrent writes and deletes come by themselves.
void fill(Logs& logs) {
  struct Chain {
    ChainEnd end;
    Millis time = 1;
  };
  std::vector<Chain> chains(kOffices);
  std::vector<std::size_t> seen(kOffices, 0);  // entries
  Millis hub_time = 100;
  const auto blocks = *rc::gen::inRange(1U, 9U);
  for (unsigned block = 0; block < blocks; ++block) {
    Segment segment;
    segment.space = kSpace;
    segment.first = logs.states.size();
    const auto sets = *rc::gen::inRange(1U, 5U);
    for (unsigned i = 0; i < sets; ++i) {
      const auto who = *rc::gen::inRange(0U, kOffices);
      const bool is_up_to_date = *rc::gen::inRange(0, 3) != 0;
      seen[who] = is_up_to_date ? logs.states.size() - 1 : *rc::gen::inRange(seen[who], logs.states.size());
      Chain& chain = chains[who];
      std::vector<Operation> operations;
      std::set<std::string> touched;
      for (auto count = *rc::gen::inRange(1U, 4U); count > 0; --count) {
        const std::string id = "r" + std::to_string(*rc::gen::inRange(0, 4));
        if (!touched.insert(id).second) continue;
        const Records& known = logs.states[seen[who]];
        const auto state = known.find(id);
        Operation op = make_operation(id, state == known.end() ? RecordState() : state->second);
        const auto now = logs.states.back().find(id);
        const bool is_there = now != logs.states.back().end() && now->second.exists();
        if (!is_there && op.kind != OperationKind::create) continue;  // held: its record is gone
        operations.push_back(std::move(op));
      }
      if (operations.empty()) continue;
      sort_by_record(operations);
      Header header;
      header.network = kNetwork;
      header.space = kSpace;
      header.source = office(who);
      header.sequence = chain.end.last + 1;
      header.previous = chain.end.name;
      header.part = header.parts = 1;
      header.stamp = Stamp::at(chain.time += *rc::gen::inRange(1, 40));
      ChangeSet set = make_change_set(header, std::move(operations));
      chain.end = end_after(set.header, set.name);
      hub_time += *rc::gen::inRange(0, 5);
      const ledger::Entry entry{ledger::EntryKind::accept, set.name, 0, hub_time};
      Records next = logs.states.back();
      for (std::size_t n = 0; n < set.operations.size(); ++n) {
        const Placement at{set.dot(n), header.stamp, std::min(header.stamp.millis(), hub_time), 0};
        next[set.operations[n].id].apply(set.operations[n], at);
        logs.uncollected[set.operations[n].id].apply(set.operations[n], at);
      }
      logs.states.push_back(std::move(next));
      logs.positions[header.source].push_back(logs.states.size() - 1);
      segment.items.emplace_back(SetItem{entry, std::move(set)});
      collect_now_and_then(logs, segment, hub_time);
    }
    if (segment.items.empty()) continue;
    must(logs.whole.store.append(segment));
    must(logs.kept.store.append(segment));
  }
}

/// @param bytes of the pieces, by name
LogBase cut(const Records& state, Position position, LogStore& store, SpaceNumber space) {
  LogBase base;
  base.position = position;
  snapshot::Cutter cutter([&](const Bytes& raw) -> Status {
    base.pieces.push_back(snapshot::piece_name(raw));
    return store.rows().add_piece(space, base.pieces.back(), compress(raw, kBlockLevel));
  });
  for (const auto& [id, record] : state)
    if (record.exists()) must(cutter.add(id, record));
  must(cutter.finish());
  return base;
}

Status replace(Database& db, SpaceNumber space, const StoredBlock& block) {
  auto update =
      must(db.prepare("UPDATE _wasl_block SET raw = ?, data = ? WHERE space = ? AND first = ? AND last = ?"));
  update.bind_all(std::uint64_t{block.raw_bytes}, block.data, space, block.first, block.last);
  return update.run();
}

/// What a reader that has the state behind `from` makes of the entries that follow.
Records go_on(Logs::Log& log, Records state, Position from) {
  must(walk(
      log.store, log.info(), from + 1, log.info().size, kNetwork,
      [&](Position, const SegmentItem& item) -> Status {
        if (const auto list = collection_of(item)) {
          leave(state, *list);
          return {};
        }
        const ChangeSet& set = *effect_of(item);
        const Millis effective = std::min(set.header.stamp.millis(), entry_of(item)->hub_time);
        for (std::size_t i = 0; i < set.operations.size(); ++i)
          state[set.operations[i].id].apply(set.operations[i], {set.dot(i), set.header.stamp, effective, 0});
        return {};
      }));
  return state;
}

std::map<std::string, Hash> hashes(const Records& records) {
  std::map<std::string, Hash> out;
  for (const auto& [id, state] : records)
    if (state.exists()) out[id] = record_hash(id, state);
  return out;
}

RC_GTEST_PROP(Compaction, WhatIsKeptGivesTheSameStateFromEveryPosition, ()) {
  Logs logs;
  fill(logs);
  const Position size = logs.whole.info().size;
  const auto at = *rc::gen::inRange<Position>(1, size + 1);
  const SpaceInfo& info = logs.kept.info();
  const LogBase base = cut(logs.states[at], at, logs.kept.store, info.number);
  must(lay_base(logs.kept.store, kSpace, base));
  const auto steps = *rc::gen::inRange(0, 12);  // it may be left off at any block
  for (int i = 0; i < steps; ++i)
    must(let_block_go(
        logs.kept.store, info, base, kNetwork, [](const Hash&) { return true; },
        [&](const StoredBlock& block) { return replace(logs.kept.db, info.number, block); }));
  const Position let_go = must(let_go_of(logs.kept.store, kSpace));
  RC_ASSERT(let_go <= at);

  const auto whole = hashes(logs.states.back());
  Records of_base;
  must(
      each_base_record(logs.kept.store, info, base, [&](const std::string& id, RecordState& state) -> Status {
        of_base[id] = std::move(state);
        return {};
      }));
  RC_ASSERT(of_base.size() == hashes(logs.states[at]).size());
  for (const auto& [id, state] : of_base) RC_ASSERT(state == logs.states[at].at(id));
  for (Position reader = 0; reader <= size; ++reader) {
    const bool is_served = reader >= let_go;  // else it takes the base in the place of what it lacks
    const Records now =
        is_served ? go_on(logs.kept, logs.states[reader], reader) : go_on(logs.kept, of_base, at);
    RC_ASSERT(hashes(now) == whole);
    RC_ASSERT(must(logs.kept.store.root(kSpace, reader)) == must(logs.whole.store.root(kSpace, reader)));
  }
  std::set<Source> sources;
  for (unsigned i = 0; i < kOffices; ++i) sources.insert(office(i));
  RC_ASSERT(must(logs.kept.store.ends_in_log(info, sources, kNetwork)) ==
            must(logs.whole.store.ends_in_log(logs.whole.info(), sources, kNetwork)));
}

RC_GTEST_PROP(Collecting, WhatNobodyListedIsAsIfNothingHadGone, ()) {
  Logs logs;
  fill(logs);
  for (const auto& [id, state] : logs.uncollected) {
    if (!logs.collected.contains(id)) RC_ASSERT(logs.states.back().at(id) == state);
  }
  RC_TAG(logs.collected.empty() ? "none" : "some");
}

RC_GTEST_PROP(Collecting, NothingOfWhatWasListedComesBack, ()) {
  Logs logs;
  fill(logs);
  for (const auto& [id, position] : logs.collected) {
    const auto now = logs.states.back().find(id);
    if (now == logs.states.back().end()) continue;
    std::vector<Dot> dots = now->second.all_dots();
    for (const Deletion& deletion : now->second.deletions) dots.push_back(deletion.dot);
    for (const Dot& dot : dots)
      RC_ASSERT(logs.positions.at(dot.source).at(static_cast<std::size_t>(dot.sequence - 1)) > position);
  }
}

RC_GTEST_PROP(Compaction, WhatIsVoidedBehindTheBaseIsTakenBackAlike, ()) {
  Logs logs;
  fill(logs);
  const Position size = logs.whole.info().size;
  RC_PRE(size > 1);
  const auto at = *rc::gen::inRange<Position>(1, size);
  const SpaceInfo& info = logs.kept.info();
  const LogBase base = cut(logs.states[at], at, logs.kept.store, info.number);
  must(lay_base(logs.kept.store, kSpace, base));
  for (bool more = true; more;)
    more = must(let_block_go(
        logs.kept.store, info, base, kNetwork, [](const Hash&) { return true; },
        [&](const StoredBlock& block) { return replace(logs.kept.db, info.number, block); }));
  std::vector<FallenEntry> fallen;
  for (Position position = at + 1; position <= size; ++position) {
    const ledger::Entry entry = must(logs.whole.store.entries(kSpace, position, position)).front().entry;
    if (entry.kind == ledger::EntryKind::accept && *rc::gen::arbitrary<bool>())
      fallen.push_back({position, entry.hash});
  }
  const AuthorityState authority;
  const auto of_whole =
      must(records_without(logs.whole.store, logs.whole.info(), authority, fallen, size, kNetwork));
  const auto of_kept = must(records_without(logs.kept.store, info, authority, fallen, size, kNetwork));
  RC_ASSERT(of_whole == of_kept);
}

RC_GTEST_PROP(Compaction, ABlockWithoutBodiesIsReadBackAsItWasWritten, ()) {
  Logs logs;
  fill(logs);
  for (const Segment& block : must(logs.whole.store.read(kSpace, 1, SIZE_MAX, kNetwork))) {
    const Segment bare = without_bodies(block);
    const Bytes bytes = encode_items(bare);
    RC_ASSERT(bytes.size() < encode_items(block).size() + 32 * block.items.size());
    const Segment again = must(decode_items(kSpace, block.first, bytes, kNetwork));
    RC_ASSERT(encode_items(again) == bytes);
    RC_ASSERT(entry_count(again) == entry_count(block));
    std::vector<const ledger::Entry*> entries;
    for (const SegmentItem& item : block.items)
      if (entry_of(item) != nullptr) entries.push_back(entry_of(item));
    each_entry(again, [&](Position position, const SegmentItem& item, const Header* header) {
      const std::size_t i = static_cast<std::size_t>(position - block.first);
      RC_ASSERT(*entry_of(item) == *entries[i]);
      if (collection_of(item)) return;
      RC_ASSERT(header != nullptr && name_of(encode(*header)) == entries[i]->hash);
    });
  }
}

}  // namespace
}  // namespace wasl
