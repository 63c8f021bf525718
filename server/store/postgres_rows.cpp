#include "server/store/postgres_rows.hpp"

#include <map>

namespace wasl {
namespace {

constexpr std::int64_t kBlocksAtOnce = 16;  // a block is about as large as a frame

class PostgresTransaction final : public RowTransaction {
 public:
  explicit PostgresTransaction(PostgresSession& session) : session_(session) {}
  ~PostgresTransaction() override { session_.roll_back(); }
  Status commit() override { return session_.commit(); }

 private:
  PostgresSession& session_;
};

constexpr std::string_view kEntryColumns =
    "SELECT e.position, e.kind, e.hash, e.authority, e.time, e.space, e.source, e.sequence ";

Result<StoredEntry> entry_of(const PgRows& rows, int i) {
  const auto hash = Hash::from(rows.blob(i, 2));
  if (!hash || rows.int64(i, 0) < 1 || rows.int64(i, 3) < 0 || rows.int64(i, 4) < 0 || rows.int64(i, 6) < 0 ||
      rows.int64(i, 7) < 0)
    return damaged_row("log");
  StoredEntry row;
  row.position = static_cast<Position>(rows.int64(i, 0));
  row.entry.kind = static_cast<ledger::EntryKind>(rows.int64(i, 1));
  row.entry.hash = *hash;
  row.entry.authority = static_cast<std::uint64_t>(rows.int64(i, 3));
  row.entry.hub_time = rows.int64(i, 4);
  row.space = rows.int64(i, 5);
  if (!rows.is_null(i, 6)) row.source = static_cast<std::uint64_t>(rows.int64(i, 6));
  if (!rows.is_null(i, 7)) row.sequence = static_cast<Sequence>(rows.int64(i, 7));
  return row;
}

Result<std::vector<StoredEntry>> entries_of(const PgRows& rows) {
  std::vector<StoredEntry> out;
  out.reserve(static_cast<std::size_t>(rows.count()));
  for (int i = 0; i < rows.count(); ++i) {
    WASL_LET(const StoredEntry row, entry_of(rows, i));
    out.push_back(row);
  }
  return out;
}

/// The first column.
Result<std::vector<Hash>> hashes_of(const PgRows& rows, std::string_view what) {
  std::vector<Hash> hashes;
  for (int i = 0; i < rows.count(); ++i) {
    const auto hash = Hash::from(rows.blob(i, 0));
    if (!hash) return damaged_row(what);
    hashes.push_back(*hash);
  }
  return hashes;
}

std::vector<std::int64_t> numbers_of(const PgRows& rows) {
  std::vector<std::int64_t> numbers;
  for (int i = 0; i < rows.count(); ++i) numbers.push_back(rows.int64(i, 0));
  return numbers;
}

class PostgresRows final : public PostgresRowStore {
 public:
  explicit PostgresRows(PostgresSession& session) : session_(&session) {}

  Result<std::unique_ptr<RowTransaction>> begin() override {
    WASL_TRY(session_->begin());
    return std::unique_ptr<RowTransaction>(new PostgresTransaction(*session_));
  }
  Result<std::unique_ptr<RowTransaction>> begin_reading() override {
    WASL_TRY(session_->begin_reading());
    return std::unique_ptr<RowTransaction>(new PostgresTransaction(*session_));
  }
  Result<Version> version() override { return session_->version(); }

  Status show_this_moment() override;
  void show_now() override { moment_.reset(); }

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
  Result<std::vector<std::int64_t>> block_numbers(SpaceNumber space) override {
    WASL_LET(const PgRows rows,
             session_->query("SELECT no FROM log_block WHERE space = $1 ORDER BY last, no", space));
    return numbers_of(rows);
  }
  Result<std::uint64_t> bytes_behind(SpaceNumber space, Position size) override;
  Result<bool> has_rows_behind(SpaceNumber space, Position size) override;
  Status drop_behind(SpaceNumber space, Position size) override;
  Status drop_derived(SpaceNumber space) override {
    WASL_TRY(session_->run("DELETE FROM log_entry WHERE space = $1", space));
    return session_->run("DELETE FROM log_node WHERE space = $1", space);
  }

