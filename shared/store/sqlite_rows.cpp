#include "shared/store/sqlite_rows.hpp"

namespace wasl {
namespace {

constexpr std::string_view kRowTables = R"sql(
CREATE TABLE IF NOT EXISTS _wasl_meta(key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _wasl_space(no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, size INTEGER NOT NULL,
  applied INTEGER NOT NULL, digested INTEGER NOT NULL DEFAULT 0, frontier BLOB NOT NULL, key BLOB, leaf_index INTEGER NOT NULL, leaf BLOB NOT NULL,
  as_of INTEGER NOT NULL, proved INTEGER NOT NULL DEFAULT 0, authority INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS _wasl_node(space INTEGER NOT NULL, level INTEGER NOT NULL, no INTEGER NOT NULL,
  hash BLOB NOT NULL, PRIMARY KEY(space, level, no)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _wasl_source(no INTEGER PRIMARY KEY, author BLOB NOT NULL, chain BLOB NOT NULL,
  space INTEGER, last INTEGER NOT NULL DEFAULT 0, name BLOB, stamp INTEGER NOT NULL DEFAULT 0, UNIQUE(author, chain));
CREATE TABLE IF NOT EXISTS _wasl_entry(space INTEGER NOT NULL, position INTEGER NOT NULL, kind INTEGER NOT NULL,
  hash BLOB NOT NULL, authority INTEGER NOT NULL, time INTEGER NOT NULL, source INTEGER, sequence INTEGER,
  block INTEGER NOT NULL, PRIMARY KEY(space, position)) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS _wasl_entry_source ON _wasl_entry(source, sequence) WHERE source IS NOT NULL;
CREATE INDEX IF NOT EXISTS _wasl_entry_void ON _wasl_entry(space, sequence) WHERE kind = 3;
CREATE INDEX IF NOT EXISTS _wasl_entry_adopt ON _wasl_entry(space, position) WHERE kind = 2;
CREATE TABLE IF NOT EXISTS _wasl_stand_in(source INTEGER NOT NULL, sequence INTEGER NOT NULL, name BLOB NOT NULL,
  block INTEGER NOT NULL, PRIMARY KEY(source, sequence)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _wasl_block(no INTEGER PRIMARY KEY, space INTEGER NOT NULL, first INTEGER NOT NULL,
  last INTEGER NOT NULL, raw INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS _wasl_block_first ON _wasl_block(space, last);
CREATE TABLE IF NOT EXISTS _wasl_opening(commitment BLOB PRIMARY KEY, salt BLOB NOT NULL, value BLOB NOT NULL)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _wasl_parked(space INTEGER NOT NULL, id TEXT NOT NULL, state BLOB NOT NULL,
  PRIMARY KEY(space, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _wasl_bucket(space INTEGER NOT NULL, bucket INTEGER NOT NULL, hash BLOB NOT NULL,
  data BLOB NOT NULL, PRIMARY KEY(space, bucket)) WITHOUT ROWID;
)sql";

class SqliteTransaction final : public RowTransaction {
 public:
  explicit SqliteTransaction(Transaction transaction) : transaction_(std::move(transaction)) {}
  Status commit() override { return transaction_.commit(); }

 private:
  Transaction transaction_;
};

/// Position, kind, hash, authority position, time, space, chain and sequence.
Result<StoredEntry> read_entry(const Statement& select) {
  const auto hash = Hash::from(select.blob(2));
  if (!hash || select.int64(0) < 1 || select.int64(3) < 0 || select.int64(4) < 0) return damaged_row("log");
  StoredEntry row;
  row.position = static_cast<Position>(select.int64(0));
  row.entry.kind = static_cast<ledger::EntryKind>(select.int64(1));
  row.entry.hash = *hash;
  row.entry.authority = static_cast<std::uint64_t>(select.int64(3));
  row.entry.hub_time = select.int64(4);
  row.space = select.int64(5);
  if (!select.is_null(6)) {
    if (select.int64(6) < 0 || select.int64(7) < 0) return damaged_row("log");
    row.source = static_cast<std::uint64_t>(select.int64(6));
  }
  if (!select.is_null(7)) row.sequence = static_cast<Sequence>(select.int64(7));
  return row;
}

Result<std::vector<StoredEntry>> read_entries(Statement& select) {
  std::vector<StoredEntry> rows;
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return rows;
    WASL_LET(const StoredEntry row, read_entry(select));
    rows.push_back(row);
  }
}

/// The first column of all rows.
Result<std::vector<Hash>> read_hashes(Statement& select, std::string_view what) {
  std::vector<Hash> hashes;
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return hashes;
    const auto hash = Hash::from(select.blob(0));
    if (!hash) return damaged_row(what);
    hashes.push_back(*hash);
  }
}

class SqliteRows final : public RowStore {
 public:
  explicit SqliteRows(Database& database) : db_(&database) {}

  Result<std::unique_ptr<RowTransaction>> begin() override {
    WASL_LET(auto transaction, Transaction::begin(*db_));
    return std::unique_ptr<RowTransaction>(new SqliteTransaction(std::move(transaction)));
  }
  Result<std::unique_ptr<RowTransaction>> begin_reading() override {
    WASL_LET(auto transaction, Transaction::begin(*db_, Transaction::Kind::deferred));
    return std::unique_ptr<RowTransaction>(new SqliteTransaction(std::move(transaction)));
  }
  Result<Version> version() override {
    WASL_LET(const std::int64_t committed, db_->data_version());
    return Version{committed, db_->undone()};
  }

  Result<std::optional<SpaceInfo>> space(std::string_view name) override;
  Result<SpaceNumber> add_space(const SpaceInfo& info) override;
  Status save_space(const SpaceInfo& info) override;
  Result<std::vector<std::string>> space_names() override;

  Result<std::optional<std::uint64_t>> source_number(const Source& source) override;
  Result<std::uint64_t> add_source(const Source& source) override;
  Result<std::optional<Source>> source(std::uint64_t number) override;
  Result<ChainEnd> chain_end(const Source& source) override;
  Status save_chain_end(std::uint64_t source, SpaceNumber space, const ChainEnd& end) override;
  Result<std::optional<Hash>> stand_in(const Source& source, Sequence sequence) override;
  Status save_stand_in(SpaceNumber space, std::uint64_t source, Sequence sequence, const Hash& name,
                       std::int64_t block) override;
  Result<std::vector<std::pair<Source, ChainEnd>>> chain_ends(SpaceNumber space) override;
  Result<std::vector<StoredStandIn>> lone_stand_ins(SpaceNumber space) override;

  Result<std::optional<StoredEntry>> find(const Source& source, Sequence sequence) override;
  Result<std::vector<StoredEntry>> entries(SpaceNumber space, Position from, Position to) override;
  Result<std::vector<StoredEntry>> accepted_of(const Author& author, SpaceNumber space,
                                               Millis since) override;
  Result<std::vector<std::pair<Position, Hash>>> adopted(SpaceNumber space) override;
  Result<std::vector<Position>> voided(SpaceNumber space, Position until) override;
  Status add_entries(std::span<const StoredEntry> entries, std::int64_t block) override;

  Result<std::vector<Hash>> nodes(SpaceNumber space, unsigned level, std::uint64_t first,
                                  std::size_t count) override;
  Status add_nodes(SpaceNumber space, std::span<const ledger::Node> nodes) override;

  Result<std::int64_t> add_block(SpaceNumber space, const StoredBlock& block) override;
  Status each_block(SpaceNumber space, Position from,
                    const std::function<Result<bool>(const StoredBlock&)>& visit) override;
  Result<std::vector<std::int64_t>> block_numbers(SpaceNumber space) override;
  Result<std::uint64_t> bytes_behind(SpaceNumber space, Position size) override;
  Result<bool> has_rows_behind(SpaceNumber space, Position size) override;
  Status drop_behind(SpaceNumber space, Position size) override;
  Status drop_derived(SpaceNumber space) override {
    WASL_TRY(run("DELETE FROM _wasl_entry WHERE space = ?", space));
    return run("DELETE FROM _wasl_node WHERE space = ?", space);
  }

  Result<std::optional<StoredOpening>> opening(const Hash& commitment) override;
  Status add_opening(const Hash& commitment, const Salt& salt, ByteView value) override {
    return run("INSERT OR IGNORE INTO _wasl_opening VALUES(?, ?, ?)", commitment, salt, value);
  }
  Status drop_opening(const Hash& commitment) override {
    return run("DELETE FROM _wasl_opening WHERE commitment = ?", commitment);
  }
  Result<std::vector<Hash>> openings() override;

  Result<std::optional<Bytes>> parked(SpaceNumber space, std::string_view id) override {
    return one_blob("SELECT state FROM _wasl_parked WHERE space = ? AND id = ?", space, id);
  }
  Status park(SpaceNumber space, std::string_view id, ByteView state) override {
    return run(
        "INSERT INTO _wasl_parked VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET "
        "state = excluded.state",
        space, id, state);
  }
  Status unpark(SpaceNumber space, std::string_view id) override {
    return run("DELETE FROM _wasl_parked WHERE space = ? AND id = ?", space, id);
  }
  Status each_parked(SpaceNumber space,
                     const std::function<Status(std::string_view id, ByteView state)>& visit) override {
    WASL_LET(auto select, db_->prepare("SELECT id, state FROM _wasl_parked WHERE space = ? ORDER BY id"));
    select.bind_all(space);
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) return {};
      WASL_TRY(visit(select.text(0), select.blob(1)));
    }
  }
  Result<std::optional<Bytes>> bucket(SpaceNumber space, unsigned bucket) override {
    return one_blob("SELECT data FROM _wasl_bucket WHERE space = ? AND bucket = ?", space, bucket);
  }
  Result<std::vector<std::pair<unsigned, Hash>>> bucket_hashes(SpaceNumber space) override;
  Status save_bucket(SpaceNumber space, unsigned bucket, const Hash& hash, ByteView data) override {
    return run(
        "INSERT INTO _wasl_bucket VALUES(?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
        "hash = excluded.hash, data = excluded.data",
        space, bucket, hash, data);
  }
  Status drop_state(SpaceNumber space) override {
    WASL_TRY(run("DELETE FROM _wasl_parked WHERE space = ?", space));
    return run("DELETE FROM _wasl_bucket WHERE space = ?", space);
  }

  Result<std::optional<Bytes>> piece(SpaceNumber space, const Hash& name) override {
    return one_blob("SELECT data FROM _wasl_piece WHERE space = ? AND name = ?", space, name);
  }
  Status add_piece(SpaceNumber space, const Hash& name, ByteView packed) override {
    return run("INSERT OR REPLACE INTO _wasl_piece VALUES(?, ?, ?)", space, name, packed);
  }
  Result<std::vector<Hash>> piece_names(SpaceNumber space) override {
    WASL_LET(auto select, db_->prepare("SELECT name FROM _wasl_piece WHERE space = ?"));
    select.bind_all(space);
    return read_hashes(select, "list of pieces");
  }
  Status drop_piece(SpaceNumber space, const Hash& name) override {
    return run("DELETE FROM _wasl_piece WHERE space = ? AND name = ?", space, name);
  }

  Result<std::optional<Bytes>> meta(std::string_view key) override {
    return one_blob("SELECT value FROM _wasl_meta WHERE key = ?", key);
  }
  Status set_meta(std::string_view key, ByteView value) override {
    return run(
        "INSERT INTO _wasl_meta VALUES(?, ?) ON CONFLICT DO UPDATE SET "
        "value = excluded.value",
        key, value);
  }

 private:
  template <class... Values>
  Status run(std::string_view sql, const Values&... values) {
    WASL_LET(auto statement, db_->prepare(sql));
    statement.bind_all(values...);
    return statement.run();
  }
  template <class... Values>
  Result<std::optional<Bytes>> one_blob(std::string_view sql, const Values&... values) {
    WASL_LET(auto select, db_->prepare(sql));
    select.bind_all(values...);
    WASL_LET(const bool found, select.step());
    if (!found) return std::optional<Bytes>();
    return std::optional(to_bytes(select.blob(0)));
  }

  Database* db_;
};

// ── Spaces ──

Result<std::optional<SpaceInfo>> SqliteRows::space(std::string_view name) {
  WASL_LET(auto select,
           db_->prepare("SELECT no, size, applied, frontier, key, leaf_index, leaf, as_of, digested, proved, "
                        "authority FROM _wasl_space WHERE name = ?"));
  select.bind_all(name);
  WASL_LET(const bool found, select.step());
  if (!found) return std::optional<SpaceInfo>();
  for (const int number : {1, 2, 5, 8, 9, 10}) {
    if (select.int64(number) < 0) return damaged_row("list of spaces");
  }
  if (select.int64(9) > select.int64(1)) return damaged_row("list of spaces");
  SpaceInfo info;
  info.name = name;
  info.number = select.int64(0);
  info.size = static_cast<Position>(select.int64(1));
  info.applied = static_cast<Position>(select.int64(2));
  auto frontier = ledger::Frontier::decode(select.blob(3));
  if (!frontier || frontier->size() != info.size) return damaged_row("Merkle frontier");
  info.frontier = std::move(*frontier);
  if (!select.is_null(4)) info.key = ledger::BlindingKey::from(select.blob(4));
  info.leaf_index = static_cast<std::uint64_t>(select.int64(5));
  info.leaf = to_bytes(select.blob(6));
  info.as_of = select.int64(7);
  info.digested = static_cast<Position>(select.int64(8));
  info.proved = static_cast<Position>(select.int64(9));
  info.authority = static_cast<Position>(select.int64(10));
  return std::optional(std::move(info));
}

Result<SpaceNumber> SqliteRows::add_space(const SpaceInfo& info) {
  WASL_TRY(
      run("INSERT INTO _wasl_space(name, size, applied, frontier, leaf_index, leaf, "
          "as_of) VALUES(?, 0, 0, ?, 0, x'', 0)",
          info.name, ByteView(info.frontier.encode())));
  return db_->last_insert_id();
}

Status SqliteRows::save_space(const SpaceInfo& info) {
  return run(
      "UPDATE _wasl_space SET size = ?, applied = ?, frontier = ?, key = ?, "
      "leaf_index = ?, leaf = ?, as_of = ?, digested = ?, proved = ?, "
      "authority = ? WHERE no = ?",
      info.size, info.applied, ByteView(info.frontier.encode()), info.key, info.leaf_index,
      ByteView(info.leaf), info.as_of, info.digested, info.proved, info.authority, info.number);
}

Result<std::vector<std::string>> SqliteRows::space_names() {
  std::vector<std::string> names;
  WASL_LET(auto select, db_->prepare("SELECT name FROM _wasl_space ORDER BY no"));
  for (;;) {
    WASL_LET(const bool row, select.step());
    if (!row) return names;
    names.emplace_back(select.text(0));
  }
}

// ── Chains ──

Result<std::optional<std::uint64_t>> SqliteRows::source_number(const Source& source) {
  WASL_LET(auto select, db_->prepare("SELECT no FROM _wasl_source WHERE author = ? AND chain = ?"));
  select.bind_all(source.author, source.chain);
  WASL_LET(const bool found, select.step());
  return found ? std::optional(static_cast<std::uint64_t>(select.int64(0))) : std::nullopt;
}

Result<std::uint64_t> SqliteRows::add_source(const Source& source) {
  WASL_TRY(run("INSERT INTO _wasl_source(author, chain) VALUES(?, ?)", source.author, source.chain));
  return static_cast<std::uint64_t>(db_->last_insert_id());
}

Result<std::optional<Source>> SqliteRows::source(std::uint64_t number) {
  WASL_LET(auto select, db_->prepare("SELECT author, chain FROM _wasl_source WHERE no = ?"));
  select.bind_all(number);
  WASL_LET(const bool found, select.step());
  if (!found) return std::optional<Source>();
  const auto author = Author::from(select.blob(0));
  const auto chain = ChainId::from(select.blob(1));
  if (!author || !chain) return damaged_row("list of chains");
  return std::optional(Source{*author, *chain});
}

Result<ChainEnd> SqliteRows::chain_end(const Source& source) {
  ChainEnd end;
  WASL_LET(auto select,
           db_->prepare("SELECT last, name, (SELECT s.name FROM _wasl_space s WHERE s.no = space), stamp "
                        "FROM _wasl_source WHERE author = ? AND chain = ?"));
  select.bind_all(source.author, source.chain);
  WASL_LET(const bool found, select.step());
  if (found && select.int64(0) > 0) {
    end.last = static_cast<Sequence>(select.int64(0));
    const auto name = Hash::from(select.blob(1));
    if (!name) return damaged_row("list of chains");
    end.name = *name;
    end.space = select.text(2);
    end.stamp.bits = static_cast<std::uint64_t>(select.int64(3));
  }
  return end;
}

Status SqliteRows::save_chain_end(std::uint64_t source, SpaceNumber space, const ChainEnd& end) {
  return run("UPDATE _wasl_source SET last = ?, name = ?, space = ?, stamp = ? WHERE no = ?", end.last,
             end.name, end.last > 0 ? std::optional(space) : std::nullopt,
             static_cast<std::int64_t>(end.stamp.bits), source);
}

Result<std::optional<Hash>> SqliteRows::stand_in(const Source& source, Sequence sequence) {
  WASL_LET(auto select, db_->prepare("SELECT i.name FROM _wasl_source s JOIN _wasl_stand_in i "
                                     "ON i.source = s.no AND i.sequence = ?3 "
                                     "WHERE s.author = ?1 AND s.chain = ?2"));
  select.bind_all(source.author, source.chain, sequence);
  WASL_LET(const auto names, read_hashes(select, "list of chains"));
  return names.empty() ? std::nullopt : std::optional(names.front());
}

Status SqliteRows::save_stand_in(SpaceNumber /*space*/, std::uint64_t source, Sequence sequence,
                                 const Hash& name, std::int64_t block) {
  return run("INSERT OR REPLACE INTO _wasl_stand_in VALUES(?, ?, ?, ?)", source, sequence, name, block);
}

Result<std::vector<std::pair<Source, ChainEnd>>> SqliteRows::chain_ends(SpaceNumber space) {
  std::vector<std::pair<Source, ChainEnd>> ends;
  WASL_LET(auto select,
           db_->prepare("SELECT author, chain, last, s.name, stamp, p.name FROM _wasl_source s JOIN "
                        "_wasl_space p ON p.no = s.space WHERE s.space = ? AND last > 0"));
  select.bind_all(space);
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return ends;
    const auto author = Author::from(select.blob(0));
    const auto chain = ChainId::from(select.blob(1));
    const auto name = Hash::from(select.blob(3));
    if (!author || !chain || !name) return damaged_row("list of chains");
    ChainEnd end;
    end.last = static_cast<Sequence>(select.int64(2));
    end.name = *name;
    end.stamp.bits = static_cast<std::uint64_t>(select.int64(4));
    end.space = select.text(5);
    ends.emplace_back(Source{*author, *chain}, std::move(end));
  }
}

Result<std::vector<StoredStandIn>> SqliteRows::lone_stand_ins(SpaceNumber space) {
  std::vector<StoredStandIn> out;
  WASL_LET(
      auto select,
      db_->prepare("SELECT s.author, s.chain, i.sequence, i.name FROM _wasl_source s JOIN _wasl_stand_in i "
                   "ON i.source = s.no WHERE s.space = ? AND NOT EXISTS(SELECT 1 FROM _wasl_entry e "
                   "WHERE e.source = s.no AND e.sequence = i.sequence)"));
  select.bind_all(space);
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return out;
    const auto author = Author::from(select.blob(0));
    const auto chain = ChainId::from(select.blob(1));
    const auto name = Hash::from(select.blob(3));
    if (!author || !chain || !name || select.int64(2) < 1) return damaged_row("list of chains");
    out.push_back({{*author, *chain}, static_cast<Sequence>(select.int64(2)), *name});
  }
}

// ── Entries ──

Result<std::optional<StoredEntry>> SqliteRows::find(const Source& source, Sequence sequence) {
  WASL_LET(auto select, db_->prepare("SELECT e.position, e.kind, e.hash, e.authority, e.time, e.space, "
                                     "e.source, e.sequence FROM _wasl_source s "
                                     "JOIN _wasl_entry e ON e.source = s.no AND e.sequence = ?3 "
                                     "WHERE s.author = ?1 AND s.chain = ?2"));
  select.bind_all(source.author, source.chain, sequence);
  WASL_LET(const bool found, select.step());
  if (!found) return std::optional<StoredEntry>();
  WASL_LET(const StoredEntry row, read_entry(select));
  return std::optional(row);
}

Result<std::vector<StoredEntry>> SqliteRows::entries(SpaceNumber space, Position from, Position to) {
  WASL_LET(auto select, db_->prepare("SELECT position, kind, hash, authority, time, space, source, sequence "
                                     "FROM _wasl_entry "
                                     "WHERE space = ? AND position BETWEEN ? AND ? ORDER BY position"));
  select.bind_all(space, from, to);
  return read_entries(select);
}

Result<std::vector<StoredEntry>> SqliteRows::accepted_of(const Author& author, SpaceNumber space,
                                                         Millis since) {
  WASL_LET(auto select,
           db_->prepare("SELECT e.position, e.kind, e.hash, e.authority, e.time, e.space, e.source, "
                        "e.sequence FROM _wasl_source s JOIN _wasl_entry e ON e.source = s.no "
                        "WHERE s.author = ?1 AND e.space = ?2 AND e.kind = 1 AND e.time >= ?3 "
                        "ORDER BY e.position"));
  select.bind_all(author, space, since);
  return read_entries(select);
}

Result<std::vector<std::pair<Position, Hash>>> SqliteRows::adopted(SpaceNumber space) {
  std::vector<std::pair<Position, Hash>> out;
  WASL_LET(auto select, db_->prepare("SELECT position, hash FROM _wasl_entry WHERE space = ? AND kind = 2"));
  select.bind_all(space);
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return out;
    const auto hash = Hash::from(select.blob(1));
    if (!hash) return damaged_row("log");
    out.emplace_back(static_cast<Position>(select.int64(0)), *hash);
  }
}

Result<std::vector<Position>> SqliteRows::voided(SpaceNumber space, Position until) {
  std::vector<Position> positions;
  WASL_LET(auto select, db_->prepare("SELECT sequence FROM _wasl_entry WHERE space = ? AND kind = 3 AND "
                                     "position <= ?"));
  select.bind_all(space, until);
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return positions;
    positions.push_back(static_cast<Position>(select.int64(0)));
  }
}

