#include "shared/store/away_chunks.hpp"

namespace wasl {

using attachment::Chunk;
using attachment::FileId;

namespace {

constexpr std::string_view kAwayTables = R"sql(
CREATE INDEX IF NOT EXISTS content_near ON content(id, length) WHERE away = 0;
CREATE INDEX IF NOT EXISTS chunk_content ON chunk(content);
CREATE INDEX IF NOT EXISTS file_lacking ON file(noted) WHERE whole = 0;
CREATE TABLE IF NOT EXISTS lost(space TEXT NOT NULL, name BLOB NOT NULL, PRIMARY KEY(space, name)) WITHOUT ROWID;
)sql";

Result<bool> has_column(Database& db) {
  WASL_LET(auto find, db.prepare("SELECT 1 FROM pragma_table_info('content') WHERE name = 'away'"));
  return find.step();
}

}  // namespace

Result<AwayChunks> AwayChunks::open(FileStore& store) {
  Database& db = store.database();
  WASL_LET(auto transaction, Transaction::begin(db));
  WASL_LET(const bool known, has_column(db));
  if (!known) WASL_TRY(db.exec("ALTER TABLE content ADD COLUMN away INTEGER NOT NULL DEFAULT 0"));
  WASL_TRY(db.exec(kAwayTables));
  WASL_TRY(transaction.commit());
  return AwayChunks(db);
}

Result<bool> AwayChunks::any(FileStore& store) {
  Database& db = store.database();
  WASL_LET(const bool known, has_column(db));
  if (!known) return false;
  WASL_LET(auto find, db.prepare("SELECT 1 FROM content WHERE away = 1 LIMIT 1"));
  return find.step();
}

Result<std::optional<AwayChunks::Kept>> AwayChunks::look(std::string_view space, const Hash& name) {
  WASL_LET(auto find,
           db_->prepare("SELECT level, length, away, bytes FROM chunk JOIN content ON id = content "
                        "WHERE space = ? AND name = ?"));
  find.bind_all(space, name);
  WASL_LET(const bool found, find.step());
  if (!found) return std::optional<Kept>();
  return std::optional(Kept{static_cast<unsigned>(find.int64(0)), static_cast<std::uint64_t>(find.int64(1)),
                            find.int64(2) != 0, to_bytes(find.blob(3))});
}

Result<std::vector<AwayChunks::Stored>> AwayChunks::list(bool away, std::int64_t after, std::size_t most) {
  WASL_LET(auto rows, db_->prepare("SELECT id, space, name, level, bytes FROM content LEFT JOIN chunk "
                                   "ON content = id WHERE away = " +
                                   std::string(away ? "1" : "0") + " AND id > ? ORDER BY id LIMIT ?"));
  rows.bind_all(after, most);
  std::vector<Stored> out;
  std::vector<std::int64_t> nobodys;  // contents of chunks that were lost
  for (;;) {
    WASL_LET(const bool found, rows.step());
    if (!found) break;
    const auto name = Hash::from(rows.blob(2));
    if (!name) {
      nobodys.push_back(rows.int64(0));
      continue;
    }
    out.push_back({rows.int64(0), std::string(rows.text(1)), *name, static_cast<unsigned>(rows.int64(3)),
                   to_bytes(rows.blob(4))});
  }
  for (const std::int64_t content : nobodys) {
    WASL_LET(auto remove, db_->prepare("DELETE FROM content WHERE id = ?"));
    remove.bind_all(content);
    WASL_TRY(remove.run());
  }
  if (out.empty() && !nobodys.empty()) return list(away, nobodys.back(), most);
  return out;
}

Result<std::vector<AwayChunks::Stored>> AwayChunks::near(std::int64_t after, std::size_t most) {
  return list(false, after, most);
}

Result<std::vector<AwayChunks::Stored>> AwayChunks::away(std::int64_t after, std::size_t most) {
  return list(true, after, most);
}

Result<std::optional<std::int64_t>> AwayChunks::first_near() {
  WASL_LET(auto first, db_->prepare("SELECT id FROM content WHERE away = 0 AND EXISTS"
                                    "(SELECT 1 FROM chunk WHERE chunk.content = id) ORDER BY id LIMIT 1"));
  WASL_LET(const bool found, first.step());
  if (!found) return std::optional<std::int64_t>();
  return std::optional(first.int64(0));
}

Result<std::int64_t> AwayChunks::newest() {
  WASL_LET(auto last, db_->prepare("SELECT coalesce(max(id), 0) FROM content"));
  WASL_TRY(last.step());
  return last.int64(0);
}

Result<std::uint64_t> AwayChunks::near_bytes() {
  WASL_LET(auto sum, db_->prepare("SELECT coalesce(sum(length), 0) FROM content WHERE away = 0"));
  WASL_TRY(sum.step());
  return static_cast<std::uint64_t>(sum.int64(0));
}

Result<AwayChunks::Sizes> AwayChunks::sizes_of(FileStore& store) {
  Database& db = store.database();
  WASL_LET(const bool known, has_column(db));
  WASL_LET(auto sums,
           db.prepare(std::string("SELECT ") + (known ? "away" : "0") +
                      " AS is_away, coalesce(sum(length), 0), count(*) FROM content GROUP BY is_away"));
  Sizes out;
  for (;;) {
    WASL_LET(const bool found, sums.step());
    if (!found) return out;
    const bool away = sums.int64(0) != 0;
    (away ? out.away_bytes : out.near_bytes) = static_cast<std::uint64_t>(sums.int64(1));
    (away ? out.away_chunks : out.near_chunks) = static_cast<std::uint64_t>(sums.int64(2));
  }
}