  Result<std::optional<StoredOpening>> opening(const Hash& commitment) override;
  Status add_opening(const Hash& commitment, const Salt& salt, ByteView value) override {
    return session_->run("INSERT INTO log_opening VALUES($1, $2, $3) ON CONFLICT DO NOTHING", commitment,
                         salt, value);
  }
  Status drop_opening(const Hash& commitment) override {
    return session_->run("DELETE FROM log_opening WHERE commitment = $1", commitment);
  }
  Result<std::vector<Hash>> openings() override {
    WASL_LET(const PgRows rows, session_->query("SELECT commitment FROM log_opening"));
    return hashes_of(rows, "list of openings");
  }

  Result<std::optional<Bytes>> parked(SpaceNumber space, std::string_view id) override {
    return one_blob("SELECT state FROM log_parked WHERE space = $1 AND id = $2", space, id);
  }
  Status park(SpaceNumber space, std::string_view id, ByteView state) override {
    return session_->run(
        "INSERT INTO log_parked VALUES($1, $2, $3) ON CONFLICT (space, id) DO UPDATE SET "
        "state = excluded.state",
        space, id, state);
  }
  Status unpark(SpaceNumber space, std::string_view id) override {
    return session_->run("DELETE FROM log_parked WHERE space = $1 AND id = $2", space, id);
  }
  Status each_parked(SpaceNumber space,
                     const std::function<Status(std::string_view id, ByteView state)>& visit) override;
  Result<std::optional<Bytes>> piece(SpaceNumber space, const Hash& name) override {
    return one_blob("SELECT data FROM log_piece WHERE space = $1 AND name = $2", space, name);
  }
  Status add_piece(SpaceNumber space, const Hash& name, ByteView packed) override {
    return session_->run(
        "INSERT INTO log_piece VALUES($1, $2, $3) ON CONFLICT (space, name) DO UPDATE SET "
        "data = excluded.data",
        space, name, packed);
  }
  Result<std::vector<Hash>> piece_names(SpaceNumber space) override {
    WASL_LET(const PgRows rows, session_->query("SELECT name FROM log_piece WHERE space = $1", space));
    return hashes_of(rows, "list of pieces");
  }
  Status drop_piece(SpaceNumber space, const Hash& name) override {
    return session_->run("DELETE FROM log_piece WHERE space = $1 AND name = $2", space, name);
  }
  Result<std::optional<Bytes>> bucket(SpaceNumber space, unsigned bucket) override {
    return one_blob("SELECT data FROM log_bucket WHERE space = $1 AND bucket = $2", space, bucket);
  }
  Result<std::vector<std::pair<unsigned, Hash>>> bucket_hashes(SpaceNumber space) override;
  Status save_bucket(SpaceNumber space, unsigned bucket, const Hash& hash, ByteView data) override {
    return session_->run(
        "INSERT INTO log_bucket VALUES($1, $2, $3, $4) ON CONFLICT (space, bucket) DO UPDATE SET "
        "hash = excluded.hash, data = excluded.data",
        space, bucket, hash, data);
  }
  Status drop_state(SpaceNumber space) override {
    WASL_TRY(session_->run("DELETE FROM log_parked WHERE space = $1", space));
    return session_->run("DELETE FROM log_bucket WHERE space = $1", space);
  }

  Result<std::optional<Bytes>> meta(std::string_view key) override {
    return one_blob("SELECT value FROM log_meta WHERE key = $1", key);
  }
  Status set_meta(std::string_view key, ByteView value) override {
    return session_->run(
        "INSERT INTO log_meta VALUES($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key,
        value);
  }

 private:
  template <class... Values>
  Result<std::optional<Bytes>> one_blob(std::string_view sql, const Values&... values) {
    WASL_LET(const PgRows rows, session_->query(sql, values...));
    if (rows.empty()) return std::optional<Bytes>();
    return std::optional(to_bytes(rows.blob(0, 0)));
  }

