#include "server/store/sqlite_hub_store.hpp"

#include <algorithm>

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
)sql";

constexpr std::string_view kKeptColumns =
    "SELECT header, name, body, openings, run_last, signature, state, reason, detail, at FROM hub_kept ";

tl::unexpected<Error> damaged(std::string_view what) {
  return fail(Errc::corrupt, "the hub's stored " + std::string(what) + " is damaged",
              "stop the hub and restore hub.db from a backup");
}

Result<KeptSet> read_kept(const Statement& row) {
  KeptSet set;
  set.header_bytes = to_bytes(row.blob(0));
  auto header = decode_header(set.header_bytes);
  const auto name = Hash::from(row.blob(1));
  auto openings = decode_openings(row.blob(3));
  if (!header || !name || !openings) return damaged("list of held work");
  set.header = std::move(*header);
  set.name = *name;
  set.body = to_bytes(row.blob(2));
  set.openings = std::move(*openings);
  if (!row.is_null(4)) {
    const auto signature = Signature::from(row.blob(5));
    if (!signature) return damaged("list of held work");
    set.run = SignatureItem{set.header.source, static_cast<Sequence>(row.int64(4)), *signature};
  }
  set.state = static_cast<KeptState>(row.int64(6));
  set.reason = static_cast<Reason>(row.int64(7));
  set.detail = row.text(8);
  set.at = row.int64(9);
  return set;
}

Bytes encode_applied(const std::vector<Cursor>& cursors) {
  Writer out;
  out.varint(cursors.size());
  for (const Cursor& cursor : cursors) {
    out.sized(cursor.space);
    out.varint(cursor.position);
  }
  return out.take();
}

std::vector<Cursor> decode_applied(ByteView bytes) {
  std::vector<Cursor> cursors;
  Reader in(bytes);
  const auto count = in.count(1024);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    Cursor cursor;
    cursor.space = in.text(limits::kSpaceBytes);
    cursor.position = in.varint();
    cursors.push_back(std::move(cursor));
  }
  return cursors;
}

}  // namespace

Result<std::unique_ptr<SqliteHubStore>> SqliteHubStore::open(const std::filesystem::path& file, bool create) {
  WASL_LET(Database database, Database::open({.path = file, .create = create}));
  WASL_TRY(database.settle());
  WASL_TRY(LogStore::create_tables(database));
  WASL_TRY(database.exec(kTables));
  std::unique_ptr<SqliteHubStore> store(new SqliteHubStore(std::move(database)));
  WASL_TRY(store->log_.refresh());
  return store;
}

Result<std::unique_ptr<SqliteHubStore>> SqliteHubStore::open_to_read(const std::filesystem::path& file) {
  WASL_LET(Database database, Database::open({.path = file, .read_only = true}));
  std::unique_ptr<SqliteHubStore> store(new SqliteHubStore(std::move(database)));
  WASL_TRY(store->log_.refresh());
  return store;
}

Status SqliteHubStore::transact(const std::function<Status()>& work) {
  if (inside_) return work();  // part of the transaction around it
  if (db_.must_reopen())
    return fail(Errc::storage_failed, "the disk has failed under hub.db",
                "the hub opens it again and checks it");
  WASL_LET(auto transaction, Transaction::begin(db_));
  inside_ = true;
  Status done = log_.refresh();
  if (done) done = work();
  if (done) done = log_.flush_digest();
  if (done) done = transaction.commit();
  inside_ = false;
  if (!done) log_.forget();  // what it remembers was rolled back
  return done;
}

Status SqliteHubStore::save_record(SpaceNumber space, std::string_view id, const RecordState& state) {
  WASL_TRY(log_.park(space, id, state));
  log_.note_record(space, id, record_hash(id, state));
  return {};
}

Result<std::uint64_t> SqliteHubStore::heads_size() {
  WASL_LET(auto select, db_.prepare("SELECT coalesce(max(no) + 1, 0) FROM hub_heads_leaf"));
  WASL_LET(const bool found, select.step());
  return found ? static_cast<std::uint64_t>(select.int64(0)) : 0;
}

