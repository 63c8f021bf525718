#include "server/store/postgres_shared.hpp"

#include "shared/base/version.hpp"

namespace wasl {
namespace {

constexpr int kForgetEvery = 10;  // calls of say_here

/// Whether the lease of who leads has ended.
std::string lapsed() {
  return "(renewed < clock_timestamp() - " + std::to_string(PostgresSession::kFenceSeconds) +
         " * interval '1 second')::int::bigint";
}

constexpr std::string_view kMillis = "(extract(epoch FROM $) * 1000)::bigint";

std::string millis(std::string_view time) {
  std::string out(kMillis);
  return out.replace(out.find('$'), 1, time);
}

}  // namespace

// ── Who leads ──

Result<bool> PostgresShared::try_lead() {
  if (leads()) return true;
  WASL_LET(const bool taken, session_.try_lead());
  if (!taken) return false;
  rows_.show_now();
  on_moment_();
  return true;
}

Status PostgresShared::resign() {
  commits_.reset();
  return session_.resign();
}

Result<SharedStore::Standing> PostgresShared::standing() {
  WASL_LET(const PgRows fence,
           session_.query("SELECT fence, " + lapsed() + ", coalesce(" + millis("since") +
                          ", 0), (SELECT count(*) FROM hub_asked), holder FROM hub_fence WHERE one = 1"));
  Standing out;
  if (fence.empty()) return out;
  out.fence = fence.int64(0, 0);
  out.is_led = fence.int64(0, 1) == 0;
  out.since = fence.int64(0, 2);
  out.waiting = static_cast<std::uint64_t>(fence.int64(0, 3));
  WASL_LET(const PgRows rows,
           session_.query("SELECT place, version, " + millis("began") + ", " +
                          millis("clock_timestamp() - heard") + ", id FROM hub_process ORDER BY began, id"));
  for (int i = 0; i < rows.count(); ++i) {
    out.processes.push_back({std::string(rows.text(i, 0)), std::string(rows.text(i, 1)), rows.int64(i, 2),
                             rows.int64(i, 3),
                             out.is_led && text_view(rows.blob(i, 4)) == text_view(fence.blob(0, 4))});
  }
  return out;
}

Status PostgresShared::say_here(const std::string& place) {
  WASL_TRY(session_.freely([&] {
    return session_.send(
        "INSERT INTO hub_process VALUES($1, $2, $3, clock_timestamp(), clock_timestamp()) "
        "ON CONFLICT (id) DO UPDATE SET heard = excluded.heard, place = excluded.place",
        self(), place, program_version());
  }));
  return leads() && ++beats_ % kForgetEvery == 0 ? forget_old() : Status();
}

/// The newest answer stays: the next one counts on from it.
Status PostgresShared::forget_old() {
  return session_.freely([&]() -> Status {
    WASL_TRY(session_.send("DELETE FROM hub_process WHERE heard < clock_timestamp() - interval '1 minute'"));
    WASL_TRY(session_.send("DELETE FROM hub_request WHERE at < clock_timestamp() - interval '10 minutes'"));
    return session_.send(
        "DELETE FROM hub_answer WHERE at < clock_timestamp() - interval '2 minutes' AND "
        "no < (SELECT max(no) FROM hub_answer)");
  });
}

Status PostgresShared::say_gone() {
  return session_.freely([&] { return session_.send("DELETE FROM hub_process WHERE id = $1", self()); });
}

// ── What is committed and signed ──

Result<std::optional<SharedStore::News>> PostgresShared::look() {
  WASL_LET(const PgRows now, session_.query("SELECT commits, coalesce(note, ''), " + lapsed() +
                                            " FROM hub_fence WHERE one = 1"));
  if (now.empty()) return std::optional<News>();
  is_free_ = now.int64(0, 2) != 0;
  if (commits_ == now.int64(0, 0) && note_ == now.text(0, 1)) return std::optional<News>();
  std::optional<News> news;
  WASL_TRY(session_.snapshot([&]() -> Status {
    WASL_LET(news, look_inside());
    return {};
  }));
  return news;
}

Result<std::optional<SharedStore::News>> PostgresShared::look_inside() {
  WASL_LET(const PgRows now,
           session_.query("SELECT commits, coalesce(note, ''), noted, "
                          "(SELECT coalesce(max(no) + 1, 0) FROM hub_heads_leaf), "
                          "(SELECT coalesce(max(no), 0) FROM hub_answer) FROM hub_fence WHERE one = 1"));
  if (now.empty() || now.text(0, 1).empty() || now.int64(0, 2) != now.int64(0, 3))
    return std::optional<News>();
  News news{std::string(now.text(0, 1)), {}};
  const std::int64_t last = now.int64(0, 4);
  if (answered_ && *answered_ < last) {
    WASL_LET(const PgRows rows,
             session_.query("SELECT hub, question, data FROM hub_answer WHERE no > $1 AND (hub = $2 OR "
                            "hub = ''::bytea) ORDER BY no",
                            *answered_, self()));
    for (int i = 0; i < rows.count(); ++i) {
      const bool mine = !rows.blob(i, 0).empty();
      news.answers.push_back(
          {mine ? std::optional(static_cast<std::uint64_t>(rows.int64(i, 1))) : std::nullopt,
           to_bytes(rows.blob(i, 2))});
    }
  }
  if (!leads()) {
    WASL_TRY(rows_.show_this_moment());
    on_moment_();
  }
  answered_ = last;
  commits_ = now.int64(0, 0);
  note_ = news.note;
  return std::optional(std::move(news));
}

Status PostgresShared::publish(const std::string& note, std::uint64_t size) {
  return session_.as_holder("UPDATE hub_fence SET note = $1, noted = $2 WHERE one = 1 AND fence = $3", note,
                            size);
}

// ── Pushes ──

Status PostgresShared::ask(std::span<const Question> questions) {
  return session_.freely([&]() -> Status {
    for (const Question& one : questions)
      WASL_TRY(session_.send("INSERT INTO hub_asked VALUES($1, $2, $3) ON CONFLICT DO NOTHING", self(),
                             one.number, ByteView(one.data)));
    return {};
  });
}

Result<std::vector<SharedStore::Asked>> PostgresShared::asked(std::size_t most) {
  WASL_LET(const PgRows rows,
           session_.query("SELECT hub, no, data FROM hub_asked ORDER BY hub, no LIMIT $1", most));
  std::vector<Asked> out;
  for (int i = 0; i < rows.count(); ++i) {
    out.push_back({HubProcessId::from(rows.blob(i, 0)).value_or(HubProcessId{}),
                   static_cast<std::uint64_t>(rows.int64(i, 1)), to_bytes(rows.blob(i, 2))});
  }
  return out;
}

Status PostgresShared::answer(const HubProcessId& to, std::uint64_t question, ByteView data) {
  WASL_TRY(session_.run("DELETE FROM hub_asked WHERE hub = $1 AND no = $2", to, question));
  return session_.run(
      "INSERT INTO hub_answer SELECT coalesce(max(no), 0) + 1, $1, $2, $3, "
      "clock_timestamp() FROM hub_answer",
      to, question, data);
}

Status PostgresShared::tell_all(ByteView data) {
  return session_.run(
      "INSERT INTO hub_answer SELECT coalesce(max(no), 0) + 1, ''::bytea, 0, $1, "
      "clock_timestamp() FROM hub_answer",
      data);
}

// ── Commands ──

Result<std::optional<SharedStore::Request>> PostgresShared::take_request() {
  WASL_LET(const PgRows rows,
           session_.query("SELECT id, text FROM hub_request WHERE taken IS NULL ORDER BY at, id LIMIT 1"));
  if (rows.empty()) return std::optional<Request>();
  const auto id = Salt::from(rows.blob(0, 0)).value_or(Salt{});
  Request out{id, to_text(rows.blob(0, 1))};
  WASL_LET(const PgRows taken,
           session_.change("UPDATE hub_request SET taken = clock_timestamp() WHERE id = $1 AND taken IS NULL",
                           id));
  return taken.changed() == 1 ? std::optional(std::move(out)) : std::nullopt;
}

Status PostgresShared::reply(const Salt& request, const std::string& text) {
  return session_.freely(
      [&] { return session_.send("UPDATE hub_request SET answer = $1 WHERE id = $2", view(text), request); });
}

Result<PostgresRequest> PostgresRequest::send(const std::string& where, const std::string& text) {
  WASL_LET(auto connection, PostgresConnection::open(where));
  PostgresRequest out(std::move(connection));
  crypto::SystemRandom random;
  out.id_ = random.fixed<Salt>();
  WASL_TRY(out.connection_->run("INSERT INTO hub_request VALUES($1, $2, clock_timestamp(), NULL, NULL)",
                                PgValues::of(out.id_, view(text))));
  return out;
}

Result<std::optional<std::string>> PostgresRequest::answer() {
  WASL_LET(const PgRows rows,
           connection_->query("SELECT answer FROM hub_request WHERE id = $1", PgValues::of(id_)));
  if (rows.empty() || rows.is_null(0, 0)) return std::optional<std::string>();
  std::string out = to_text(rows.blob(0, 0));
  WASL_TRY(connection_->run("DELETE FROM hub_request WHERE id = $1", PgValues::of(id_)));
  return std::optional(std::move(out));
}

Result<bool> PostgresRequest::nobody_leads() {
  WASL_LET(const PgRows rows, connection_->query("SELECT " + lapsed() + " FROM hub_fence WHERE one = 1"));
  return !rows.empty() && rows.int64(0, 0) != 0;
}

Result<bool> PostgresRequest::withdraw() {
  WASL_LET(const PgRows gone,
           connection_->query("DELETE FROM hub_request WHERE id = $1 AND taken IS NULL", PgValues::of(id_)));
  return gone.changed() == 1;
}

}  // namespace wasl
