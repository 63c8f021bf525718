#include "server/store/postgres_tables.hpp"

#include <array>

namespace wasl {
namespace {

// Whole numbers are bigint, names and packed values bytea. Nothing counts by a sequence: the holder of the
// fence gives all numbers. No triggers, no exclusion, nothing that a distributed PostgreSQL lacks.
constexpr std::string_view kFirst = R"sql(
CREATE TABLE hub_fence(one bigint PRIMARY KEY, fence bigint NOT NULL, renewed timestamptz NOT NULL,
  commits bigint NOT NULL, txn bytea);
INSERT INTO hub_fence VALUES(1, 0, '-infinity', 0, NULL);
CREATE TABLE hub_past_fence(fence bigint PRIMARY KEY, txn bytea);
CREATE TABLE log_meta(key text PRIMARY KEY, value bytea NOT NULL);
CREATE TABLE log_space(no bigint PRIMARY KEY, name text NOT NULL UNIQUE, size bigint NOT NULL, applied bigint NOT NULL,
  digested bigint NOT NULL, frontier bytea NOT NULL, key bytea, leaf_index bigint NOT NULL, leaf bytea NOT NULL,
  as_of bigint NOT NULL, proved bigint NOT NULL, authority bigint NOT NULL);
CREATE TABLE log_source(no bigint PRIMARY KEY, author bytea NOT NULL, chain bytea NOT NULL, space bigint,
  last bigint NOT NULL, name bytea, stamp bigint NOT NULL, UNIQUE(author, chain));
CREATE TABLE log_opening(commitment bytea PRIMARY KEY, salt bytea NOT NULL, value bytea NOT NULL);
CREATE TABLE log_node(space bigint, level bigint, no bigint, hash bytea NOT NULL, PRIMARY KEY(space, level, no))
  PARTITION BY HASH(space);
CREATE TABLE log_entry(space bigint, position bigint, kind bigint NOT NULL, hash bytea NOT NULL,
  authority bigint NOT NULL, time bigint NOT NULL, source bigint, sequence bigint, block bigint NOT NULL,
  PRIMARY KEY(space, position)) PARTITION BY HASH(space);
CREATE UNIQUE INDEX log_entry_source ON log_entry(space, source, sequence) WHERE source IS NOT NULL;
CREATE INDEX log_entry_rare ON log_entry(space, kind, position) WHERE kind IN (2, 3);
CREATE TABLE log_stand_in(space bigint, source bigint, sequence bigint, name bytea NOT NULL, block bigint NOT NULL,
  PRIMARY KEY(space, source, sequence)) PARTITION BY HASH(space);
CREATE TABLE log_block(space bigint, no bigint, first bigint NOT NULL, last bigint NOT NULL, raw bigint NOT NULL,
  data bytea NOT NULL, PRIMARY KEY(space, no)) PARTITION BY HASH(space);
CREATE INDEX log_block_last ON log_block(space, last, no);
CREATE TABLE log_parked(space bigint, id text, state bytea NOT NULL, PRIMARY KEY(space, id)) PARTITION BY HASH(space);
CREATE TABLE log_bucket(space bigint, bucket bigint, hash bytea NOT NULL, data bytea NOT NULL,
  PRIMARY KEY(space, bucket)) PARTITION BY HASH(space);
CREATE TABLE hub_heads_leaf(no bigint PRIMARY KEY, leaf bytea NOT NULL);
CREATE TABLE hub_heads_node(level bigint, no bigint, hash bytea NOT NULL, PRIMARY KEY(level, no));
CREATE TABLE hub_device(key bytea PRIMARY KEY, counter bigint NOT NULL, last_seen bigint NOT NULL, equal bigint,
  applied bytea NOT NULL, wiped bigint NOT NULL);
CREATE TABLE hub_kept(no bigint PRIMARY KEY, author bytea NOT NULL, chain bytea NOT NULL, sequence bigint NOT NULL,
  fork bigint NOT NULL, name bytea NOT NULL UNIQUE, header bytea NOT NULL, body bytea NOT NULL, openings bytea NOT NULL,
  run_last bigint, signature bytea, state bigint NOT NULL, reason bigint NOT NULL, detail text NOT NULL,
  at bigint NOT NULL, space text NOT NULL);
CREATE UNIQUE INDEX hub_kept_place ON hub_kept(author, chain, sequence) WHERE fork = 0;
CREATE UNIQUE INDEX hub_kept_fork ON hub_kept(author, chain) WHERE fork = 1;
CREATE INDEX hub_kept_held ON hub_kept(space) WHERE state = 1 AND fork = 0;
)sql";

// Several processes over one database: who leads and what it has signed, who is there, what waits for whom.
constexpr std::string_view kSecond = R"sql(
ALTER TABLE hub_fence ADD COLUMN holder bytea;
ALTER TABLE hub_fence ADD COLUMN since timestamptz;
ALTER TABLE hub_fence ADD COLUMN note text;
ALTER TABLE hub_fence ADD COLUMN noted bigint NOT NULL DEFAULT 0;
CREATE TABLE hub_process(id bytea PRIMARY KEY, place text NOT NULL, version text NOT NULL, began timestamptz NOT NULL,
  heard timestamptz NOT NULL);
CREATE TABLE hub_asked(hub bytea, no bigint, data bytea NOT NULL, PRIMARY KEY(hub, no));
CREATE TABLE hub_answer(no bigint PRIMARY KEY, hub bytea NOT NULL, question bigint NOT NULL, data bytea NOT NULL,
  at timestamptz NOT NULL);
CREATE TABLE hub_request(id bytea PRIMARY KEY, text bytea NOT NULL, at timestamptz NOT NULL, taken timestamptz,
  answer bytea);
)sql";