Status SqliteRows::add_entries(std::span<const StoredEntry> entries, std::int64_t block) {
  WASL_LET(auto insert, db_->prepare("INSERT INTO _wasl_entry VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  for (const StoredEntry& row : entries) {
    insert.bind_all(row.space, row.position, static_cast<int>(row.entry.kind), row.entry.hash,
                    row.entry.authority, row.entry.hub_time, row.source, row.sequence, block);
    WASL_TRY(insert.run());
  }
  return {};
}

// ── Subtrees ──

Result<std::vector<Hash>> SqliteRows::nodes(SpaceNumber space, unsigned level, std::uint64_t first,
                                            std::size_t count) {
  WASL_LET(auto select, db_->prepare("SELECT hash FROM _wasl_node WHERE space = ?1 AND level = ?2 AND "
                                     "no >= ?3 AND no < ?3 + ?4 ORDER BY no"));
  select.bind_all(space, level, first, std::uint64_t{count});
  return read_hashes(select, "tree of a log");
}

Status SqliteRows::add_nodes(SpaceNumber space, std::span<const ledger::Node> nodes) {
  WASL_LET(auto insert, db_->prepare("INSERT INTO _wasl_node VALUES(?, ?, ?, ?)"));
  for (const ledger::Node& node : nodes) {
    insert.bind_all(space, node.level, node.index, node.hash);
    WASL_TRY(insert.run());
  }
  return {};
}

// ── Blocks ──

Result<std::int64_t> SqliteRows::add_block(SpaceNumber space, const StoredBlock& block) {
  WASL_TRY(run("INSERT INTO _wasl_block(space, first, last, raw, data) VALUES(?, ?, ?, ?, ?)", space,
               block.first, block.last, block.raw_bytes, block.data));
  return db_->last_insert_id();
}

Status SqliteRows::each_block(SpaceNumber space, Position from,
                              const std::function<Result<bool>(const StoredBlock&)>& visit) {
  WASL_LET(auto select, db_->prepare("SELECT first, last, raw, data FROM _wasl_block WHERE space = ? AND "
                                     "last >= ? ORDER BY last"));
  select.bind_all(space, from);
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return {};
    if (select.int64(0) < 0) return damaged_row("history");
    WASL_LET(const bool more,
             visit({static_cast<Position>(select.int64(0)), static_cast<Position>(select.int64(1)),
                    static_cast<std::size_t>(select.int64(2)), select.blob(3)}));
    if (!more) return {};
  }
}