Status AwayChunks::leave(std::span<const std::int64_t> contents) {
  WASL_LET(auto transaction, Transaction::begin(*db_));
  for (const std::int64_t content : contents) {
    WASL_LET(auto write,
             db_->prepare("UPDATE content SET away = 1, bytes = CASE WHEN EXISTS(SELECT 1 FROM chunk "
                          "WHERE content = id AND level > 0) THEN bytes ELSE x'' END WHERE id = ?"));
    write.bind_all(content);
    WASL_TRY(write.run());
  }
  return transaction.commit();
}

Status AwayChunks::bring(std::string_view space, const Chunk& chunk) {
  WASL_LET(auto transaction, Transaction::begin(*db_));
  WASL_LET(auto find, db_->prepare("SELECT content FROM chunk WHERE space = ? AND name = ?"));
  find.bind_all(space, chunk.name);
  WASL_LET(const bool found, find.step());
  if (found) {
    WASL_LET(auto write, db_->prepare("UPDATE content SET away = 0, length = ?, bytes = ? WHERE id = ?"));
    write.bind_all(chunk.bytes.size(), chunk.bytes, find.int64(0));
    find.reset();
    WASL_TRY(write.run());
  } else {
    WASL_LET(auto store, db_->prepare("INSERT INTO content(length, bytes) VALUES(?, ?)"));
    store.bind_all(chunk.bytes.size(), chunk.bytes);
    WASL_TRY(store.run());
    const std::int64_t content = db_->last_insert_id();
    WASL_LET(auto add, db_->prepare("INSERT INTO chunk(space, name, level, content) VALUES(?, ?, ?, ?)"));
    add.bind_all(space, chunk.name, chunk.level, content);
    WASL_TRY(add.run());
  }
  WASL_LET(auto back, db_->prepare("DELETE FROM lost WHERE space = ? AND name = ?"));
  back.bind_all(space, chunk.name);
  WASL_TRY(back.run());
  return transaction.commit();
}

Status AwayChunks::keep_list(std::string_view space, const Hash& name, ByteView bytes) {
  WASL_LET(auto write,
           db_->prepare("UPDATE content SET bytes = ? WHERE away = 1 AND id IN "
                        "(SELECT content FROM chunk WHERE space = ? AND name = ? AND level > 0)"));
  write.bind_all(bytes, space, name);
  return write.run();
}

/// Whatever file it was of is not whole.
Status AwayChunks::lose(std::string_view space, const Hash& name) {
  WASL_LET(auto transaction, Transaction::begin(*db_));
  for (const char* sql :
       {"DELETE FROM content WHERE id IN (SELECT content FROM chunk WHERE space = ?1 AND name = ?2)",
        "DELETE FROM chunk WHERE space = ?1 AND name = ?2",
        "INSERT OR IGNORE INTO lost(space, name) VALUES(?1, ?2)"}) {
    WASL_LET(auto write, db_->prepare(sql));
    write.bind_all(space, name);
    WASL_TRY(write.run());
  }
  WASL_LET(auto unmark, db_->prepare("UPDATE file SET whole = 0 WHERE space = ?"));
  unmark.bind_all(space);
  WASL_TRY(unmark.run());
  return transaction.commit();
}

Result<bool> AwayChunks::add(std::string_view space, const std::vector<Found>& found) {
  WASL_LET(auto transaction, Transaction::begin(*db_));
  bool all = true;
  for (const Found& one : found) {
    WASL_LET(auto known, db_->prepare("SELECT 1 FROM chunk WHERE space = ?1 AND name = ?2 UNION ALL "
                                      "SELECT 2 FROM lost WHERE space = ?1 AND name = ?2"));
    known.bind_all(space, one.name);
    WASL_LET(const bool is_known, known.step());
    if (is_known) {
      all = all && known.int64(0) == 1;
      continue;
    }
    WASL_LET(auto store, db_->prepare("INSERT INTO content(length, bytes, away) VALUES(?, ?, 1)"));
    store.bind_all(one.length, one.list);
    WASL_TRY(store.run());
    const std::int64_t content = db_->last_insert_id();
    WASL_LET(auto add, db_->prepare("INSERT INTO chunk(space, name, level, content) VALUES(?, ?, ?, ?)"));
    add.bind_all(space, one.name, one.level, content);
    WASL_TRY(add.run());
  }
  WASL_TRY(transaction.commit());
  return all;
}

Result<std::vector<FileId>> AwayChunks::lacking(std::size_t most) {
  WASL_LET(auto rows, db_->prepare("SELECT space, root, size FROM file WHERE whole = 0 AND attached = 1 "
                                   "ORDER BY noted LIMIT ?"));
  rows.bind_all(most);
  std::vector<FileId> out;
  for (;;) {
    WASL_LET(const bool found, rows.step());
    if (!found) return out;
    out.push_back({std::string(rows.text(0)), Hash::from(rows.blob(1)).value_or(Hash{}),
                   static_cast<std::uint64_t>(rows.int64(2))});
  }
}

}  // namespace wasl
