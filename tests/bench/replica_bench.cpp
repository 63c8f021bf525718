// Cost of capture and sealing against a plain table, apply rate, wire bytes, and the same work by SQLite's
// session extension, all in one run. Prints medians of ratios; never a pass or a fail.
#include <malloc.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <functional>

#include "shared/wire/compression.hpp"
#include "shared/wire/messages.hpp"
#include "tests/bench/workload.hpp"
#include "tests/support/mini_network.hpp"

namespace wasl::bench {
namespace {

using test::must;

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// A table and the statements of the workload on it, as any program would run them.
class Writer {
 public:
  Writer(const std::filesystem::path& path, bool plain) {
    sqlite3_open(path.c_str(), &db_);
    sqlite3_busy_timeout(db_, 5000);
    run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
    std::string names;
    std::string marks;
    for (const char* column : kColumns) {
      names += std::string(", ") + column;
      marks += ", ?";
    }
    if (plain) run("CREATE TABLE bench_row(id TEXT PRIMARY KEY" + names + ")");
    prepare(plain ? "INSERT INTO bench_row(id" + names + ") VALUES(?" + marks + ")"
                  : "INSERT INTO bench_row(id" + names + ") VALUES(?" + marks + ")",
            &insert_);
    for (std::size_t c = 0; c < kColumns.size(); ++c) {
      prepare(std::string("UPDATE bench_row SET ") + kColumns[c] + " = ? WHERE id = ?", &updates_[c]);
    }
  }
  ~Writer() {
    sqlite3_finalize(insert_);
    for (auto* statement : updates_) sqlite3_finalize(statement);
    sqlite3_close(db_);
  }
  void insert(const std::vector<Row>& rows, const std::function<void()>& after_transaction = {}) {
    for (std::size_t i = 0; i < rows.size(); i += kRowsOfTransaction) {
      run("BEGIN IMMEDIATE");
      for (std::size_t k = i; k < std::min(rows.size(), i + kRowsOfTransaction); ++k) {
        bind(insert_, 1, rows[k].id);
        for (std::size_t c = 0; c < kColumns.size(); ++c)
          bind(insert_, static_cast<int>(c) + 2, rows[k].values[c]);
        step(insert_);
      }
      run("COMMIT");
      if (after_transaction) after_transaction();
    }
  }
  void update(const std::vector<Row>& rows, const std::vector<Update>& updates,
              const std::function<void()>& after_transaction = {}) {
    for (std::size_t i = 0; i < updates.size(); i += kUpdatesOfTransaction) {
      run("BEGIN IMMEDIATE");
      for (std::size_t k = i; k < std::min(updates.size(), i + kUpdatesOfTransaction); ++k) {
        auto* statement = updates_[updates[k].column];
        bind(statement, 1, updates[k].value);
        bind(statement, 2, rows[updates[k].row].id);
        step(statement);
      }
      run("COMMIT");
      if (after_transaction) after_transaction();
    }
  }
  void run(const std::string& sql) {
    char* error = nullptr;
    if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, &error) != SQLITE_OK)
      throw std::runtime_error(error);
  }
  sqlite3* db() { return db_; }

 private:
  void prepare(const std::string& sql, sqlite3_stmt** out) {
    if (sqlite3_prepare_v2(db_, sql.c_str(), -1, out, nullptr) != SQLITE_OK)
      throw std::runtime_error(sqlite3_errmsg(db_));
  }
  static void bind(sqlite3_stmt* statement, int index, const std::string& text) {
    sqlite3_bind_text(statement, index, text.c_str(), static_cast<int>(text.size()), SQLITE_STATIC);
  }
  void step(sqlite3_stmt* statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(db_));
    sqlite3_reset(statement);
  }
  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  std::array<sqlite3_stmt*, kColumns.size()> updates_{};
};

struct Session {
  double seconds = 0;
  std::size_t bytes = 0;
};

int keep_theirs(void*, int kind, sqlite3_changeset_iter*) {
  return kind == SQLITE_CHANGESET_DATA || kind == SQLITE_CHANGESET_CONFLICT ? SQLITE_CHANGESET_REPLACE
                                                                            : SQLITE_CHANGESET_OMIT;
}

