// A store whose rows a damaged disk or a foreign hand changed: every reading answers, in values or in words.
#include "shared/store/log_store.hpp"

#include "shared/base/limits.hpp"
#include "shared/store/sqlite_rows.hpp"
#include "shared/wire/compression.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

Database& database() {
  static Database db = [] {
    auto opened = Database::open({.path = ":memory:", .create = true});
    WASL_ASSERT(opened.has_value() && create_log_tables(*opened).has_value());
    return std::move(*opened);
  }();
  return db;
}

template <class... Values>
void insert(std::string_view sql, const Values&... values) {
  auto statement = database().prepare(sql);
  WASL_ASSERT(statement.has_value());
  statement->bind_all(values...);
  static_cast<void>(statement->run());
}

std::int64_t odd(Feed& feed) { return static_cast<std::int64_t>(feed.number()); }

void fill(Feed& feed) {
  const ByteView frontier = feed.bytes(512);
  insert("INSERT INTO _wasl_space VALUES(1, 'public', ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)", odd(feed), odd(feed),
         odd(feed), frontier, feed.bytes(40), odd(feed), feed.bytes(200), odd(feed));
  insert("INSERT INTO _wasl_source VALUES(1, ?, ?, 1, ?, ?, 0)", feed.bytes(32), feed.bytes(8), odd(feed),
         feed.bytes(32));
  insert("INSERT INTO _wasl_entry VALUES(1, ?, ?, ?, ?, ?, ?, ?, 1)", odd(feed), odd(feed), feed.bytes(32),
         odd(feed), odd(feed), odd(feed), odd(feed));
  insert("INSERT INTO _wasl_opening VALUES(?, ?, ?)", ByteView(Hash{}.bytes), feed.bytes(16), feed.bytes(64));
  insert("INSERT INTO _wasl_parked VALUES(1, 'r', ?)", feed.bytes(1024));
  insert("INSERT INTO _wasl_bucket VALUES(1, ?, ?, ?)", odd(feed), feed.bytes(32), feed.bytes(128));
  const bool packed = feed.flag();
  const std::int64_t first = odd(feed);
  // No number of their own: kept inputs go on saying what they said.
  insert("UPDATE _wasl_space SET proved = ?1, authority = ?1", first);
  insert("UPDATE _wasl_source SET stamp = ?", first);
  insert("INSERT INTO _wasl_node VALUES(1, 6, 0, ?)", ByteView(Hash{}.bytes));
  const ByteView block = feed.rest();
  insert("INSERT INTO _wasl_block VALUES(1, 1, ?, 9, 9, ?)", first,
         ByteView(packed ? compress(block, kBlockLevel) : to_bytes(block)));
}

void read(LogStore& store) {
  const auto info = store.space(kPublicSpace);
  if (info) static_cast<void>(store.save_space(**info));
  if (info) static_cast<void>(store.root(kPublicSpace, (*info)->proved));
  static_cast<void>(store.entries(kPublicSpace, 0, limits::kNumberMost));
  static_cast<void>(store.read(kPublicSpace, 1, limits::kFrameRoomBytes, NetworkId{}));
  static_cast<void>(store.opening(Hash{}));
  if (const auto state = store.parked(1, "r"); state && *state) {
    static_cast<void>(record_hash("r", **state));
    WASL_ASSERT(store.park(1, "r", **state).has_value());
    WASL_ASSERT(**store.parked(1, "r") == **state);
  }
  store.note_record(1, "r", Hash{});
  static_cast<void>(store.digest(kPublicSpace));
  static_cast<void>(store.find(store.source_of(1), 1));
  static_cast<void>(store.chain_end(store.source_of(1)));
  Segment next{std::string(kPublicSpace), info ? (*info)->size + 1 : 1, {}, {}};
  next.items.emplace_back(EntryItem{{ledger::EntryKind::statement, Hash{}, 0, 0}, {}});
  if (info) static_cast<void>(store.append(next));
}

WASL_FUZZ(store) {
  auto transaction = Transaction::begin(database());
  WASL_ASSERT(transaction.has_value());
  Feed feed(input);
  fill(feed);
  LogStore log(sqlite_rows(database()));
  read(log);
}

}  // namespace
}  // namespace wasl::fuzz
