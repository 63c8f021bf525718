#include "server/store/postgres_hub_store.hpp"

#include "server/store/kept_rows.hpp"
#include "server/store/postgres_rows.hpp"

namespace wasl {

PostgresHubStore::PostgresHubStore(std::unique_ptr<PostgresSession> opened,
                                   std::unique_ptr<PostgresRowStore> log_rows)
    : StoreSession{std::move(opened), log_rows.get()},
      RowHubStore(std::move(log_rows)),
      shared_(*session, *of_logs, [this] { forget(); }) {}

std::unique_ptr<PostgresHubStore> PostgresHubStore::over(std::unique_ptr<PostgresSession> opened) {
  auto log_rows = postgres_rows(*opened);
  return std::unique_ptr<PostgresHubStore>(new PostgresHubStore(std::move(opened), std::move(log_rows)));
}

Result<std::unique_ptr<HubStore>> PostgresHubStore::open_to_share(const std::string& where) {
  WASL_LET(auto opened, PostgresSession::open_to_share(where));
  auto store = over(std::move(opened));
  WASL_TRY(store->check_in_force());
  return store;
}

Result<std::unique_ptr<HubStore>> PostgresHubStore::open(const std::string& where,
                                                         std::chrono::milliseconds patience) {
  WASL_LET(auto opened, PostgresSession::open_to_write(where, patience));
  auto store = over(std::move(opened));
  WASL_TRY(store->refresh());
  WASL_TRY(store->check_in_force());
  WASL_TRY(store->settle_in());
  return store;
}

Result<std::unique_ptr<HubStore>> PostgresHubStore::open_to_read(const std::string& where) {
  WASL_LET(auto opened, PostgresSession::open_to_read(where));
  auto store = over(std::move(opened));
  WASL_TRY(store->refresh());
  WASL_TRY(store->check_in_force());
  return store;
}

Status PostgresHubStore::check() {
  WASL_LET(const auto names, space_names());
  for (const std::string& name : names) {
    WASL_LET(const SpaceInfo* const info, space(name));
    WASL_LET(const Hash hash, digest(info->name));
    static_cast<void>(hash);
  }
  return {};
}

Status PostgresHubStore::rewrite() {
  // Each table by itself: a FULL one is locked while it is copied.
  for (const std::string_view table : {"log_opening", "hub_kept"}) WASL_TRY(session->write_anew(table));
  return {};
}

namespace {

ByAge by_age(const PgRows& rows, int row) {
  const auto count = [&](int column) { return static_cast<std::uint64_t>(rows.int64(row, column)); };
  return {count(0), count(1), count(2), count(3), rows.int64(row, 4)};
}

}  // namespace

template <class... Values>
Result<std::uint64_t> PostgresHubStore::number(std::string_view sql, const Values&... values) {
  WASL_LET(const PgRows rows, session->query(sql, values...));
  return rows.empty() ? 0 : static_cast<std::uint64_t>(rows.int64(0, 0));
}

// ── The log `heads` ──

Result<std::uint64_t> PostgresHubStore::heads_size() {
  return number("SELECT coalesce(max(no) + 1, 0) FROM hub_heads_leaf");
}

Result<std::vector<Bytes>> PostgresHubStore::heads_leaves(std::uint64_t first, std::size_t count) {
  WASL_LET(const PgRows rows,
           session->query("SELECT leaf FROM hub_heads_leaf WHERE no >= $1 AND no < $1 + $2 ORDER BY no",
                          first, count));
  std::vector<Bytes> leaves;
  for (int i = 0; i < rows.count(); ++i) leaves.push_back(to_bytes(rows.blob(i, 0)));
  if (leaves.size() != count) return damaged_hub("log of heads");
  return leaves;
}

Result<std::vector<Hash>> PostgresHubStore::heads_nodes(unsigned level, std::uint64_t first,
                                                        std::size_t count) {
  WASL_LET(const PgRows rows, session->query("SELECT hash FROM hub_heads_node WHERE level = $1 AND "
                                             "no >= $2 AND no < $2 + $3 ORDER BY no",
                                             level, first, count));
  std::vector<Hash> nodes;
  for (int i = 0; i < rows.count(); ++i) {
    const auto hash = Hash::from(rows.blob(i, 0));
    if (!hash) return damaged_hub("log of heads");
    nodes.push_back(*hash);
  }
  if (nodes.size() != count) return damaged_hub("log of heads");
  return nodes;
}

Status PostgresHubStore::append_heads(std::uint64_t index, ByteView leaf,
                                      const std::vector<ledger::Node>& nodes) {
  WASL_TRY(session->run("INSERT INTO hub_heads_leaf VALUES($1, $2)", index, leaf));
  for (const ledger::Node& node : nodes)
    WASL_TRY(
        session->run("INSERT INTO hub_heads_node VALUES($1, $2, $3)", node.level, node.index, node.hash));
  return {};
}

// ── Devices ──

Result<std::optional<DeviceNote>> PostgresHubStore::device(const PublicKey& key) {
  WASL_LET(
      const PgRows rows,
      session->query("SELECT counter, last_seen, equal, applied, wiped FROM hub_device WHERE key = $1", key));
  if (rows.empty()) return std::optional<DeviceNote>();
  DeviceNote note{key,
                  static_cast<std::uint64_t>(rows.int64(0, 0)),
                  rows.int64(0, 1),
                  std::nullopt,
                  rows.int64(0, 4),
                  decode_applied(rows.blob(0, 3))};
  if (!rows.is_null(0, 2)) note.equal = rows.int64(0, 2) != 0;
  return std::optional(std::move(note));
}

Result<bool> PostgresHubStore::use_counter(const PublicKey& key, std::uint64_t counter, Millis now) {
  bool fresh = false;
  const auto write = [&]() -> Status {
    WASL_LET(const PgRows rows,
             session->query("INSERT INTO hub_device VALUES($1, $2, $3, NULL, $4, 0) ON CONFLICT (key) DO "
                            "UPDATE SET counter = excluded.counter, last_seen = excluded.last_seen "
                            "WHERE hub_device.counter < excluded.counter",
                            key, counter, now, ByteView(encode_applied({}))));
    fresh = rows.changed() == 1;
    return {};
  };
  WASL_TRY(session->freely(write));
  return fresh;
}

Status PostgresHubStore::note_done(const PublicKey& key, const std::optional<bool>& equal,
                                   const std::vector<Cursor>& applied, Millis now) {
  return session->freely([&] {
    return session->send(
        "INSERT INTO hub_device VALUES($1, 0, $2, $3, $4, 0) ON CONFLICT (key) DO UPDATE "
        "SET last_seen = excluded.last_seen, equal = excluded.equal, applied = "
        "excluded.applied",
        key, now, equal, ByteView(encode_applied(applied)));
  });
}

Status PostgresHubStore::note_wiped(const PublicKey& key, Millis now) {
  return session->freely([&] {
    return session->send(
        "INSERT INTO hub_device VALUES($1, 0, $2, NULL, $3, $2) ON CONFLICT (key) DO UPDATE "
        "SET last_seen = excluded.last_seen, wiped = excluded.wiped",
        key, now, ByteView(encode_applied({})));
  });
}

Status PostgresHubStore::note_meta(std::string_view key, ByteView value) {
  return session->freely([&] {
    return session->send(
        "INSERT INTO log_meta VALUES($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key,
        value);
  });
}

// ── Held and refused ──

template <class... Values>
Result<std::vector<KeptSet>> PostgresHubStore::kept_where(std::string_view condition,
                                                          const Values&... values) {
  WASL_LET(
      const PgRows rows,
      session->query("SELECT header, name, body, openings, run_last, signature, state, reason, detail, at "
                     "FROM hub_kept WHERE " +
                         std::string(condition),
                     values...));
  std::vector<KeptSet> sets;
  for (int i = 0; i < rows.count(); ++i) {
    const auto run_last =
        rows.is_null(i, 4) ? std::nullopt : std::optional(static_cast<Sequence>(rows.int64(i, 4)));
    WASL_LET(KeptSet set, decode_kept({rows.blob(i, 0), rows.blob(i, 1), rows.blob(i, 2), rows.blob(i, 3),
                                       run_last, rows.blob(i, 5), rows.int64(i, 6), rows.int64(i, 7),
                                       rows.text(i, 8), rows.int64(i, 9)}));
    sets.push_back(std::move(set));
  }
  return sets;
}

Status PostgresHubStore::replace_block(SpaceNumber space, const StoredBlock& block) {
  return session->run(
      "UPDATE log_block SET raw = $1, data = $2 WHERE space = $3 AND first = $4 AND last = $5",
      block.raw_bytes, block.data, space, block.first, block.last);
}

Status PostgresHubStore::insert_kept(const KeptSet& set, bool fork) {
  const auto run_last = set.run ? std::optional(set.run->last) : std::nullopt;
  const auto signature = set.run ? std::optional(set.run->signature) : std::nullopt;
  return session->run(
      "INSERT INTO hub_kept SELECT coalesce(max(no), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, "
      "$12, $13, $14, $15 FROM hub_kept ON CONFLICT DO NOTHING",
      set.header.source.author, set.header.source.chain, set.header.sequence, fork ? 1 : 0, set.name,
      ByteView(set.header_bytes), ByteView(set.body), ByteView(encode_openings(set.openings)), run_last,
      signature, static_cast<int>(set.state), static_cast<int>(set.reason), set.detail, set.at,
      set.header.space);
}

Result<std::optional<KeptSet>> PostgresHubStore::kept(const Source& source, Sequence sequence) {
  WASL_LET(auto found, kept_where("author = $1 AND chain = $2 AND sequence = $3 AND fork = 0", source.author,
                                  source.chain, sequence));
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

Result<std::vector<KeptSet>> PostgresHubStore::kept_from(const Source& source, Sequence from) {
  return kept_where("author = $1 AND chain = $2 AND sequence >= $3 AND fork = 0 ORDER BY sequence",
                    source.author, source.chain, from);
}

Result<std::vector<KeptSet>> PostgresHubStore::kept_list(bool refused_too) {
  return kept_where("fork = 0 AND state IN (1, $1) ORDER BY no", refused_too ? 2 : 1);
}

Result<std::vector<KeptSet>> PostgresHubStore::find_kept(ByteView first, std::optional<Byte> half) {
  const auto [least, most] = names_between(first, half);
  return kept_where("name BETWEEN $1 AND $2 AND fork = 0 AND state IN (1, 2) ORDER BY name LIMIT 4",
                    ByteView(least), ByteView(most));
}

Result<std::optional<KeptSet>> PostgresHubStore::kept_named(const Hash& name) {
  WASL_LET(auto found, kept_where("name = $1 AND fork = 0", name));
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

Result<std::vector<KeptSet>> PostgresHubStore::waiting_in(std::string_view space) {
  return kept_where("space = $1 AND state = 1 AND fork = 0 AND reason IN ($2, $3) ORDER BY no", space,
                    static_cast<int>(Reason::depends), static_cast<int>(Reason::gone));
}

Result<std::vector<KeptSet>> PostgresHubStore::decided_of(const PublicKey& author) {
  return kept_where("author = $1 AND state IN (4, 5) AND fork = 0 ORDER BY chain, sequence", author);
}

Status PostgresHubStore::decide(const Hash& name, KeptState state, Reason reason, std::string_view detail) {
  return session->run(
      "UPDATE hub_kept SET state = $1, reason = $2, detail = $3, body = ''::bytea, openings = $4 "
      "WHERE name = $5 AND fork = 0",
      static_cast<int>(state), static_cast<int>(reason), detail, ByteView(encode_openings({})), name);
}

Result<std::vector<KeptSet>> PostgresHubStore::kept_with_openings(std::string_view space) {
  return kept_where("space = $1 AND length(openings) > 1 ORDER BY no", space);
}

Status PostgresHubStore::save_openings(const Hash& name, const std::vector<OpeningItem>& openings) {
  return session->run("UPDATE hub_kept SET openings = $1 WHERE name = $2",
                      ByteView(encode_openings(openings)), name);
}

Result<KeptTotals> PostgresHubStore::kept_totals(const PublicKey& author) {
  WASL_LET(const PgRows rows,
           session->query("SELECT count(*) FILTER (WHERE state = 1), count(*) FILTER (WHERE state = 2), "
                          "coalesce(sum(length(body) + length(header)), 0)::bigint "
                          "FROM hub_kept WHERE author = $1 AND fork = 0 AND state < 4",
                          author));
  if (rows.empty()) return KeptTotals{};
  return KeptTotals{static_cast<std::uint64_t>(rows.int64(0, 0)),
                    static_cast<std::uint64_t>(rows.int64(0, 1)),
                    static_cast<std::uint64_t>(rows.int64(0, 2))};
}

Result<std::vector<KeptCount>> PostgresHubStore::kept_counts(Millis now) {
  WASL_LET(const PgRows rows, session->query("SELECT " + by_age_columns("at") +
                                                 ", state, reason FROM hub_kept WHERE state IN (1, 2) AND "
                                                 "fork = 0 GROUP BY state, reason ORDER BY state, reason",
                                             now - ByAge::kDay, now - ByAge::kWeek, now - ByAge::kMonth));
  std::vector<KeptCount> out;
  for (int i = 0; i < rows.count(); ++i)
    out.push_back(
        {static_cast<KeptState>(rows.int64(i, 5)), static_cast<Reason>(rows.int64(i, 6)), by_age(rows, i)});
  return out;
}

Result<std::map<std::string, ByAge>> PostgresHubStore::conflict_counts(Millis now) {
  WASL_LET(const PgRows rows,
           session->query("SELECT " + by_age_columns("c.since") +
                              ", s.name FROM hub_conflict c JOIN log_space s ON s.no = c.space "
                              "GROUP BY s.no, s.name",
                          now - ByAge::kDay, now - ByAge::kWeek, now - ByAge::kMonth));
  std::map<std::string, ByAge> out;
  for (int i = 0; i < rows.count(); ++i) out.emplace(rows.text(i, 5), by_age(rows, i));
  return out;
}

Result<std::map<RowHubStore::RecordName, Millis>> PostgresHubStore::conflicts() {
  WASL_LET(const PgRows rows, session->query("SELECT space, id, since FROM hub_conflict"));
  std::map<RecordName, Millis> out;
  for (int i = 0; i < rows.count(); ++i)
    out.emplace(RecordName{rows.int64(i, 0), std::string(rows.text(i, 1))}, rows.int64(i, 2));
  return out;
}

Status PostgresHubStore::save_conflict(SpaceNumber space, std::string_view id, std::optional<Millis> since) {
  if (!since) return session->run("DELETE FROM hub_conflict WHERE space = $1 AND id = $2", space, id);
  return session->run(
      "INSERT INTO hub_conflict VALUES($1, $2, $3) ON CONFLICT (space, id) DO UPDATE SET since = "
      "excluded.since",
      space, id, *since);
}

Result<std::uint64_t> PostgresHubStore::fork_count(const PublicKey& author) {
  return number("SELECT count(*) FROM hub_kept WHERE author = $1 AND fork = 1", author);
}

Result<std::uint64_t> PostgresHubStore::chain_count(const PublicKey& author) {
  return number(
      "SELECT count(*) FROM (SELECT chain FROM log_source WHERE author = $1 AND last > 0 "
      "UNION SELECT chain FROM hub_kept WHERE author = $1 AND fork = 0) AS chains",
      author);
}

}  // namespace wasl
