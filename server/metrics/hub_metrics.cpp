#include "server/metrics/hub_metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>

#include "shared/base/version.hpp"
#include "shared/net/certificate_dates.hpp"

namespace wasl {
namespace {

// From a disk that needs no seek to one that is in trouble, in seconds.
const prometheus::Histogram::BucketBoundaries kCommitSeconds{0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1,
                                                             0.2,   0.5,   1,     2,    5,    10};

std::string_view to_word(Outcome outcome) {
  switch (outcome) {
    case Outcome::accepted:
      return "accepted";
    case Outcome::held:
      return "held";
    case Outcome::refused:
      return "refused";
    case Outcome::later:
      return "later";
  }
  return "";
}

double as_number(std::uint64_t number) { return static_cast<double>(number); }

double size_of(const std::filesystem::path& file) {
  std::error_code gone;  // nothing is there: nothing takes room
  const auto size = std::filesystem::file_size(file, gone);
  return gone ? 0 : as_number(size);
}

void set_by_age(prometheus::Family<prometheus::Gauge>& family, const ByAge& ages) {
  family.Add({{"age", "day"}}).Set(as_number(ages.day));
  family.Add({{"age", "week"}}).Set(as_number(ages.week));
  family.Add({{"age", "month"}}).Set(as_number(ages.month));
  family.Add({{"age", "older"}}).Set(as_number(ages.older));
}

}  // namespace

struct HubMetrics::State {
  explicit State(Sources from) : sources(std::move(from)) {
    // Every kind has its line from the beginning: a rate sees the first one too.
    for (int code = 0; code <= static_cast<int>(Errc::unsupported); ++code) {
      const std::string word(wasl::to_word(static_cast<Errc>(code)));
      refused.Add({{"code", word}});
      broken.Add({{"code", word}});
    }
    verdict({Outcome::accepted, Reason::none, {}});
    verdict({Outcome::held, Reason::revoked, {}});
    verdict({Outcome::refused, Reason::no_right, {}});
    verdict({Outcome::later, Reason::busy, {}});
    leads.Set(1);  // who has the storage alone leads
    gauge("wasl_hub_build_info", "Which release this is", {{"version", std::string(program_version())}})
        .Set(1);
  }

  prometheus::Counter& verdict(const Verdict& one) {
    return verdicts.Add(
        {{"outcome", std::string(to_word(one.outcome))}, {"reason", std::string(wasl::to_word(one.reason))}});
  }
  prometheus::Family<prometheus::Counter>& counters(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  }
  prometheus::Family<prometheus::Gauge>& gauges(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
  }
  prometheus::Gauge& gauge(const char* name, const char* help, const prometheus::Labels& labels = {}) {
    return gauges(name, help).Add(labels);
  }