Result<std::vector<std::int64_t>> SqliteRows::block_numbers(SpaceNumber space) {
  std::vector<std::int64_t> numbers;
  WASL_LET(auto select, db_->prepare("SELECT no FROM _wasl_block WHERE space = ? ORDER BY last"));
  select.bind_all(space);
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return numbers;
    numbers.push_back(select.int64(0));
  }
}

Result<std::uint64_t> SqliteRows::bytes_behind(SpaceNumber space, Position size) {
  WASL_LET(auto select,
           db_->prepare("SELECT total(length(data)) FROM _wasl_block WHERE space = ? AND last > ?"));
  select.bind_all(space, size);
  WASL_LET(const bool found, select.step());
  return found ? static_cast<std::uint64_t>(select.int64(0)) : 0;
}

Result<bool> SqliteRows::has_rows_behind(SpaceNumber space, Position size) {
  for (const std::string_view sql :
       {"SELECT 1 FROM _wasl_entry WHERE space = ?1 AND position > ?2 LIMIT 1",
        "SELECT 1 FROM _wasl_block WHERE space = ?1 AND last > ?2 LIMIT 1",
        "SELECT 1 FROM _wasl_node WHERE space = ?1 AND ((no + 1) << level) > ?2 LIMIT 1"}) {
    WASL_LET(auto select, db_->prepare(sql));
    select.bind_all(space, size);
    WASL_LET(const bool found, select.step());
    if (found) return true;
  }
  return false;
}

