#include "client/engine/daemon.hpp"

#include <cstdlib>
#include <utility>

#include "client/engine/system_clock.hpp"
#include "shared/log/log.hpp"
#include "shared/service/service.hpp"

namespace wasl {
namespace {

// How long a write by another program waits to be noticed: shorter than a person's glance at the other
// screen, and one small read of shared memory costs nothing that can be measured.
constexpr std::chrono::milliseconds kWatchEvery{300};
constexpr Millis kClockStep = 60'000;
constexpr Millis kErasuresEvery = 60'000;
constexpr Millis kBudgetEvery = 60'000;
constexpr Millis kFilesEvery = 3'600'000;

/// How far the time of day is from the time that passes: another number than before means that somebody has
/// set the clock, or that the machine slept.
Millis clock_drift() { return SystemClock().now() - steady_millis(); }

bool can_mend(Errc code) {
  switch (code) {
    case Errc::caught:
    case Errc::wrong_network:
    case Errc::unauthorised:
    case Errc::unsupported:
    case Errc::corrupt:
      return false;
    default:
      return true;
  }
}

std::string word(const std::optional<bool>& equal) { return !equal ? "unknown" : *equal ? "true" : "false"; }

}  // namespace

Daemon::Daemon(Loop& loop, std::unique_ptr<Replica> replica, Opener reopen, Random& random,
               std::vector<std::string> urls, std::filesystem::path folder,
               std::chrono::milliseconds poll_every)
    : loop_(loop),
      replica_(std::move(replica)),
      reopen_(std::move(reopen)),
      urls_(std::move(urls)),
      folder_(std::move(folder)),
      poll_every_(poll_every),
      retry_(loop, random),
      poll_(loop),
      watch_(loop),
      clock_(std::make_unique<SystemClock>()) {}

Status Daemon::run() {
  log::info("daemon.started", {{"organisation", replica_->network().organisation}, {"hub", url()}});
  loop_.on_signal([this] { stop(); });
  WASL_TRY(replica_->settle());
  const service::Watchdog watchdog(loop_);
  drift_ = clock_drift();
  service::tell_ready("works; no link to " + url() + " yet");
  watch();
  connect();
  loop_.run();
  session_.reset();
  log::info("daemon.stopped");
  return std::move(result_);
}

bool Daemon::is_sound() {
  if (replica_ != nullptr && !replica_->must_reopen() && !std::exchange(damaged_, false)) return true;
  files_.reset();
  replica_.reset();
  auto opened = reopen_();
  if (opened) {
    replica_ = std::move(*opened);
    data_version_ = -1;
    log::info("replica.reopened");
    return true;
  }
  const Error& error = opened.error();
  log::error("replica.not_reopened", {{"code", to_word(error.code)}, {"why", error.message}});
  if (can_mend(error.code)) {
    retry_.start([this] { connect(); });
  } else {
    result_ = tl::unexpected(error);
    loop_.stop();
  }
  return false;
}

void Daemon::connect() {
  drift_ = clock_drift();
  poll_.cancel();
  ended_.reset();
  if (!is_sound() || !may_connect()) return;
  leave_session();
  open_files();
  const Allowance allowed = account_ ? account_->allowance() : Allowance();
  logged_ = {};
  unasked_ = false;
  SyncRun::Options options;
  options.receive_most = allowed.down;
  options.send_most = allowed.up;
  options.url = url();
  options.memory = folder_;
  options.live = true;
  options.thin = account_ && account_->is_thin();
  options.files = files_.get();
  options.on_progress = [this](const SessionSummary& summary) { on_progress(summary); };
  session_ = std::make_unique<SyncRun>(loop_, *replica_, std::move(options),
                                       [this](const SyncOutcome& outcome) { on_ended(outcome); });
  session_->start();
}

/// Without them work goes on: change sets need no file.
void Daemon::open_files() {
  if (files_ != nullptr || folder_.empty()) return;
  auto opened = OfficeFiles::open(folder_, *replica_, *clock_);
  if (!opened) {
    log::error("files.not_opened", {{"code", to_word(opened.error().code)}, {"why", opened.error().message}});
    return;
  }
  files_ = std::move(*opened);
  wrong_logged_ = 0;
}

void Daemon::mind_the_files() {
  if (files_ == nullptr) return;
  for (; wrong_logged_ < files_->wrong().size(); ++wrong_logged_)
    log::error("file.refused", {{"why", files_->wrong()[wrong_logged_]}});
  if (session_ != nullptr) session_->look_for_files();
  if (steady_millis() < files_at_) return;
  files_at_ = steady_millis() + kFilesEvery;
  if (const auto tidied = files_->tidy_up(); !tidied)
    log::info("files.not_tidied", {{"code", to_word(tidied.error().code)}, {"why", tidied.error().message}});
}

/// Outside the hours, or when all is used up, nobody is called: it is looked at again every minute, since a
/// person may allow more.
bool Daemon::may_connect() {
  if (folder_.empty()) return true;
  Status read;
  if (account_) {
    read = account_->refresh();
  } else if (auto opened = LinkAccount::open(folder_, *clock_)) {
    account_ = std::move(*opened);
  } else {
    read = tl::unexpected(opened.error());
  }
  Allowance now;
  if (read) {
    now = account_->allowance();
  } else {
    now.may_start = false;
    now.why = read.error().message;
  }
  if (now.may_start) {
    if (std::exchange(pauses_, false)) log::info("budget.allows");
    return true;
  }
  if (!std::exchange(pauses_, true)) {
    log::info("budget.pauses", {{"why", now.why}});
    service::tell_status("pauses by the budget: " + now.why);
  }
  leave_session();
  return false;
}

void Daemon::leave_session() {
  if (session_ == nullptr) return;
  if (account_) (void)account_->close(session_->traffic());
  session_.reset();
}

void Daemon::mind_the_budget() {
  budget_at_ = steady_millis() + kBudgetEvery;
  if (pauses_) {
    if (may_connect()) connect();
    return;
  }
  if (session_ == nullptr || !account_) return;
  // Without a budget the end of the session is soon enough: an fsync a minute wears a memory card out.
  const Status noted = account_->budget() == Budget() ? Status() : account_->note(session_->traffic());
  if (!noted) log::info("budget.not_noted", {{"why", noted.error().message}});
  if (may_connect() && std::exchange(kept_back_, false)) session_->close();
}

void Daemon::on_progress(const SessionSummary& now) {
  kept_back_ = kept_back_ || now.kept_back;
  const bool moved = now.received_sets != logged_.received_sets || now.accepted != logged_.accepted ||
                     now.held != logged_.held || now.refused != logged_.refused;
  if (!moved && now.equal == logged_.equal) return;
  retry_.reset();  // it works, also where the line is cut before all is through
  log::info("session.moved", {{"session", session_->name()},
                              {"received", now.received_sets},
                              {"sent", now.sent_sets},
                              {"accepted", now.accepted},
                              {"held", now.held},
                              {"refused", now.refused},
                              {"equal", word(now.equal)}});
  logged_ = now;
  service::tell_status("in touch with " + url() + (now.equal == true ? ", proved equal" : ""));
}

void Daemon::on_ended(const SyncOutcome& outcome) {
  ended_ = std::move(session_);
  if (account_) (void)account_->close(outcome.traffic);
  if (stopping_) return loop_.stop();
  if (outcome.carrier == Carrier::posts && !outcome.error) return poll_later();
  const Error error = outcome.error.value_or(Error{Errc::no_link, "the hub ended the session", ""});
  const bool was_near = is_near();
  at_ = was_near && outcome.error ? at_ + 1 : 0;
  // Once: what is damaged is put aside when it is opened again. A second time something else is wrong.
  if (error.code == Errc::corrupt && !std::exchange(reopened_, true)) damaged_ = true;
  if (!can_mend(error.code) && !was_near && !replica_->must_reopen() && !damaged_) {
    log::error("session.failed",
               {{"session", outcome.session}, {"code", to_word(error.code)}, {"why", error.message}});
    result_ = tl::unexpected(error);
    return loop_.stop();
  }
  const auto wait = retry_.start([this] { connect(); });
  log::info("session.ended", {{"session", outcome.session},
                              {"code", to_word(error.code)},
                              {"why", error.message},
                              {"bytes_out", outcome.traffic.payload_out},
                              {"bytes_in", outcome.traffic.payload_in},
                              {"retry_ms", std::int64_t{wait.count()}}});
  service::tell_status("no link: " + error.message + "; tries again");
}

/// All was said, and nobody says more unasked. What was written meanwhile does not wait.
void Daemon::poll_later() {
  retry_.reset();
  const auto wait = std::exchange(unasked_, false) ? kWatchEvery : poll_every_;
  log::info("session.polls", {{"next_ms", std::int64_t{wait.count()}}});
  poll_.start(wait, [this] { connect(); });
}

/// A link that slept is dead, and only a welcome tells how a clock that was set differs from the hub's.
void Daemon::start_over() {
  log::info("clock.moved", {{"seconds", (clock_drift() - drift_) / 1000}});
  retry_.reset();
  connect();
}

/// Tries again at the next tick: another program may hold the file for a moment.
void Daemon::watch() {
  watch_.start(kWatchEvery, [this] { watch(); });
  if (replica_ == nullptr) return;
  if (replica_->must_reopen()) return drop_session();
  if (std::abs(clock_drift() - drift_) > kClockStep) start_over();
  const Status done = send_what_is_new();
  const std::string trouble = done ? "" : done.error().message;
  // Said once: a full disk need not hear it three times a second.
  if (!done && trouble != trouble_)
    log::info("replica.not_sealed", {{"code", to_word(done.error().code)}, {"why", trouble}});
  trouble_ = trouble;
  if (steady_millis() >= erasures_at_) look_for_erasures();
  if (steady_millis() >= budget_at_) mind_the_budget();
  mind_the_files();
}

/// What has come into force goes only when the hub says that nobody has withdrawn it: a new session asks.
void Daemon::look_for_erasures() {
  erasures_at_ = steady_millis() + kErasuresEvery;
  Status erased = replica_->carry_out_erasures();
  const auto awaits = erased ? replica_->awaits_erasure() : Result<bool>(false);
  if (!erased)
    log::info("replica.not_erased",
              {{"code", to_word(erased.error().code)}, {"why", erased.error().message}});
  if (!awaits || !*awaits || (session_ == nullptr && !poll_.armed())) return;
  log::info("erasure.due");
  retry_.reset();
  connect();
}

/// What it would answer from is no longer what the disk holds.
void Daemon::drop_session() {
  if (session_ == nullptr) return;  // the replica is opened again when the next one begins
  log::error("session.dropped",
             {{"session", session_->name()}, {"why", "the disk failed under the replica"}});
  leave_session();
  retry_.start([this] { connect(); });
}

/// Asks the file, cheaply, whether another connection has committed; what programs wrote is sealed and sent.
Status Daemon::send_what_is_new() {
  WASL_LET(const auto version, replica_->database().data_version());
  if (version == data_version_) return {};
  WASL_LET(const std::size_t sealed, replica_->seal());
  data_version_ = version;
  if (sealed > 0) log::info("replica.sealed", {{"change_sets", std::uint64_t{sealed}}});
  unasked_ = unasked_ || sealed > 0;
  if (session_ != nullptr) session_->on_local_commit();
  if (session_ == nullptr && sealed > 0 && poll_.armed()) connect();
  return {};
}

void Daemon::stop() {
  stopping_ = true;
  watch_.cancel();
  log::info("daemon.stopping");
  service::tell_stopping("says goodbye");
  if (session_ == nullptr) return loop_.stop();
  session_->close();
}

}  // namespace wasl
