#include "server/store/sqlite_hub_store.hpp"

#include "server/store/kept_rows.hpp"
#include "shared/store/sqlite_rows.hpp"

namespace wasl {
namespace {

constexpr std::string_view kTables = R"sql(
CREATE TABLE IF NOT EXISTS hub_heads_leaf(no INTEGER PRIMARY KEY, leaf BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS hub_heads_node(level INTEGER NOT NULL, no INTEGER NOT NULL, hash BLOB NOT NULL,
  PRIMARY KEY(level, no)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hub_device(key BLOB PRIMARY KEY, counter INTEGER NOT NULL, last_seen INTEGER NOT NULL,
  equal INTEGER, applied BLOB NOT NULL, wiped INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hub_kept(no INTEGER PRIMARY KEY, author BLOB NOT NULL, chain BLOB NOT NULL,
  sequence INTEGER NOT NULL, fork INTEGER NOT NULL, name BLOB NOT NULL, header BLOB NOT NULL, body BLOB NOT NULL,
  openings BLOB NOT NULL, run_last INTEGER, signature BLOB, state INTEGER NOT NULL, reason INTEGER NOT NULL,
  detail TEXT NOT NULL, at INTEGER NOT NULL, space TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS hub_kept_place ON hub_kept(author, chain, sequence) WHERE fork = 0;
CREATE UNIQUE INDEX IF NOT EXISTS hub_kept_fork ON hub_kept(author, chain) WHERE fork = 1;
CREATE UNIQUE INDEX IF NOT EXISTS hub_kept_name ON hub_kept(name);
CREATE INDEX IF NOT EXISTS hub_kept_held ON hub_kept(space) WHERE state = 1 AND fork = 0;
CREATE INDEX IF NOT EXISTS hub_kept_ages ON hub_kept(state, reason, at) WHERE state IN (1, 2) AND fork = 0;
CREATE TABLE IF NOT EXISTS hub_conflict(space INTEGER NOT NULL, id TEXT NOT NULL, since INTEGER NOT NULL,
  PRIMARY KEY(space, id)) WITHOUT ROWID;
)sql";

constexpr std::string_view kKeptColumns =
    "SELECT header, name, body, openings, run_last, signature, state, reason, detail, at FROM hub_kept ";

Result<std::vector<KeptSet>> read_all_kept(Statement& select) {
  std::vector<KeptSet> sets;
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return sets;
    WASL_LET(
        KeptSet set,
        decode_kept({select.blob(0), select.blob(1), select.blob(2), select.blob(3),
                     select.is_null(4) ? std::nullopt : std::optional(static_cast<Sequence>(select.int64(4))),
                     select.blob(5), select.int64(6), select.int64(7), select.text(8), select.int64(9)}));
    sets.push_back(std::move(set));
  }
}

ByAge by_age(const Statement& row) {
  const auto count = [&](int column) { return static_cast<std::uint64_t>(row.int64(column)); };
  return {count(0), count(1), count(2), count(3), row.int64(4)};
}

}  // namespace

SqliteHubStore::SqliteHubStore(Database database)
    : HubDatabase{std::move(database)}, RowHubStore(sqlite_rows(db)) {}

Result<std::unique_ptr<HubStore>> SqliteHubStore::open(const std::filesystem::path& file, bool create) {
  WASL_LET(Database database, Database::open({.path = file, .create = create}));
  WASL_TRY(check_stored_format(database));
  WASL_TRY(database.settle());
  WASL_TRY(create_log_tables(database));
  WASL_TRY(database.exec(kTables));
  std::unique_ptr<SqliteHubStore> store(new SqliteHubStore(std::move(database)));
  WASL_TRY(store->refresh());
  WASL_TRY(store->check_in_force());
  WASL_TRY(store->settle_in());
  return store;
}

Result<std::unique_ptr<HubStore>> SqliteHubStore::open_to_read(const std::filesystem::path& file) {
  WASL_LET(Database database, Database::open({.path = file, .read_only = true}));
  WASL_TRY(check_stored_format(database));
  std::unique_ptr<SqliteHubStore> store(new SqliteHubStore(std::move(database)));
  WASL_TRY(store->refresh());
  WASL_TRY(store->check_in_force());
  return store;
}

Result<std::uint64_t> SqliteHubStore::heads_size() {
  WASL_LET(auto select, db.prepare("SELECT coalesce(max(no) + 1, 0) FROM hub_heads_leaf"));
  WASL_LET(const bool found, select.step());
  return found ? static_cast<std::uint64_t>(select.int64(0)) : 0;
}

Result<std::vector<Bytes>> SqliteHubStore::heads_leaves(std::uint64_t first, std::size_t count) {
  std::vector<Bytes> leaves;
  WASL_LET(auto select,
           db.prepare("SELECT leaf FROM hub_heads_leaf WHERE no >= ?1 AND no < ?1 + ?2 ORDER BY no"));
  select.bind_all(first, std::uint64_t{count});
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) break;
    leaves.push_back(to_bytes(select.blob(0)));
  }
  if (leaves.size() != count) return damaged_hub("log of heads");
  return leaves;
}

Result<std::vector<Hash>> SqliteHubStore::heads_nodes(unsigned level, std::uint64_t first,
                                                      std::size_t count) {
  std::vector<Hash> nodes;
  WASL_LET(auto select, db.prepare("SELECT hash FROM hub_heads_node WHERE level = ?1 AND no >= ?2 AND "
                                   "no < ?2 + ?3 ORDER BY no"));
  select.bind_all(level, first, std::uint64_t{count});
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) break;
    const auto hash = Hash::from(select.blob(0));
    if (!hash) return damaged_hub("log of heads");
    nodes.push_back(*hash);
  }
  if (nodes.size() != count) return damaged_hub("log of heads");
  return nodes;
}