// The state from which a log's bodies may be missing, in pieces.
constexpr std::string_view kThird = R"sql(
CREATE TABLE log_piece(space bigint, name bytea, data bytea NOT NULL, PRIMARY KEY(space, name));
)sql";

// For the operator: what waits, by age, and which records are in conflict.
constexpr std::string_view kFourth = R"sql(
CREATE INDEX hub_kept_ages ON hub_kept(state, reason, at) WHERE state IN (1, 2) AND fork = 0;
CREATE TABLE hub_conflict(space bigint, id text, since bigint NOT NULL, PRIMARY KEY(space, id));
)sql";

// CockroachDB has no partitions by hash and needs none: it splits tables into ranges of their keys, and those
// of the logs begin with the space.
constexpr std::string_view kPartitionedBySpace = "PARTITION BY HASH(space)";
constexpr unsigned kPartitions = 8;  // of each table of the logs, by space
constexpr std::array kPartitioned{"log_node",  "log_entry",  "log_stand_in",
                                  "log_block", "log_parked", "log_bucket"};

std::string first_step(bool splits_by_key) {
  std::string sql(kFirst);
  if (splits_by_key) {
    for (std::size_t at; (at = sql.find(kPartitionedBySpace)) != std::string::npos;)
      sql.erase(at, kPartitionedBySpace.size());
    return sql;
  }
  for (const std::string table : kPartitioned) {
    for (unsigned i = 0; i < kPartitions; ++i) {
      const std::string number = std::to_string(i);
      sql += "CREATE TABLE " + table + "_" + number + " PARTITION OF " + table +
             " FOR VALUES WITH (MODULUS " + std::to_string(kPartitions) + ", REMAINDER " + number + ");\n";
    }
  }
  return sql;
}

/// Each makes of the version before it the next; one that was ever published stays as it is.
std::vector<std::string> steps(bool splits_by_key) {
  return {first_step(splits_by_key), std::string(kSecond), std::string(kThird), std::string(kFourth)};
}

tl::unexpected<Error> newer() {
  return fail(Errc::unsupported, "a newer version of wasl-hub has made these tables", "update the program");
}

Result<std::int64_t> version_of(PostgresConnection& connection, std::string_view lock) {
  WASL_LET(const PgRows rows,
           connection.query("SELECT version FROM hub_tables WHERE one = 1" + std::string(lock)));
  if (rows.empty()) return fail(Errc::corrupt, "the hub's tables do not say their version");
  return rows.int64(0, 0);
}

Status run_script(PostgresConnection& connection, std::string_view sql) {
  constexpr std::string_view kEnd = ";\n";
  while (!sql.empty()) {
    const std::size_t end = sql.find(kEnd);
    WASL_TRY(connection.run(sql.substr(0, end)));
    sql.remove_prefix(end == std::string_view::npos ? sql.size() : end + kEnd.size());
  }
  return {};
}

Status apply_steps(PostgresConnection& connection) {
  WASL_LET(const bool splits_by_key, splits_tables_by_key(connection));
  const auto all = steps(splits_by_key);
  const auto known = static_cast<std::int64_t>(all.size());
  WASL_LET(const std::int64_t version, version_of(connection, " FOR UPDATE"));  // others wait here
  if (version > known) return newer();
  for (std::int64_t step = version; step < known; ++step)
    WASL_TRY(run_script(connection, all[static_cast<std::size_t>(step)]));
  return connection.run("UPDATE hub_tables SET version = $1 WHERE one = 1", PgValues::of(known));
}

}  // namespace

Result<bool> splits_tables_by_key(PostgresConnection& connection) {
  WASL_LET(const PgRows rows, connection.query("SELECT version()"));
  return !rows.empty() && rows.text(0, 0).find("CockroachDB") != std::string_view::npos;
}

Status migrate_tables(PostgresConnection& connection) {
  // Two who make the first table at once: one of them is told that it is there, and looks again.
  const std::string first =
      "CREATE TABLE IF NOT EXISTS hub_tables(one bigint PRIMARY KEY, version bigint NOT NULL);"
      "INSERT INTO hub_tables VALUES(1, 0) ON CONFLICT DO NOTHING";
  if (!connection.script(first)) WASL_TRY(connection.script(first));
  WASL_TRY(connection.begin());
  const Status done = apply_steps(connection);
  if (done) return connection.commit();
  connection.roll_back();
  return done;
}

Status check_tables(PostgresConnection& connection) {
  WASL_LET(
      const PgRows there,
      connection.query("SELECT count(*) FROM information_schema.tables WHERE table_name = 'hub_tables' AND "
                       "table_schema = ANY(current_schemas(false)::text[])"));
  if (there.empty() || there.int64(0, 0) == 0)
    return fail(Errc::not_found, "this database holds no hub", "run: wasl-hub init");
  WASL_LET(const std::int64_t version, version_of(connection, ""));
  const auto known = static_cast<std::int64_t>(steps(false).size());
  if (version > known) return newer();
  if (version < known)
    return fail(Errc::unsupported, "an older version of wasl-hub has made these tables",
                "start the hub once with this version");
  return {};
}

}  // namespace wasl
