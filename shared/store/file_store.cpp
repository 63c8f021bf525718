#include "shared/store/file_store.hpp"

#include <array>
#include <deque>
#include <utility>

namespace wasl {

using attachment::Chunk;
using attachment::ChunkKey;
using attachment::FileId;
using attachment::Place;
using attachment::TreeWalk;

namespace {

constexpr std::string_view kFileTables = R"sql(
CREATE TABLE IF NOT EXISTS content(id INTEGER PRIMARY KEY, length INTEGER NOT NULL, bytes BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS content_length ON content(length);
CREATE TABLE IF NOT EXISTS chunk(space TEXT NOT NULL, name BLOB NOT NULL, level INTEGER NOT NULL,
  content INTEGER NOT NULL, PRIMARY KEY(space, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS file(space TEXT NOT NULL, root BLOB NOT NULL, size INTEGER NOT NULL,
  name TEXT NOT NULL, attached INTEGER NOT NULL, kept INTEGER NOT NULL DEFAULT 0,
  whole INTEGER NOT NULL DEFAULT 0, pinned INTEGER NOT NULL DEFAULT 0, at_hub INTEGER NOT NULL DEFAULT 0,
  noted INTEGER NOT NULL, used INTEGER NOT NULL, PRIMARY KEY(space, root, size)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cutting(id INTEGER PRIMARY KEY, begun INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS setting(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
)sql";
constexpr std::size_t kChunksAtOnce = 256;  // 4 MB a commit: others wait no longer than a person notices
constexpr std::string_view kFileColumns =
    "SELECT space, root, size, name, attached, kept, whole, pinned, at_hub, noted, used FROM file ";

KnownFile file_of(const Statement& row) {
  KnownFile out;
  out.id.space = std::string(row.text(0));
  out.id.root = Hash::from(row.blob(1)).value_or(Hash{});
  out.id.size = static_cast<std::uint64_t>(row.int64(2));
  out.name = std::string(row.text(3));
  out.attached = row.int64(4) != 0;
  out.kept = row.int64(5) != 0;
  out.whole = row.int64(6) != 0;
  out.pinned = row.int64(7) != 0;
  out.at_hub = row.int64(8) != 0;
  out.noted = row.int64(9);
  out.used = row.int64(10);
  return out;
}

std::string_view column_of(FileStore::Mark mark) {
  switch (mark) {
    case FileStore::Mark::kept:
      return "kept";
    case FileStore::Mark::whole:
      return "whole";
    case FileStore::Mark::pinned:
      return "pinned";
    case FileStore::Mark::at_hub:
      return "at_hub";
  }
  return "";
}

tl::unexpected<Error> missing_part() {
  return fail(Errc::not_found, "a part of the file is not here", "fetch it: wasl fetch");
}

}  // namespace

Result<FileStore> FileStore::open(const std::filesystem::path& path) {
  OpenOptions options;
  options.path = path;
  options.create = true;
  WASL_LET(Database db, Database::open(options));
  WASL_TRY(db.exec(kFileTables));
  return FileStore(std::move(db));
}

Status FileStore::insert(std::string_view space, const Chunk& chunk, std::optional<std::int64_t> content) {
  WASL_LET(const bool known, has(space, chunk.name));
  if (known) return {};
  if (!content) {
    WASL_LET(auto store, db_.prepare("INSERT INTO content(length, bytes) VALUES(?, ?)"));
    store.bind_all(chunk.bytes.size(), chunk.bytes);
    WASL_TRY(store.run());
    content = db_.last_insert_id();
  }
  WASL_LET(auto add, db_.prepare("INSERT INTO chunk(space, name, level, content) VALUES(?, ?, ?, ?)"));
  add.bind_all(space, chunk.name, chunk.level, *content);
  return add.run();
}

Status FileStore::put(std::string_view space, const Chunk& chunk) {
  WASL_LET(auto transaction, Transaction::begin(db_));
  WASL_TRY(insert(space, chunk, std::nullopt));
  return transaction.commit();
}

Result<bool> FileStore::has(std::string_view space, const Hash& name) {
  WASL_LET(auto find, db_.prepare("SELECT 1 FROM chunk WHERE space = ? AND name = ?"));
  find.bind_all(space, name);
  return find.step();
}

Result<std::optional<StoredChunk>> FileStore::read(std::string_view space, const ChunkKey& key,
                                                   const Hash& name) {
  StoredChunk out;
  {
    WASL_LET(auto find, db_.prepare("SELECT level, bytes, length FROM chunk JOIN content ON id = content "
                                    "WHERE space = ? AND name = ?"));
    find.bind_all(space, name);
    WASL_LET(const bool found, find.step());
    if (!found) return std::optional<StoredChunk>();
    out.level = static_cast<unsigned>(find.int64(0));
    out.bytes = to_bytes(find.blob(1));
    if (out.bytes.empty() && find.int64(2) > 0) return std::optional<StoredChunk>();
  }
  if (attachment::chunk_name(key, out.level, out.bytes) == name) return std::optional(std::move(out));
  WASL_TRY(forget(space, name));
  return std::optional<StoredChunk>();
}

/// Whatever file it was of is not whole; the next session fetches it anew.
Status FileStore::forget(std::string_view space, const Hash& name) {
  WASL_LET(auto unmark, db_.prepare("UPDATE file SET whole = 0 WHERE space = ?"));
  unmark.bind_all(space);
  WASL_TRY(unmark.run());
  WASL_LET(auto erase, db_.prepare("DELETE FROM chunk WHERE space = ? AND name = ?"));
  erase.bind_all(space, name);
  return erase.run();
}

Result<FileId> FileStore::cut(const std::string& space, const ChunkKey& key, const std::string& name,
                              const Source& more, Millis now) {
  // Until the root is known, nothing else says that these chunks are wanted.
  WASL_LET(auto begin, db_.prepare("INSERT INTO cutting(begun) VALUES(?)"));
  begin.bind_all(now);
  WASL_TRY(begin.run());
  const std::int64_t cutting = db_.last_insert_id();
  std::optional<Transaction> part;
  std::size_t stored = 0;
  attachment::Cutter cutter(key, [&](const Chunk& chunk) -> Status {
    if (!part) {
      WASL_LET(Transaction begun, Transaction::begin(db_));
      part.emplace(std::move(begun));
    }
    WASL_TRY(insert(space, chunk, std::nullopt));
    if (++stored % kChunksAtOnce != 0) return {};
    WASL_TRY(part->commit());
    part.reset();
    return {};
  });
  std::array<Byte, attachment::kChunkBytes> buffer;
  for (;;) {
    WASL_LET(const std::size_t got, more(buffer));
    if (got == 0) break;
    WASL_TRY(cutter.add(ByteView(buffer).first(got)));
  }
  WASL_LET(const Hash root, cutter.finish());
  if (part) WASL_TRY(part->commit());
  part.reset();
  const FileId file{space, root, cutter.size()};
  WASL_TRY(note(file, name, false, now));
  WASL_TRY(set(file, Mark::kept, true));
  WASL_TRY(set(file, Mark::whole, true));
  WASL_LET(auto end, db_.prepare("DELETE FROM cutting WHERE id = ?"));
  end.bind_all(cutting);
  WASL_TRY(end.run());
  return file;
}

Status FileStore::visit(const FileId& file, const ChunkKey& key,
                        const std::function<Status(const Place&, ByteView)>& leaf) {
  TreeWalk walk(file);
  while (const auto place = walk.next()) {
    WASL_LET(auto chunk, read(file.space, key, place->name));
    if (!chunk || chunk->level != place->level || !walk.fits(*place, chunk->bytes)) return missing_part();
    if (place->level == 0) {
      WASL_TRY(leaf(*place, chunk->bytes));
    } else if (!walk.enter(*place, std::move(chunk->bytes))) {
      return missing_part();
    }
  }
  return {};
}

Status FileStore::write_out(const FileId& file, const ChunkKey& key,
                            const std::function<Status(ByteView)>& sink) {
  return visit(file, key, [&](const Place&, ByteView bytes) { return sink(bytes); });
}

Result<FileId> FileStore::copy(const FileId& from, const ChunkKey& from_key, const std::string& space,
                               const ChunkKey& key, Millis now) {
  WASL_LET(auto part, Transaction::begin(db_));
  std::deque<std::int64_t> contents;  // of chunks that the cutter has taken and not yet named
  attachment::Cutter cutter(key, [&](const Chunk& chunk) -> Status {
    std::optional<std::int64_t> content;
    if (chunk.level == 0) {
      content = contents.front();
      contents.pop_front();
    }
    return insert(space, chunk, content);
  });
  WASL_TRY(visit(from, from_key, [&](const Place& place, ByteView bytes) -> Status {
    WASL_LET(auto find, db_.prepare("SELECT content FROM chunk WHERE space = ? AND name = ?"));
    find.bind_all(from.space, place.name);
    WASL_LET(const bool found, find.step());
    if (!found) return missing_part();
    contents.push_back(find.int64(0));
    return cutter.add(bytes);
  }));
  WASL_LET(const Hash root, cutter.finish());
  const FileId file{space, root, from.size};
  WASL_LET(const auto source, find(from));
  WASL_TRY(note(file, source ? source->name : std::string(), false, now));
  WASL_TRY(set(file, Mark::kept, true));
  WASL_TRY(set(file, Mark::whole, true));
  WASL_TRY(part.commit());
  return file;
}

Result<FileStore::Progress> FileStore::progress(const FileId& file, const ChunkKey& key) {
  Progress out{0, attachment::chunks_of(file.size)};
  TreeWalk walk(file);
  while (const auto place = walk.next()) {
    if (place->level == 0) {
      WASL_LET(const bool here, has(file.space, place->name));
      out.here += here ? 1 : 0;
      continue;
    }
    WASL_LET(auto chunk, read(file.space, key, place->name));
    if (chunk && walk.enter(*place, std::move(chunk->bytes))) ++out.here;
  }
  return out;
}

Result<bool> FileStore::note(const FileId& file, std::string_view name, bool attached, Millis now) {
  WASL_LET(const auto known, find(file));
  if (known && (known->attached || !attached)) return false;
  WASL_LET(auto write,
           db_.prepare("INSERT INTO file(space, root, size, name, attached, noted, used) "
                       "VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET name = excluded.name, "
                       "attached = excluded.attached"));
  write.bind_all(file.space, file.root, file.size, name, attached ? 1 : 0, now, now);
  WASL_TRY(write.run());
  return !known;
}

Result<std::optional<KnownFile>> FileStore::find(const FileId& file) {
  WASL_LET(auto find, db_.prepare(std::string(kFileColumns) + "WHERE space = ? AND root = ? AND size = ?"));
  find.bind_all(file.space, file.root, file.size);
  WASL_LET(const bool found, find.step());
  if (!found) return std::optional<KnownFile>();
  return std::optional(file_of(find));
}

Result<std::optional<FileId>> FileStore::of_root(std::string_view space, const Hash& root) {
  WASL_LET(auto find, db_.prepare(std::string(kFileColumns) + "WHERE space = ? AND root = ? LIMIT 1"));
  find.bind_all(space, root);
  WASL_LET(const bool found, find.step());
  if (!found) return std::optional<FileId>();
  return std::optional(file_of(find).id);
}

Result<std::vector<KnownFile>> FileStore::files() {
  WASL_LET(auto list, db_.prepare(std::string(kFileColumns) + "ORDER BY noted, space, root, size"));
  std::vector<KnownFile> out;
  for (;;) {
    WASL_LET(const bool found, list.step());
    if (!found) return out;
    out.push_back(file_of(list));
  }
}

Result<std::optional<KnownFile>> FileStore::lacking(std::string_view space, const Hash& root) {
  WASL_LET(auto find,
           db_.prepare(std::string(kFileColumns) + "WHERE space = ? AND root = ? AND whole = 0 LIMIT 1"));
  find.bind_all(space, root);
  WASL_LET(const bool found, find.step());
  return found ? std::optional(file_of(find)) : std::nullopt;
}

Status FileStore::set(const FileId& file, Mark mark, bool on) {
  const std::string column(column_of(mark));
  WASL_LET(auto write, db_.prepare("UPDATE file SET " + column +
                                   " = ?1 WHERE space = ?2 AND root = ?3 AND "
                                   "size = ?4 AND " +
                                   column + " <> ?1"));
  write.bind_all(on ? 1 : 0, file.space, file.root, file.size);
  return write.run();
}

Status FileStore::touch(const FileId& file, Millis now) {
  WASL_LET(auto write, db_.prepare("UPDATE file SET used = ? WHERE space = ? AND root = ? AND size = ?"));
  write.bind_all(now, file.space, file.root, file.size);
  return write.run();
}

Result<std::uint64_t> FileStore::bytes() {
  WASL_LET(auto sum, db_.prepare("SELECT coalesce(sum(length), 0) FROM content"));
  WASL_TRY(sum.step());
  return static_cast<std::uint64_t>(sum.int64(0));
}

/// What stands in its lists is there to find more; whether all of it is right is asked when it is read.
Status FileStore::mark_tree(const FileId& file) {
  TreeWalk walk(file);
  while (const auto place = walk.next()) {
    WASL_LET(auto mark, db_.prepare("INSERT OR IGNORE INTO temp.marked(space, name) VALUES(?, ?)"));
    mark.bind_all(file.space, place->name);
    WASL_TRY(mark.run());
    if (place->level == 0) continue;
    WASL_LET(auto list, db_.prepare("SELECT bytes FROM chunk JOIN content ON id = content "
                                    "WHERE space = ? AND name = ?"));
    list.bind_all(file.space, place->name);
    WASL_LET(const bool found, list.step());
    if (found) walk.enter(*place, to_bytes(list.blob(0)));
  }
  return {};
}

Status FileStore::drop_unmarked() {
  WASL_TRY(db_.exec(R"sql(
    DELETE FROM chunk WHERE NOT EXISTS(
      SELECT 1 FROM temp.marked AS m WHERE m.space = chunk.space AND m.name = chunk.name);
    DELETE FROM content WHERE id NOT IN (SELECT content FROM chunk);
    UPDATE file SET whole = 0 WHERE kept = 0;
    DELETE FROM temp.marked;
  )sql"));
  return {};
}

Result<std::uint64_t> FileStore::sweep(Millis orphans_before) {
  WASL_TRY(
      db_.exec("CREATE TEMP TABLE IF NOT EXISTS marked(space TEXT NOT NULL, name BLOB NOT NULL, "
               "PRIMARY KEY(space, name)) WITHOUT ROWID"));
  WASL_LET(auto part, Transaction::begin(db_));
  WASL_LET(auto busy, db_.prepare("SELECT 1 FROM cutting WHERE begun >= ?"));
  busy.bind_all(orphans_before);
  WASL_LET(const bool is_busy, busy.step());
  busy.reset();
  if (is_busy) return 0;
  WASL_LET(const std::uint64_t before, bytes());
  WASL_LET(auto orphans, db_.prepare("DELETE FROM file WHERE attached = 0 AND pinned = 0 AND noted < ?"));
  orphans.bind_all(orphans_before);
  WASL_TRY(orphans.run());
  WASL_LET(const auto all, files());
  for (const KnownFile& file : all) {
    if (file.kept) WASL_TRY(mark_tree(file.id));
  }
  WASL_TRY(drop_unmarked());
  WASL_LET(const std::uint64_t after, bytes());
  WASL_TRY(part.commit());
  return before - after;
}

Result<std::optional<std::string>> FileStore::setting(std::string_view name) {
  WASL_LET(auto find, db_.prepare("SELECT value FROM setting WHERE name = ?"));
  find.bind_all(name);
  WASL_LET(const bool found, find.step());
  if (!found) return std::optional<std::string>();
  return std::optional(std::string(find.text(0)));
}

Status FileStore::set_setting(std::string_view name, std::string_view value) {
  WASL_LET(auto write, db_.prepare("INSERT INTO setting(name, value) VALUES(?, ?) "
                                   "ON CONFLICT DO UPDATE SET value = excluded.value"));
  write.bind_all(name, value);
  return write.run();
}

}  // namespace wasl