Status SqliteHubStore::append_heads(std::uint64_t index, ByteView leaf,
                                    const std::vector<ledger::Node>& nodes) {
  WASL_LET(auto insert, db.prepare("INSERT INTO hub_heads_leaf VALUES(?, ?)"));
  insert.bind_all(index, leaf);
  WASL_TRY(insert.run());
  WASL_LET(auto insert_node, db.prepare("INSERT INTO hub_heads_node VALUES(?, ?, ?)"));
  for (const ledger::Node& node : nodes) {
    insert_node.bind_all(node.level, node.index, node.hash);
    WASL_TRY(insert_node.run());
  }
  return {};
}

Result<std::optional<DeviceNote>> SqliteHubStore::device(const PublicKey& key) {
  WASL_LET(auto select,
           db.prepare("SELECT counter, last_seen, equal, applied, wiped FROM hub_device WHERE key = ?"));
  select.bind_all(key);
  WASL_LET(const bool found, select.step());
  if (!found) return std::optional<DeviceNote>();
  DeviceNote note{key,
                  static_cast<std::uint64_t>(select.int64(0)),
                  select.int64(1),
                  std::nullopt,
                  select.int64(4),
                  decode_applied(select.blob(3))};
  if (!select.is_null(2)) note.equal = select.int64(2) != 0;
  return std::optional(std::move(note));
}

Result<bool> SqliteHubStore::use_counter(const PublicKey& key, std::uint64_t counter, Millis now) {
  bool fresh = false;
  const auto write = [&]() -> Status {
    WASL_LET(auto insert,
             db.prepare("INSERT INTO hub_device VALUES(?, ?, ?, NULL, ?, 0) ON CONFLICT DO UPDATE SET "
                        "counter = excluded.counter, last_seen = excluded.last_seen "
                        "WHERE counter < excluded.counter"));
    insert.bind_all(key, counter, now, ByteView(encode_applied({})));
    WASL_TRY(insert.run());
    fresh = db.changes() == 1;
    return {};
  };
  WASL_TRY(transact(write));
  return fresh;
}

Status SqliteHubStore::note_done(const PublicKey& key, const std::optional<bool>& equal,
                                 const std::vector<Cursor>& applied, Millis now) {
  return transact([&]() -> Status {
    WASL_LET(
        auto insert,
        db.prepare("INSERT INTO hub_device VALUES(?, 0, ?, ?, ?, 0) ON CONFLICT DO UPDATE SET "
                   "last_seen = excluded.last_seen, equal = excluded.equal, applied = excluded.applied"));
    insert.bind_all(key, now, equal ? std::optional<int>(*equal ? 1 : 0) : std::nullopt,
                    ByteView(encode_applied(applied)));
    return insert.run();
  });
}

Status SqliteHubStore::note_wiped(const PublicKey& key, Millis now) {
  return transact([&]() -> Status {
    WASL_LET(auto insert,
             db.prepare("INSERT INTO hub_device VALUES(?, 0, ?, NULL, ?, ?) ON CONFLICT DO UPDATE SET "
                        "last_seen = excluded.last_seen, wiped = excluded.wiped"));
    insert.bind_all(key, now, ByteView(encode_applied({})), now);
    return insert.run();
  });
}