/// The same 2 × 20,000 updates exchanged as two changesets.
Session by_session_extension(const std::vector<Row>& rows, const std::filesystem::path& folder) {
  Writer a(folder / "session-a.db", true);
  Writer b(folder / "session-b.db", true);
  a.insert(rows);
  b.insert(rows);
  Session out;
  std::vector<std::pair<int, void*>> changes;
  for (Writer* writer : {&a, &b}) {
    sqlite3_session* session = nullptr;
    sqlite3session_create(writer->db(), "main", &session);
    sqlite3session_attach(session, "bench_row");
    writer->update(rows, make_updates(writer == &a ? 1 : 2));
    int size = 0;
    void* bytes = nullptr;
    sqlite3session_changeset(session, &size, &bytes);
    sqlite3session_delete(session);
    out.bytes +=
        compress(ByteView(static_cast<const Byte*>(bytes), static_cast<std::size_t>(size)), kWireLevel)
            .size();
    changes.emplace_back(size, bytes);
  }
  out.seconds = seconds_of([&] {
    sqlite3changeset_apply(a.db(), changes[1].first, changes[1].second, nullptr, keep_theirs, nullptr);
    sqlite3changeset_apply(b.db(), changes[0].first, changes[0].second, nullptr, keep_theirs, nullptr);
  });
  for (auto& [size, bytes] : changes) sqlite3_free(bytes);
  return out;
}

/// Of a backlog that is packed, and unpacked at the other end.
struct Packing {
  std::size_t bytes = 0;
  double seconds = 0, seconds_out = 0;     ///< of the processor
  std::size_t memory = 0, memory_out = 0;  ///< held at the end by each end
};

std::size_t memory_in_use() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

Packing alone(const std::vector<Bytes>& plain) {
  Packing out;
  const double begin = cpu_seconds();
  for (const Bytes& frame : plain) out.bytes += pack_alone(frame).size();
  out.seconds = cpu_seconds() - begin;
  return out;
}

Packing in_stream(const std::vector<Bytes>& plain, Effort effort) {
  Packing out;
  const StreamRoom room(2);
  std::vector<Bytes> frames;
  frames.reserve(plain.size());
  const std::size_t before = memory_in_use();
  StreamSender sender(&room, effort);
  if (!sender.open("network")) throw std::runtime_error("no room");
  double begin = cpu_seconds();
  for (const Bytes& frame : plain) {
    frames.push_back(pack_in_stream(frame, sender));
    out.bytes += frames.back().size();
  }
  out.seconds = cpu_seconds() - begin;
  out.memory = memory_in_use() - before - out.bytes;
  const std::size_t with_frames = memory_in_use();
  StreamReceiver receiver(&room);
  begin = cpu_seconds();
  for (std::size_t i = 0; i < frames.size(); ++i) {
    // Forms and hashes are for decode_segment(), whose cost is not asked here.
    Reader in(ByteView(frames[i]).subspan(1));
    const bool is_first = (in.byte() & 8) != 0;
    static_cast<void>(in.text(frames[i].size()));
    static_cast<void>(in.varint());
    Reader items(in.sized(frames[i].size()));
    const std::uint64_t size = items.varint();
    must(receiver.unpack("network", is_first, items.raw(items.left()), size));
  }
  out.seconds_out = cpu_seconds() - begin;
  out.memory_out = memory_in_use() - with_frames;
  return out;
}

void report_packing(const char* what, const Packing& packing) {
  std::printf("%-64s %10.2f kB             %.2f s, %.1f MB to pack; %.2f s, %.1f MB to unpack\n", what,
              static_cast<double>(packing.bytes) / 1e3, packing.seconds,
              static_cast<double>(packing.memory) / 1e6, packing.seconds_out,
              static_cast<double>(packing.memory_out) / 1e6);
}

void report(const char* what, double value, const char* unit, const char* goal) {
  std::printf("%-64s %10.2f %-14s goal %s\n", what, value, unit, goal);
}