Status SqliteRows::drop_behind(SpaceNumber space, Position size) {
  for (const std::string_view sql :
       {"DELETE FROM _wasl_entry WHERE space = ?1 AND position > ?2",
        "DELETE FROM _wasl_stand_in WHERE block IN "
        "(SELECT no FROM _wasl_block WHERE space = ?1 AND last > ?2)",
        "DELETE FROM _wasl_block WHERE space = ?1 AND last > ?2",
        "DELETE FROM _wasl_node WHERE space = ?1 AND ((no + 1) << level) > ?2"}) {
    WASL_TRY(run(sql, space, size));
  }
  return {};
}

// ── Openings, buckets ──

Result<std::optional<StoredOpening>> SqliteRows::opening(const Hash& commitment) {
  WASL_LET(auto select, db_->prepare("SELECT salt, value FROM _wasl_opening WHERE commitment = ?"));
  select.bind_all(commitment);
  WASL_LET(const bool found, select.step());
  if (!found) return std::optional<StoredOpening>();
  return std::optional(StoredOpening{to_bytes(select.blob(0)), to_bytes(select.blob(1))});
}

Result<std::vector<Hash>> SqliteRows::openings() {
  std::vector<Hash> out;
  WASL_LET(auto select, db_->prepare("SELECT commitment FROM _wasl_opening"));
  for (;;) {
    WASL_LET(const bool row, select.step());
    if (!row) return out;
    if (const auto commitment = Hash::from(select.blob(0))) out.push_back(*commitment);
  }
}