  Sources sources;
  prometheus::Registry registry;
  prometheus::Counter& opened = counters("wasl_hub_sessions_opened_total", "Sessions that began").Add({});
  prometheus::Family<prometheus::Counter>& refused =
      counters("wasl_hub_sessions_refused_total", "Callers that got no session, by code");
  prometheus::Family<prometheus::Counter>& broken =
      counters("wasl_hub_sessions_broken_total", "Sessions that ended before their time, by code");
  prometheus::Family<prometheus::Counter>& verdicts =
      counters("wasl_hub_change_sets_total", "Change sets judged, by outcome and reason");
  prometheus::Family<prometheus::Counter>& bytes =
      counters("wasl_hub_bytes_total", "Payload of sessions, by direction");
  prometheus::Counter& received = bytes.Add({{"direction", "received"}});
  prometheus::Counter& sent = bytes.Add({{"direction", "sent"}});
  prometheus::Histogram& commits = prometheus::BuildHistogram()
                                       .Name("wasl_hub_commit_seconds")
                                       .Help("Durable commits, with judging and signing")
                                       .Register(registry)
                                       .Add({}, kCommitSeconds);
  prometheus::Gauge& open = gauge("wasl_hub_sessions_open", "Sessions now");
  prometheus::Gauge& heads = gauge("wasl_hub_heads", "Leaves of the log heads");
  prometheus::Family<prometheus::Gauge>& positions =
      gauges("wasl_hub_log_position", "Entries of a space's log");
  prometheus::Family<prometheus::Gauge>& let_go =
      gauges("wasl_hub_let_go", "Entries of a space's log of which the headers alone are kept");
  prometheus::Gauge& database = gauge("wasl_hub_database_bytes", "hub.db with its write-ahead log");
  prometheus::Gauge& room = gauge("wasl_hub_free_bytes", "Room on the disk of hub.db");
  prometheus::Gauge& held = gauge("wasl_hub_held_change_sets", "Change sets that wait for a person");
  prometheus::Gauge& oldest =
      gauge("wasl_hub_oldest_held_seconds", "Age of the oldest of them; 0: none waits");
  prometheus::Family<prometheus::Gauge>& held_by_age = gauges("wasl_hub_held_by_age", "The same, by age");
  prometheus::Family<prometheus::Gauge>& conflicts_by_age =
      gauges("wasl_hub_conflicts", "Records in conflict, by age");
  prometheus::Gauge& oldest_conflict =
      gauge("wasl_hub_oldest_conflict_seconds", "Age of the oldest conflict; 0: there is none");
  prometheus::Gauge& leads =
      gauge("wasl_hub_leads", "1 while this process gives positions; of several over one database, one");
  prometheus::Gauge& hubs = gauge("wasl_hub_processes", "Processes that serve this database; 0: hub.db");
  prometheus::Gauge& fence = gauge("wasl_hub_fence", "How often the lead was taken, ever");
  prometheus::Gauge& waiting =
      gauge("wasl_hub_waiting_pushes", "Passed on by those who follow, and not judged yet");
  prometheus::Gauge& recovering = gauge("wasl_hub_recovering", "1 while it recovers from an old copy");
  prometheus::Gauge& failed = gauge("wasl_hub_disk_failed", "1 after the disk has failed under hub.db");
  prometheus::Counter& store_errors =
      counters("wasl_hub_file_store_errors_total", "Requests to the object store of files that failed")
          .Add({});
  prometheus::Gauge& store_failing =
      gauge("wasl_hub_file_store_failing", "1 while the object store of files does not do what it is asked");
  prometheus::Gauge& store_waiting =
      gauge("wasl_hub_file_store_waiting_bytes", "Of files that have yet to be brought to the object store");
  prometheus::Gauge& certificate =
      gauge("wasl_hub_certificate_end_seconds", "When the certificate ends, Unix time; 0: it has none");
  std::uint64_t closed_received = 0, closed_sent = 0;  ///< of links that are no more
};

HubMetrics::HubMetrics(Sources sources) : state_(std::make_unique<State>(std::move(sources))) {}

HubMetrics::~HubMetrics() = default;

std::string HubMetrics::text() {
  look();
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

void HubMetrics::look() {
  State& now = *state_;
  Hub& hub = now.sources.hub;
  now.open.Set(as_number(now.sources.sessions.open_links()));
  const LinkTraffic traffic = now.sources.sessions.open_traffic();
  now.received.Increment(as_number(now.closed_received + traffic.payload_in) - now.received.Value());
  now.sent.Increment(as_number(now.closed_sent + traffic.payload_out) - now.sent.Value());
  now.heads.Set(as_number(hub.heads().size));
  for (const std::string& space : hub.authority().spaces()) {
    const auto size = hub.size(space);
    if (size) now.positions.Add({{"space", space}}).Set(as_number(*size));
    const auto let_go = hub.store().let_go(space);
    if (let_go) now.let_go.Add({{"space", space}}).Set(as_number(*let_go));
  }
  now.database.Set(size_of(now.sources.database) + size_of(now.sources.database.string() + "-wal"));
  std::error_code gone;
  const auto space = std::filesystem::space(now.sources.database.parent_path(), gone);
  if (!gone) now.room.Set(as_number(space.available));
  if (SharedStore* const shared = hub.store().shared()) look_at_others(*shared);
  if (const AwayFiles* const away = now.sources.files.away()) {
    const AwayFiles::State state = away->state();
    now.store_errors.Increment(as_number(state.errors) - now.store_errors.Value());
    now.store_failing.Set(state.trouble ? 1 : 0);
    now.store_waiting.Set(as_number(state.waiting_bytes));
  }
  now.recovering.Set(hub.is_recovering() ? 1 : 0);
  now.failed.Set(hub.store().must_reopen() ? 1 : 0);
  const auto until =
      now.sources.certificate.empty() ? Result<Millis>(Millis{0}) : certificate_end(now.sources.certificate);
  if (until) now.certificate.Set(static_cast<double>(*until / 1000));
  look_at_what_waits();
}

void HubMetrics::look_at_others(SharedStore& shared) {
  State& now = *state_;
  now.leads.Set(shared.leads() ? 1 : 0);
  const auto standing = shared.standing();
  if (!standing) return;  // what was seen last stands
  now.hubs.Set(as_number(standing->processes.size()));
  now.fence.Set(static_cast<double>(standing->fence));
  now.waiting.Set(as_number(standing->waiting));
}

/// What was counted last stands where the store does not answer; the disk has its own gauge.
void HubMetrics::look_at_what_waits() {
  State& now = *state_;
  const Millis time = now.sources.hub.hub_time();
  const auto age_of = [&](const ByAge& ages) {
    return ages.oldest == 0 ? 0 : static_cast<double>(std::max<Millis>(0, time - ages.oldest)) / 1000;
  };
  if (const auto counts = now.sources.hub.store().kept_counts(time)) {
    ByAge held;
    for (const KeptCount& one : *counts)
      if (one.state == KeptState::held) held.add(one.sets);
    now.held.Set(as_number(held.all()));
    now.oldest.Set(age_of(held));
    set_by_age(now.held_by_age, held);
  }
  if (const auto counts = now.sources.hub.store().conflict_counts(time)) {
    ByAge all;
    for (const auto& [space, ages] : *counts) all.add(ages);
    now.oldest_conflict.Set(age_of(all));
    set_by_age(now.conflicts_by_age, all);
  }
}

void HubMetrics::on_opened(const SessionName&, const std::string&) { state_->opened.Increment(); }

void HubMetrics::on_refused(const std::optional<PublicKey>&, const Error& error) {
  state_->refused.Add({{"code", std::string(wasl::to_word(error.code))}}).Increment();
}

void HubMetrics::on_closed(const SessionName&, const LinkTraffic& traffic,
                           const std::optional<Error>& error) {
  state_->closed_received += traffic.payload_in;
  state_->closed_sent += traffic.payload_out;
  if (error) state_->broken.Add({{"code", std::string(wasl::to_word(error->code))}}).Increment();
}

void HubMetrics::on_committed(const Committer::Committed& committed) {
  for (const Committer::Ruling& ruling : committed.rulings) {
    for (const VerdictItem& item : ruling.verdicts)
      state_->verdict(item.verdict).Increment(as_number(item.count));
  }
}

void HubMetrics::on_commit_took(std::chrono::duration<double> seconds) {
  state_->commits.Observe(seconds.count());
}

}  // namespace wasl