  PostgresSession* session_;
  std::optional<std::map<std::string, SpaceInfo, std::less<>>> moment_;  ///< what is shown of spaces
};

// ── Spaces ──

constexpr std::string_view kSpaceColumns =
    "SELECT no, size, applied, frontier, key, leaf_index, leaf, as_of, digested, proved, authority, name "
    "FROM "
    "log_space";

Result<SpaceInfo> space_of(const PgRows& rows, int i) {
  for (const int number : {1, 2, 5, 8, 9, 10}) {
    if (rows.int64(i, number) < 0) return damaged_row("list of spaces");
  }
  if (rows.int64(i, 9) > rows.int64(i, 1)) return damaged_row("list of spaces");
  SpaceInfo info;
  info.name = rows.text(i, 11);
  info.number = rows.int64(i, 0);
  info.size = static_cast<Position>(rows.int64(i, 1));
  info.applied = static_cast<Position>(rows.int64(i, 2));
  auto frontier = ledger::Frontier::decode(rows.blob(i, 3));
  if (!frontier || frontier->size() != info.size) return damaged_row("Merkle frontier");
  info.frontier = std::move(*frontier);
  if (!rows.is_null(i, 4)) info.key = ledger::BlindingKey::from(rows.blob(i, 4));
  info.leaf_index = static_cast<std::uint64_t>(rows.int64(i, 5));
  info.leaf = to_bytes(rows.blob(i, 6));
  info.as_of = rows.int64(i, 7);
  info.digested = static_cast<Position>(rows.int64(i, 8));
  info.proved = static_cast<Position>(rows.int64(i, 9));
  info.authority = static_cast<Position>(rows.int64(i, 10));
  return info;
}

Status PostgresRows::show_this_moment() {
  WASL_LET(const PgRows rows, session_->query(kSpaceColumns));
  std::map<std::string, SpaceInfo, std::less<>> spaces;
  for (int i = 0; i < rows.count(); ++i) {
    WASL_LET(SpaceInfo info, space_of(rows, i));
    std::string name = info.name;
    spaces.emplace(std::move(name), std::move(info));
  }
  moment_ = std::move(spaces);
  return {};
}

Result<std::optional<SpaceInfo>> PostgresRows::space(std::string_view name) {
  if (moment_) {
    const auto it = moment_->find(name);
    return it == moment_->end() ? std::nullopt : std::optional(it->second);
  }
  WASL_LET(const PgRows rows, session_->query(std::string(kSpaceColumns) + " WHERE name = $1", name));
  if (rows.empty()) return std::optional<SpaceInfo>();
  WASL_LET(SpaceInfo info, space_of(rows, 0));
  return std::optional(std::move(info));
}

Result<SpaceNumber> PostgresRows::add_space(const SpaceInfo& info) {
  WASL_LET(
      const PgRows rows,
      session_->change("INSERT INTO log_space SELECT coalesce(max(no), 0) + 1, $1, 0, 0, 0, $2, NULL, 0, "
                       "''::bytea, 0, 0, 0 FROM log_space RETURNING no",
                       info.name, ByteView(info.frontier.encode())));
  return rows.int64(0, 0);
}

Status PostgresRows::save_space(const SpaceInfo& info) {
  return session_->run(
      "UPDATE log_space SET size = $1, applied = $2, frontier = $3, key = $4, leaf_index = $5, leaf = $6, "
      "as_of = $7, digested = $8, proved = $9, authority = $10 WHERE no = $11",
      info.size, info.applied, ByteView(info.frontier.encode()), info.key, info.leaf_index,
      ByteView(info.leaf), info.as_of, info.digested, info.proved, info.authority, info.number);
}

Result<std::vector<std::string>> PostgresRows::space_names() {
  WASL_LET(const PgRows rows, session_->query("SELECT name FROM log_space ORDER BY no"));
  std::vector<std::string> names;
  for (int i = 0; i < rows.count(); ++i) names.emplace_back(rows.text(i, 0));
  return names;
}

// ── Chains ──

Result<std::optional<std::uint64_t>> PostgresRows::source_number(const Source& source) {
  WASL_LET(const PgRows rows, session_->query("SELECT no FROM log_source WHERE author = $1 AND chain = $2",
                                              source.author, source.chain));
  return rows.empty() ? std::nullopt : std::optional(static_cast<std::uint64_t>(rows.int64(0, 0)));
}

Result<std::uint64_t> PostgresRows::add_source(const Source& source) {
  WASL_LET(
      const PgRows rows,
      session_->change("INSERT INTO log_source SELECT coalesce(max(no), 0) + 1, $1, $2, NULL, 0, NULL, 0 "
                       "FROM log_source RETURNING no",
                       source.author, source.chain));
  return static_cast<std::uint64_t>(rows.int64(0, 0));
}

Result<std::optional<Source>> PostgresRows::source(std::uint64_t number) {
  WASL_LET(const PgRows rows, session_->query("SELECT author, chain FROM log_source WHERE no = $1", number));
  if (rows.empty()) return std::optional<Source>();
  const auto author = Author::from(rows.blob(0, 0));
  const auto chain = ChainId::from(rows.blob(0, 1));
  if (!author || !chain) return damaged_row("list of chains");
  return std::optional(Source{*author, *chain});
}

Result<ChainEnd> PostgresRows::chain_end(const Source& source) {
  WASL_LET(const PgRows rows,
           session_->query("SELECT c.last, c.name, s.name, c.stamp FROM log_source c JOIN log_space s "
                           "ON s.no = c.space WHERE c.author = $1 AND c.chain = $2",
                           source.author, source.chain));
  ChainEnd end;
  if (rows.empty() || rows.int64(0, 0) <= 0) return end;
  end.last = static_cast<Sequence>(rows.int64(0, 0));
  const auto name = Hash::from(rows.blob(0, 1));
  if (!name) return damaged_row("list of chains");
  end.name = *name;
  end.space = rows.text(0, 2);
  end.stamp.bits = static_cast<std::uint64_t>(rows.int64(0, 3));
  return end;
}

Status PostgresRows::save_chain_end(std::uint64_t source, SpaceNumber space, const ChainEnd& end) {
  return session_->run("UPDATE log_source SET last = $1, name = $2, space = $3, stamp = $4 WHERE no = $5",
                       end.last, end.name, end.last > 0 ? std::optional(space) : std::nullopt,
                       static_cast<std::int64_t>(end.stamp.bits), source);
}

Result<std::optional<Hash>> PostgresRows::stand_in(const Source& source, Sequence sequence) {
  WASL_LET(const PgRows rows,
           session_->query("SELECT i.name FROM log_source c JOIN log_stand_in i ON i.space = c.space AND "
                           "i.source = c.no AND i.sequence = $3 WHERE c.author = $1 AND c.chain = $2",
                           source.author, source.chain, sequence));
  WASL_LET(const auto names, hashes_of(rows, "list of chains"));
  return names.empty() ? std::nullopt : std::optional(names.front());
}

Status PostgresRows::save_stand_in(SpaceNumber space, std::uint64_t source, Sequence sequence,
                                   const Hash& name, std::int64_t block) {
  return session_->run(
      "INSERT INTO log_stand_in VALUES($1, $2, $3, $4, $5) ON CONFLICT (space, source, sequence) DO UPDATE "
      "SET name = excluded.name, block = excluded.block",
      space, source, sequence, name, block);
}

Result<std::vector<std::pair<Source, ChainEnd>>> PostgresRows::chain_ends(SpaceNumber space) {
  WASL_LET(const PgRows rows,
           session_->query("SELECT c.author, c.chain, c.last, c.name, c.stamp, p.name FROM log_source c JOIN "
                           "log_space p ON p.no = c.space WHERE c.space = $1 AND c.last > 0",
                           space));
  std::vector<std::pair<Source, ChainEnd>> ends;
  for (int i = 0; i < rows.count(); ++i) {
    const auto author = Author::from(rows.blob(i, 0));
    const auto chain = ChainId::from(rows.blob(i, 1));
    const auto name = Hash::from(rows.blob(i, 3));
    if (!author || !chain || !name) return damaged_row("list of chains");
    ChainEnd end;
    end.last = static_cast<Sequence>(rows.int64(i, 2));
    end.name = *name;
    end.stamp.bits = static_cast<std::uint64_t>(rows.int64(i, 4));
    end.space = rows.text(i, 5);
    ends.emplace_back(Source{*author, *chain}, std::move(end));
  }
  return ends;
}

Result<std::vector<StoredStandIn>> PostgresRows::lone_stand_ins(SpaceNumber space) {
  WASL_LET(
      const PgRows rows,
      session_->query("SELECT c.author, c.chain, i.sequence, i.name FROM log_stand_in i JOIN log_source c "
                      "ON c.no = i.source WHERE i.space = $1 AND NOT EXISTS(SELECT 1 FROM log_entry e "
                      "WHERE e.space = i.space AND e.source = i.source AND e.sequence = i.sequence)",
                      space));
  std::vector<StoredStandIn> out;
  for (int i = 0; i < rows.count(); ++i) {
    const auto author = Author::from(rows.blob(i, 0));
    const auto chain = ChainId::from(rows.blob(i, 1));
    const auto name = Hash::from(rows.blob(i, 3));
    if (!author || !chain || !name || rows.int64(i, 2) < 1) return damaged_row("list of chains");
    out.push_back({{*author, *chain}, static_cast<Sequence>(rows.int64(i, 2)), *name});
  }
  return out;
}

/// By a cursor: sorted once, and never whole in memory.
Status PostgresRows::each_parked(SpaceNumber space,
                                 const std::function<Status(std::string_view id, ByteView state)>& visit) {
  WASL_TRY(
      session_->read("DECLARE parked NO SCROLL CURSOR FOR SELECT id, state FROM log_parked WHERE space = " +
                     std::to_string(space) + " ORDER BY id COLLATE \"C\""));
  for (;;) {
    WASL_LET(const PgRows rows, session_->query("FETCH 1000 FROM parked"));
    for (int i = 0; i < rows.count(); ++i) WASL_TRY(visit(rows.text(i, 0), rows.blob(i, 1)));
    if (rows.empty()) return session_->read("CLOSE parked");
  }
}

// ── Entries ──

Result<std::optional<StoredEntry>> PostgresRows::find(const Source& source, Sequence sequence) {
  WASL_LET(const PgRows rows,
           session_->query(std::string(kEntryColumns) +
                               "FROM log_source c JOIN log_entry e ON e.space = c.space AND e.source = c.no "
                               "AND e.sequence = $3 WHERE c.author = $1 AND c.chain = $2",
                           source.author, source.chain, sequence));
  if (rows.empty()) return std::optional<StoredEntry>();
  WASL_LET(const StoredEntry row, entry_of(rows, 0));
  return std::optional(row);
}

Result<std::vector<StoredEntry>> PostgresRows::entries(SpaceNumber space, Position from, Position to) {
  WASL_LET(const PgRows rows,
           session_->query(std::string(kEntryColumns) +
                               "FROM log_entry e WHERE e.space = $1 AND e.position BETWEEN $2 AND $3 "
                               "ORDER BY e.position",
                           space, from, to));
  return entries_of(rows);
}

Result<std::vector<StoredEntry>> PostgresRows::accepted_of(const Author& author, SpaceNumber space,
                                                           Millis since) {
  WASL_LET(const PgRows rows,
           session_->query(std::string(kEntryColumns) +
                               "FROM log_source c JOIN log_entry e ON e.source = c.no WHERE c.author = $1 "
                               "AND e.space = $2 AND e.kind = 1 AND e.time >= $3 ORDER BY e.position",
                           author, space, since));
  return entries_of(rows);
}

Result<std::vector<std::pair<Position, Hash>>> PostgresRows::adopted(SpaceNumber space) {
  WASL_LET(const PgRows rows,
           session_->query("SELECT position, hash FROM log_entry WHERE space = $1 AND kind = 2", space));
  std::vector<std::pair<Position, Hash>> out;
  for (int i = 0; i < rows.count(); ++i) {
    const auto hash = Hash::from(rows.blob(i, 1));
    if (!hash) return damaged_row("log");
    out.emplace_back(static_cast<Position>(rows.int64(i, 0)), *hash);
  }
  return out;
}

Result<std::vector<Position>> PostgresRows::voided(SpaceNumber space, Position until) {
  WASL_LET(const PgRows rows, session_->query("SELECT sequence FROM log_entry WHERE space = $1 AND kind = 3 "
                                              "AND position <= $2",
                                              space, until));
  const auto numbers = numbers_of(rows);
  return std::vector<Position>(numbers.begin(), numbers.end());
}

Status PostgresRows::add_entries(std::span<const StoredEntry> entries, std::int64_t block) {
  for (const StoredEntry& row : entries) {
    WASL_TRY(session_->run("INSERT INTO log_entry VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9)", row.space,
                           row.position, static_cast<int>(row.entry.kind), row.entry.hash,
                           row.entry.authority, row.entry.hub_time, row.source, row.sequence, block));
  }
  return {};
}

// ── Subtrees ──

Result<std::vector<Hash>> PostgresRows::nodes(SpaceNumber space, unsigned level, std::uint64_t first,
                                              std::size_t count) {
  WASL_LET(const PgRows rows, session_->query("SELECT hash FROM log_node WHERE space = $1 AND level = $2 AND "
                                              "no >= $3 AND no < $3 + $4 ORDER BY no",
                                              space, level, first, count));
  return hashes_of(rows, "tree of a log");
}

Status PostgresRows::add_nodes(SpaceNumber space, std::span<const ledger::Node> nodes) {
  for (const ledger::Node& node : nodes) {
    WASL_TRY(session_->run("INSERT INTO log_node VALUES($1, $2, $3, $4)", space, node.level, node.index,
                           node.hash));
  }
  return {};
}

// ── Blocks ──

Result<std::int64_t> PostgresRows::add_block(SpaceNumber space, const StoredBlock& block) {
  WASL_LET(const PgRows rows,
           session_->change("INSERT INTO log_block SELECT $1, coalesce(max(no), 0) + 1, $2, $3, $4, $5 "
                            "FROM log_block WHERE space = $1 RETURNING no",
                            space, block.first, block.last, block.raw_bytes, block.data));
  return rows.int64(0, 0);
}

Status PostgresRows::each_block(SpaceNumber space, Position from,
                                const std::function<Result<bool>(const StoredBlock&)>& visit) {
  // A block of headers alone ends where the one before it does: its number decides.
  std::int64_t last = from > INT64_MAX ? INT64_MAX : static_cast<std::int64_t>(from);
  std::int64_t number = 0;
  for (;;) {
    WASL_LET(const PgRows rows,
             session_->query("SELECT first, last, raw, data, no FROM log_block WHERE space = $1 AND "
                             "(last, no) > ($2, $3) ORDER BY last, no LIMIT $4",
                             space, last, number, kBlocksAtOnce));
    for (int i = 0; i < rows.count(); ++i) {
      if (rows.int64(i, 0) < 0) return damaged_row("history");
      WASL_LET(const bool more,
               visit({static_cast<Position>(rows.int64(i, 0)), static_cast<Position>(rows.int64(i, 1)),
                      static_cast<std::size_t>(rows.int64(i, 2)), rows.blob(i, 3)}));
      if (!more) return {};
      last = rows.int64(i, 1);
      number = rows.int64(i, 4);
    }
    if (rows.count() < kBlocksAtOnce) return {};
  }
}

Result<std::uint64_t> PostgresRows::bytes_behind(SpaceNumber space, Position size) {
  WASL_LET(const PgRows rows, session_->query("SELECT coalesce(sum(length(data)), 0)::bigint FROM log_block "
                                              "WHERE space = $1 AND last > $2",
                                              space, size));
  return static_cast<std::uint64_t>(rows.int64(0, 0));
}

Result<bool> PostgresRows::has_rows_behind(SpaceNumber space, Position size) {
  WASL_LET(const PgRows rows,
           session_->query("SELECT 1 WHERE "
                           "EXISTS(SELECT 1 FROM log_entry WHERE space = $1 AND position > $2) OR "
                           "EXISTS(SELECT 1 FROM log_block WHERE space = $1 AND last > $2) OR "
                           "EXISTS(SELECT 1 FROM log_node WHERE space = $1 AND "
                           "((no + 1) << level::int) > $2)",
                           space, size));
  return !rows.empty();
}

Status PostgresRows::drop_behind(SpaceNumber space, Position size) {
  for (const std::string_view sql :
       {"DELETE FROM log_entry WHERE space = $1 AND position > $2",
        "DELETE FROM log_stand_in WHERE space = $1 AND block IN "
        "(SELECT no FROM log_block WHERE space = $1 AND last > $2)",
        "DELETE FROM log_block WHERE space = $1 AND last > $2",
        "DELETE FROM log_node WHERE space = $1 AND ((no + 1) << level::int) > $2"}) {
    WASL_TRY(session_->run(sql, space, size));
  }
  return {};
}

// ── Openings, buckets ──

Result<std::optional<StoredOpening>> PostgresRows::opening(const Hash& commitment) {
  WASL_LET(const PgRows rows,
           session_->query("SELECT salt, value FROM log_opening WHERE commitment = $1", commitment));
  if (rows.empty()) return std::optional<StoredOpening>();
  return std::optional(StoredOpening{to_bytes(rows.blob(0, 0)), to_bytes(rows.blob(0, 1))});
}

Result<std::vector<std::pair<unsigned, Hash>>> PostgresRows::bucket_hashes(SpaceNumber space) {
  WASL_LET(const PgRows rows, session_->query("SELECT bucket, hash FROM log_bucket WHERE space = $1", space));
  std::vector<std::pair<unsigned, Hash>> filled;
  for (int i = 0; i < rows.count(); ++i) {
    const auto hash = Hash::from(rows.blob(i, 1));
    const auto bucket = rows.int64(i, 0);
    if (!hash || bucket < 0 || bucket > UINT32_MAX) return damaged_row("state digest");
    filled.emplace_back(static_cast<unsigned>(bucket), *hash);
  }
  return filled;
}

}  // namespace

std::unique_ptr<PostgresRowStore> postgres_rows(PostgresSession& session) {
  return std::make_unique<PostgresRows>(session);
}

}  // namespace wasl