Result<Bytes> SqliteHubStore::heads_leaf(std::uint64_t index) {
  WASL_LET(auto select, db_.prepare("SELECT leaf FROM hub_heads_leaf WHERE no = ?"));
  select.bind_all(index);
  WASL_LET(const bool found, select.step());
  if (!found) return damaged("log of heads");
  return to_bytes(select.blob(0));
}

Result<Hash> SqliteHubStore::heads_node(unsigned level, std::uint64_t index) {
  WASL_LET(auto select, db_.prepare("SELECT hash FROM hub_heads_node WHERE level = ? AND no = ?"));
  select.bind_all(level, index);
  WASL_LET(const bool found, select.step());
  const auto hash = found ? Hash::from(select.blob(0)) : std::nullopt;
  if (!hash) return damaged("log of heads");
  return *hash;
}

Result<std::vector<Bytes>> SqliteHubStore::heads_leaves(std::uint64_t first, std::size_t count) {
  std::vector<Bytes> leaves;
  WASL_LET(auto select,
           db_.prepare("SELECT leaf FROM hub_heads_leaf WHERE no >= ?1 AND no < ?1 + ?2 ORDER BY no"));
  select.bind_all(first, std::uint64_t{count});
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) break;
    leaves.push_back(to_bytes(select.blob(0)));
  }
  if (leaves.size() != count) return damaged("log of heads");
  return leaves;
}

Result<std::vector<Hash>> SqliteHubStore::heads_nodes(unsigned level, std::uint64_t first,
                                                      std::size_t count) {
  std::vector<Hash> nodes;
  WASL_LET(auto select, db_.prepare("SELECT hash FROM hub_heads_node WHERE level = ?1 AND no >= ?2 AND "
                                    "no < ?2 + ?3 ORDER BY no"));
  select.bind_all(level, first, std::uint64_t{count});
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) break;
    const auto hash = Hash::from(select.blob(0));
    if (!hash) return damaged("log of heads");
    nodes.push_back(*hash);
  }
  if (nodes.size() != count) return damaged("log of heads");
  return nodes;
}

Status SqliteHubStore::append_heads(std::uint64_t index, ByteView leaf,
                                    const std::vector<ledger::Node>& nodes) {
  WASL_LET(auto insert, db_.prepare("INSERT INTO hub_heads_leaf VALUES(?, ?)"));
  insert.bind_all(index, leaf);
  WASL_TRY(insert.run());
  WASL_LET(auto insert_node, db_.prepare("INSERT INTO hub_heads_node VALUES(?, ?, ?)"));
  for (const ledger::Node& node : nodes) {
    insert_node.bind_all(node.level, node.index, node.hash);
    WASL_TRY(insert_node.run());
  }
  return {};
}

Result<std::optional<DeviceNote>> SqliteHubStore::device(const PublicKey& key) {
  WASL_LET(auto select,
           db_.prepare("SELECT counter, last_seen, equal, applied, wiped FROM hub_device WHERE key = ?"));
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

Status SqliteHubStore::save_device(const DeviceNote& note) {
  WASL_LET(auto insert,
           db_.prepare("INSERT INTO hub_device VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                       "counter = excluded.counter, last_seen = excluded.last_seen, "
                       "equal = excluded.equal, applied = excluded.applied, wiped = excluded.wiped"));
  const auto equal = note.equal ? std::optional<int>(*note.equal ? 1 : 0) : std::nullopt;
  insert.bind_all(note.key, note.counter, note.last_seen, equal, ByteView(encode_applied(note.applied)),
                  note.wiped);
  return insert.run();
}

namespace {

Result<std::vector<KeptSet>> read_all_kept(Statement& select) {
  std::vector<KeptSet> sets;
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return sets;
    WASL_LET(KeptSet set, read_kept(select));
    sets.push_back(std::move(set));
  }
}

}  // namespace

Result<std::vector<KeptSet>> SqliteHubStore::kept_list(bool refused_too) {
  WASL_LET(auto select,
           db_.prepare(std::string(kKeptColumns) + "WHERE fork = 0 AND state IN (1, ?) ORDER BY no"));
  select.bind_all(refused_too ? 2 : 1);
  return read_all_kept(select);
}