Status SqliteHubStore::note_meta(std::string_view key, ByteView value) {
  return transact([&] { return set_meta(key, value); });
}

Result<std::vector<KeptSet>> SqliteHubStore::kept_list(bool refused_too) {
  WASL_LET(auto select,
           db.prepare(std::string(kKeptColumns) + "WHERE fork = 0 AND state IN (1, ?) ORDER BY no"));
  select.bind_all(refused_too ? 2 : 1);
  return read_all_kept(select);
}

Result<std::vector<KeptSet>> SqliteHubStore::find_kept(ByteView first, std::optional<Byte> half) {
  const auto [least, most] = names_between(first, half);
  WASL_LET(auto select, db.prepare(std::string(kKeptColumns) +
                                   "WHERE name BETWEEN ? AND ? AND fork = 0 AND state IN (1, 2) LIMIT 4"));
  select.bind_all(ByteView(least), ByteView(most));
  return read_all_kept(select);
}

Result<std::optional<KeptSet>> SqliteHubStore::kept_named(const Hash& name) {
  WASL_LET(auto select, db.prepare(std::string(kKeptColumns) + "WHERE name = ? AND fork = 0"));
  select.bind_all(name);
  WASL_LET(auto found, read_all_kept(select));
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

Result<std::vector<KeptSet>> SqliteHubStore::waiting_in(std::string_view space) {
  WASL_LET(auto select, db.prepare(std::string(kKeptColumns) + "WHERE space = ? AND state = 1 AND fork = 0 "
                                                               "AND reason IN (?, ?) ORDER BY no"));
  select.bind_all(space, static_cast<int>(Reason::depends), static_cast<int>(Reason::gone));
  return read_all_kept(select);
}

Result<std::vector<KeptSet>> SqliteHubStore::decided_of(const PublicKey& author) {
  WASL_LET(auto select,
           db.prepare(std::string(kKeptColumns) + "WHERE author = ? AND state IN (4, 5) AND fork = 0 "
                                                  "ORDER BY chain, sequence"));
  select.bind_all(author);
  return read_all_kept(select);
}

Status SqliteHubStore::decide(const Hash& name, KeptState state, Reason reason, std::string_view detail) {
  WASL_LET(auto update, db.prepare("UPDATE hub_kept SET state = ?, reason = ?, detail = ?, body = x'', "
                                   "openings = ? WHERE name = ? AND fork = 0"));
  update.bind_all(static_cast<int>(state), static_cast<int>(reason), detail, ByteView(encode_openings({})),
                  name);
  return update.run();
}

Result<std::vector<KeptSet>> SqliteHubStore::kept_with_openings(std::string_view space) {
  WASL_LET(auto select,
           db.prepare(std::string(kKeptColumns) + "WHERE space = ? AND length(openings) > 1 ORDER BY no"));
  select.bind_all(space);
  return read_all_kept(select);
}

Status SqliteHubStore::save_openings(const Hash& name, const std::vector<OpeningItem>& openings) {
  WASL_LET(auto update, db.prepare("UPDATE hub_kept SET openings = ? WHERE name = ?"));
  update.bind_all(ByteView(encode_openings(openings)), name);
  return update.run();
}

Status SqliteHubStore::replace_block(SpaceNumber space, const StoredBlock& block) {
  WASL_LET(auto update,
           db.prepare("UPDATE _wasl_block SET raw = ?, data = ? WHERE space = ? AND first = ? AND last = ?"));
  update.bind_all(std::uint64_t{block.raw_bytes}, block.data, space, block.first, block.last);
  return update.run();
}

Status SqliteHubStore::insert_kept(const KeptSet& set, bool fork) {
  WASL_LET(auto insert,
           db.prepare("INSERT OR IGNORE INTO hub_kept(author, chain, sequence, fork, name, header, "
                      "body, openings, run_last, signature, state, reason, detail, at, space) "
                      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  const auto run_last = set.run ? std::optional(set.run->last) : std::nullopt;
  const auto signature = set.run ? std::optional(set.run->signature) : std::nullopt;
  insert.bind_all(set.header.source.author, set.header.source.chain, set.header.sequence, fork ? 1 : 0,
                  set.name, ByteView(set.header_bytes), ByteView(set.body),
                  ByteView(encode_openings(set.openings)), run_last, signature, static_cast<int>(set.state),
                  static_cast<int>(set.reason), set.detail, set.at, set.header.space);
  return insert.run();
}

Result<std::optional<KeptSet>> SqliteHubStore::kept(const Source& source, Sequence sequence) {
  WASL_LET(auto select, db.prepare(std::string(kKeptColumns) +
                                   "WHERE author = ? AND chain = ? AND sequence = ? AND fork = 0"));
  select.bind_all(source.author, source.chain, sequence);
  WASL_LET(auto found, read_all_kept(select));
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

Result<std::vector<KeptSet>> SqliteHubStore::kept_from(const Source& source, Sequence from) {
  WASL_LET(auto select, db.prepare(std::string(kKeptColumns) +
                                   "WHERE author = ? AND chain = ? AND sequence >= ? AND fork = 0 "
                                   "ORDER BY sequence"));
  select.bind_all(source.author, source.chain, from);
  return read_all_kept(select);
}

Result<KeptTotals> SqliteHubStore::kept_totals(const PublicKey& author) {
  WASL_LET(auto select, db.prepare("SELECT coalesce(sum(state = 1), 0), coalesce(sum(state = 2), 0), "
                                   "coalesce(sum(length(body) + length(header)), 0) "
                                   "FROM hub_kept WHERE author = ? AND fork = 0 AND state < 4"));
  select.bind_all(author);
  WASL_LET(const bool found, select.step());
  if (!found) return KeptTotals{};
  return KeptTotals{static_cast<std::uint64_t>(select.int64(0)), static_cast<std::uint64_t>(select.int64(1)),
                    static_cast<std::uint64_t>(select.int64(2))};
}

Result<std::vector<KeptCount>> SqliteHubStore::kept_counts(Millis now) {
  WASL_LET(auto select, db.prepare("SELECT " + by_age_columns("at") +
                                   ", state, reason FROM hub_kept WHERE state IN (1, 2) AND fork = 0 "
                                   "GROUP BY state, reason"));
  select.bind_all(now - ByAge::kDay, now - ByAge::kWeek, now - ByAge::kMonth);
  std::vector<KeptCount> out;
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return out;
    out.push_back(
        {static_cast<KeptState>(select.int64(5)), static_cast<Reason>(select.int64(6)), by_age(select)});
  }
}

Result<std::map<std::string, ByAge>> SqliteHubStore::conflict_counts(Millis now) {
  WASL_LET(auto select, db.prepare("SELECT " + by_age_columns("c.since") +
                                   ", s.name FROM hub_conflict c JOIN _wasl_space s ON s.no = c.space "
                                   "GROUP BY s.no, s.name"));
  select.bind_all(now - ByAge::kDay, now - ByAge::kWeek, now - ByAge::kMonth);
  std::map<std::string, ByAge> out;
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return out;
    out.emplace(select.text(5), by_age(select));
  }
}

Result<std::map<RowHubStore::RecordName, Millis>> SqliteHubStore::conflicts() {
  std::map<RecordName, Millis> out;
  WASL_LET(auto select, db.prepare("SELECT space, id, since FROM hub_conflict"));
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return out;
    out.emplace(RecordName{select.int64(0), std::string(select.text(1))}, select.int64(2));
  }
}

Status SqliteHubStore::save_conflict(SpaceNumber space, std::string_view id, std::optional<Millis> since) {
  if (!since) {
    WASL_LET(auto erase, db.prepare("DELETE FROM hub_conflict WHERE space = ? AND id = ?"));
    erase.bind_all(space, id);
    return erase.run();
  }
  WASL_LET(auto insert, db.prepare("INSERT OR REPLACE INTO hub_conflict VALUES(?, ?, ?)"));
  insert.bind_all(space, id, *since);
  return insert.run();
}

Result<std::uint64_t> SqliteHubStore::fork_count(const PublicKey& author) {
  WASL_LET(auto select, db.prepare("SELECT count(*) FROM hub_kept WHERE author = ? AND fork = 1"));
  select.bind_all(author);
  WASL_LET(const bool found, select.step());
  return found ? static_cast<std::uint64_t>(select.int64(0)) : 0;
}

Result<std::uint64_t> SqliteHubStore::chain_count(const PublicKey& author) {
  WASL_LET(auto select,
           db.prepare("SELECT count(*) FROM (SELECT chain FROM _wasl_source WHERE author = ?1 AND last > 0 "
                      "UNION SELECT chain FROM hub_kept WHERE author = ?1 AND fork = 0)"));
  select.bind_all(author);
  WASL_LET(const bool found, select.step());
  return found ? static_cast<std::uint64_t>(select.int64(0)) : 0;
}

}  // namespace wasl