Result<std::vector<std::pair<unsigned, Hash>>> SqliteRows::bucket_hashes(SpaceNumber space) {
  std::vector<std::pair<unsigned, Hash>> filled;
  WASL_LET(auto select, db_->prepare("SELECT bucket, hash FROM _wasl_bucket WHERE space = ?"));
  select.bind_all(space);
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return filled;
    const auto hash = Hash::from(select.blob(1));
    const auto bucket = select.int64(0);
    if (!hash || bucket < 0 || bucket > UINT32_MAX) return damaged_row("state digest");
    filled.emplace_back(static_cast<unsigned>(bucket), *hash);
  }
}

/// Of all tables beside the log's too. Raised by whoever changes one so that older programs would go wrong;
/// the file says it in `_wasl_meta` under `format` in one byte, and says nothing while it is 1.
constexpr Byte kStoredFormat = 2;  // 2: bodies below a base may be missing (log_base)

}  // namespace

Status check_stored_format(Database& database) {
  {
    WASL_LET(auto tables,
             database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_wasl_meta'"));
    WASL_LET(const bool found, tables.step());
    if (!found) return {};
  }
  WASL_LET(auto select, database.prepare("SELECT value FROM _wasl_meta WHERE key = 'format'"));
  WASL_LET(const bool found, select.step());
  if (!found || (select.blob(0).size() == 1 && select.blob(0)[0] <= kStoredFormat)) return {};
  return fail(Errc::unsupported, "the database was written by a newer version of this program",
              "update the program; or go back to the copy of the folder that was made before the update");
}

Status create_log_tables(Database& database) {
  WASL_TRY(database.exec(kRowTables));
  return create_piece_table(database);
}

Status create_piece_table(Database& database) {
  return database.exec(
      "CREATE TABLE IF NOT EXISTS _wasl_piece(space INTEGER NOT NULL, name BLOB NOT NULL, data BLOB NOT "
      "NULL, PRIMARY KEY(space, name));");
}

std::unique_ptr<RowStore> sqlite_rows(Database& database) { return std::make_unique<SqliteRows>(database); }

}  // namespace wasl