Result<std::vector<KeptSet>> SqliteHubStore::find_kept(ByteView first, std::optional<Byte> half) {
  Bytes least = to_bytes(first);
  Bytes most = to_bytes(first);
  if (half) {
    least.push_back(static_cast<Byte>(*half << 4));
    most.push_back(static_cast<Byte>(*half << 4 | 0x0F));
  }
  most.resize(Hash::kSize, 0xFF);
  WASL_LET(auto select, db_.prepare(std::string(kKeptColumns) +
                                    "WHERE name BETWEEN ? AND ? AND fork = 0 AND state IN (1, 2) LIMIT 4"));
  select.bind_all(ByteView(least), ByteView(most));
  return read_all_kept(select);
}

Result<std::optional<KeptSet>> SqliteHubStore::kept_named(const Hash& name) {
  WASL_LET(auto select, db_.prepare(std::string(kKeptColumns) + "WHERE name = ? AND fork = 0"));
  select.bind_all(name);
  WASL_LET(auto found, read_all_kept(select));
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

Result<std::vector<KeptSet>> SqliteHubStore::waiting_in(std::string_view space) {
  WASL_LET(auto select, db_.prepare(std::string(kKeptColumns) + "WHERE space = ? AND state = 1 AND fork = 0 "
                                                                "AND reason IN (?, ?) ORDER BY no"));
  select.bind_all(space, static_cast<int>(Reason::depends), static_cast<int>(Reason::gone));
  return read_all_kept(select);
}

Result<std::vector<KeptSet>> SqliteHubStore::decided_of(const PublicKey& author) {
  WASL_LET(auto select,
           db_.prepare(std::string(kKeptColumns) + "WHERE author = ? AND state IN (4, 5) AND fork = 0 "
                                                   "ORDER BY chain, sequence"));
  select.bind_all(author);
  return read_all_kept(select);
}

Status SqliteHubStore::decide(const Hash& name, KeptState state, Reason reason, std::string_view detail) {
  WASL_LET(auto update, db_.prepare("UPDATE hub_kept SET state = ?, reason = ?, detail = ?, body = x'', "
                                    "openings = ? WHERE name = ? AND fork = 0"));
  update.bind_all(static_cast<int>(state), static_cast<int>(reason), detail, ByteView(encode_openings({})),
                  name);
  return update.run();
}

/// Held and refused work of the space, and evidence of forks, that may have openings.
Result<std::vector<KeptSet>> SqliteHubStore::kept_with_openings(std::string_view space) {
  WASL_LET(auto select,
           db_.prepare(std::string(kKeptColumns) + "WHERE space = ? AND length(openings) > 1 ORDER BY no"));
  select.bind_all(space);
  return read_all_kept(select);
}

Status SqliteHubStore::erase_openings(std::string_view space, const ErasedList& list,
                                      const NetworkId& network) {
  WASL_LET(const bool has_log, log_.has_space(space));  // what waits may be of one that nobody has
  if (has_log) {
    WASL_LET(const SpaceInfo* const info, log_.space(space));
    WASL_LET(const auto touched, wasl::erase_openings(log_, *info, list, network));
    static_cast<void>(touched);  // a hub shows no rows
  }
  WASL_LET(auto kept, kept_with_openings(space));
  for (KeptSet& one : kept) {
    const auto set = decode_change_set(one.header_bytes, one.body);
    if (!set) continue;
    const auto gone = listed_openings(list, *set, one.openings);
    if (gone.empty()) continue;
    std::erase_if(one.openings, [&](const OpeningItem& item) {
      return std::find(gone.begin(), gone.end(), item.commitment) != gone.end();
    });
    WASL_LET(auto update, db_.prepare("UPDATE hub_kept SET openings = ? WHERE name = ?"));
    update.bind_all(ByteView(encode_openings(one.openings)), one.name);
    WASL_TRY(update.run());
  }
  return {};
}

Result<std::set<Hash>> SqliteHubStore::commitments_of(std::string_view space, std::string_view id,
                                                      const NetworkId& network) {
  std::set<Hash> out;
  WASL_LET(const bool has_log, log_.has_space(space));
  if (has_log) {
    WASL_LET(const SpaceInfo* const info, log_.space(space));
    WASL_LET(out, wasl::commitments_of(log_, *info, id, network));
  }
  WASL_LET(const auto kept, kept_with_openings(space));
  for (const KeptSet& one : kept) {
    if (const auto set = decode_change_set(one.header_bytes, one.body)) add_commitments(*set, id, out);
  }
  return out;
}

Status SqliteHubStore::remove_record(SpaceNumber space, std::string_view id) {
  WASL_TRY(log_.unpark(space, id));
  log_.note_gone(space, id);
  return {};
}

Result<std::vector<FallenEntry>> SqliteHubStore::fallen(std::string_view space,
                                                        const AuthorityState& authority, Position at,
                                                        const NetworkId& network) {
  WASL_LET(const SpaceInfo* const info, log_.space(space));
  return fallen_entries(log_, *info, authority, at, info->size, network);
}

Result<TouchedRecords> SqliteHubStore::records_without(std::string_view space,
                                                       const AuthorityState& authority,
                                                       const std::vector<FallenEntry>& fallen,
                                                       const NetworkId& network) {
  WASL_LET(const SpaceInfo* const info, log_.space(space));
  return wasl::records_without(log_, *info, authority, fallen, info->size, network);
}

Status SqliteHubStore::insert_kept(const KeptSet& set, bool fork) {
  WASL_LET(auto insert,
           db_.prepare("INSERT OR IGNORE INTO hub_kept(author, chain, sequence, fork, name, header, "
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
  WASL_LET(auto select, db_.prepare(std::string(kKeptColumns) +
                                    "WHERE author = ? AND chain = ? AND sequence = ? AND fork = 0"));
  select.bind_all(source.author, source.chain, sequence);
  WASL_LET(const bool found, select.step());
  if (!found) return std::optional<KeptSet>();
  WASL_LET(KeptSet set, read_kept(select));
  return std::optional(std::move(set));
}

Result<std::vector<KeptSet>> SqliteHubStore::kept_from(const Source& source, Sequence from) {
  std::vector<KeptSet> sets;
  WASL_LET(auto select, db_.prepare(std::string(kKeptColumns) +
                                    "WHERE author = ? AND chain = ? AND sequence >= ? AND fork = 0 "
                                    "ORDER BY sequence"));
  select.bind_all(source.author, source.chain, from);
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return sets;
    WASL_LET(KeptSet set, read_kept(select));
    sets.push_back(std::move(set));
  }
}

Result<KeptTotals> SqliteHubStore::kept_totals(const PublicKey& author) {
  WASL_LET(auto select, db_.prepare("SELECT coalesce(sum(state = 1), 0), coalesce(sum(state = 2), 0), "
                                    "coalesce(sum(length(body) + length(header)), 0) "
                                    "FROM hub_kept WHERE author = ? AND fork = 0 AND state < 4"));
  select.bind_all(author);
  WASL_LET(const bool found, select.step());
  if (!found) return KeptTotals{};
  return KeptTotals{static_cast<std::uint64_t>(select.int64(0)), static_cast<std::uint64_t>(select.int64(1)),
                    static_cast<std::uint64_t>(select.int64(2))};
}

Result<std::uint64_t> SqliteHubStore::fork_count(const PublicKey& author) {
  WASL_LET(auto select, db_.prepare("SELECT count(*) FROM hub_kept WHERE author = ? AND fork = 1"));
  select.bind_all(author);
  WASL_LET(const bool found, select.step());
  return found ? static_cast<std::uint64_t>(select.int64(0)) : 0;
}

Result<std::uint64_t> SqliteHubStore::chain_count(const PublicKey& author) {
  WASL_LET(auto select,
           db_.prepare("SELECT count(*) FROM (SELECT chain FROM _wasl_source WHERE author = ?1 AND last > 0 "
                       "UNION SELECT chain FROM hub_kept WHERE author = ?1 AND fork = 0)"));
  select.bind_all(author);
  WASL_LET(const bool found, select.step());
  return found ? static_cast<std::uint64_t>(select.int64(0)) : 0;
}

}  // namespace wasl