int run() {
  if (!crypto::start()) return 1;
  const Schema schema = workload_schema();
  const auto rows = make_rows();
  const auto updates_a = make_updates(1);
  const auto updates_b = make_updates(2);
  std::string pattern = (std::filesystem::temp_directory_path() / "wasl-bench-XXXXXX").string();
  const std::filesystem::path folder = mkdtemp(pattern.data());

  double plain_insert = 0;
  double plain_update = 0;
  std::uintmax_t plain_bytes = 0;
  {
    Writer plain(folder / "plain.db", true);
    plain_insert = seconds_of([&] { plain.insert(rows); });
    plain_update = seconds_of([&] { plain.update(rows, updates_a); });
    plain.run("PRAGMA wal_checkpoint(TRUNCATE)");
    plain_bytes = std::filesystem::file_size(folder / "plain.db");
  }

  test::TestClock clock;
  test::TestRandom random;
  test::MiniHub hub(clock, random, schema);
  hub.add_organisation("ma", "association");
  hub.add_organisation("sn", "association");
  test::Office a(hub, clock, random, "ma");
  test::Office b(hub, clock, random, "sn");
  clock.time = 4'000'000'000'000;  // ahead of the triggers' clock

  double insert = 0;
  double update = 0;
  double insert_seal = 0;
  double update_seal = 0;
  {
    Writer writer(a.folder() / "replica.db", false);
    insert = seconds_of([&] { writer.insert(rows); });
    insert_seal = seconds_of([&] { must(a.replica().seal()); });
  }
  a.sync();
  const double first_sync = seconds_of([&] { b.sync(); });
  std::vector<Bytes> inserts;
  for (const Segment& segment : hub.entries("network", 0))
    inserts.push_back(plain_segment(FrameKind::entries, segment, &hub.logs()));
  const Position after_inserts = hub.size("network");
  {
    Writer writer(a.folder() / "replica.db", false);
    update = seconds_of([&] { writer.update(rows, updates_a); });
  }
  must(a.replica().seal());
  a.sync();
  a.sql("PRAGMA wal_checkpoint(TRUNCATE)");
  const auto replica_bytes = std::filesystem::file_size(a.folder() / "replica.db");
  b.sync();
  {
    Writer writer(a.folder() / "replica.db", false);
    update_seal =
        seconds_of([&] { writer.update(rows, make_updates(3), [&] { must(a.replica().seal()); }); });
  }
  // Both sides change at once: the whole exchange of 2 × 20,000, sealed a transaction at a time as a daemon
  // does.
  a.sync();
  b.sync();
  {
    Writer writer_b(b.folder() / "replica.db", false);
    writer_b.update(rows, updates_b, [&] { must(b.replica().seal()); });
    Writer writer_a(a.folder() / "replica.db", false);
    writer_a.update(rows, make_updates(4), [&] { must(a.replica().seal()); });
  }
  std::size_t push_bytes = 0;
  a.replica().rewind_push();
  while (const auto segment = must(a.replica().next_push(256 * 1024))) {
    push_bytes += encode_segment(FrameKind::push, *segment, a.replica().known_logs()).size();
  }
  a.replica().rewind_push();
  const Position before = hub.size("network");
  double exchange = seconds_of([&] { a.sync(); });
  exchange += seconds_of([&] { b.sync(); });
  const double apply = seconds_of([&] { a.sync(); });
  exchange += apply;
  const std::size_t sets = hub.size("network") - before;
  std::size_t down_bytes = 0;
  for (const Segment& segment : hub.entries("network", before)) {
    down_bytes += encode_segment(FrameKind::entries, segment, &hub.logs()).size();
  }
  std::uint64_t verified = 0;
  const double verifying = seconds_of([&] { verified = must(a.replica().verify()).change_sets; });
  const Session session = by_session_extension(rows, folder);

  std::printf("workload W: %zu rows, %zu updates an office, FULL\n", kRows, kUpdates);
  report("insert, captured / plain", insert / plain_insert, "ratio", "<= 1.25");
  report("insert, captured and sealed / plain", (insert + insert_seal) / plain_insert, "ratio", "<= 1.6");
  report("update, captured / plain", update / plain_update, "ratio", "<= 1.3");
  report("update, captured and sealed by 10 / plain", update_seal / plain_update, "ratio", "<= 1.8");
  report("seal inserts", static_cast<double>(kRows) / insert_seal, "rows/s", "-");
  report("first sync of the rows (verify, apply, prove)", static_cast<double>(kRows) / first_sync, "rows/s",
         "-");
  report("apply of 20,000 updates (verify, decide, merge, prove)", kUpdates / apply, "updates/s", ">= 50000");
  report("verify of all that is held (signatures, rights, roots, rows)",
         static_cast<double>(verified) / verifying, "sets/s", ">= 15000");
  report("exchange of 2 x 20,000, hub included", exchange, "s", "<= 1.2");
  report("the same by session extension, no proof, no signature", session.seconds, "s", "-");
  report("exchange / session extension", exchange / session.seconds, "ratio", "-");
  report("wire, push of 20,000 updates", static_cast<double>(push_bytes) / kUpdates, "B/update", "<= 16");
  report("wire, pull of 40,000 updates", static_cast<double>(down_bytes) / (2 * kUpdates), "B/update",
         "<= 16");
  report("wire, session extension's changesets, zstd", static_cast<double>(session.bytes) / (2 * kUpdates),
         "B/update", "-");
  std::printf("wire, 20,000 inserts in %zu frames, goal <= 1850 kB:\n", inserts.size());
  report_packing("  each frame alone", alone(inserts));
  report_packing("  one stream", in_stream(inserts, Effort::usual));
  report_packing("  one stream, thin line", in_stream(inserts, Effort::thin_line));
  report("replica.db after W / plain", static_cast<double>(replica_bytes) / static_cast<double>(plain_bytes),
         "ratio", "<= 1.55");
  std::printf("change sets in the last exchange: %zu; entries after the inserts: %zu\n", sets,
              static_cast<std::size_t>(after_inserts));
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace wasl::bench

int main() {
  try {
    return wasl::bench::run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "replica_bench: %s\n", error.what());
    return 1;
  }
}
