#include "client/engine/daemon.hpp"

#include "shared/log/log.hpp"

namespace wasl {
namespace {

// How long a write by another program waits to be noticed: shorter than a person's glance at the other
// screen, and one small read of shared memory costs nothing that can be measured.
constexpr std::chrono::milliseconds kWatchEvery{300};

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

Daemon::Daemon(Loop& loop, std::unique_ptr<Replica> replica, Opener reopen, Random& random, std::string url)
    : loop_(loop),
      replica_(std::move(replica)),
      reopen_(std::move(reopen)),
      url_(std::move(url)),
      retry_(loop, random),
      watch_(loop) {}

Status Daemon::run() {
  log::info("daemon.started", {{"organisation", replica_->network().organisation}, {"hub", url_}});
  loop_.on_signal([this] { stop(); });
  watch();
  connect();
  loop_.run();
  session_.reset();
  log::info("daemon.stopped");
  return std::move(result_);
}

bool Daemon::is_sound() {
  if (replica_ != nullptr && !replica_->must_reopen()) return true;
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
  ended_.reset();
  if (!is_sound()) return;
  logged_ = {};
  SyncRun::Options options;
  options.url = url_;
  options.live = true;
  options.on_progress = [this](const SessionSummary& summary) { on_progress(summary); };
  session_ = std::make_unique<SyncRun>(loop_, *replica_, std::move(options),
                                       [this](const SyncOutcome& outcome) { on_ended(outcome); });
  session_->start();
}

void Daemon::on_progress(const SessionSummary& now) {
  if (now.equal.has_value()) retry_.reset();
  const bool moved = now.received_sets != logged_.received_sets || now.accepted != logged_.accepted ||
                     now.held != logged_.held || now.refused != logged_.refused;
  if (!moved && now.equal == logged_.equal) return;
  log::info("session.moved", {{"received", now.received_sets},
                              {"sent", now.sent_sets},
                              {"accepted", now.accepted},
                              {"held", now.held},
                              {"refused", now.refused},
                              {"equal", word(now.equal)}});
  logged_ = now;
}

void Daemon::on_ended(const SyncOutcome& outcome) {
  ended_ = std::move(session_);
  if (stopping_) return loop_.stop();
  const Error error = outcome.error.value_or(Error{Errc::no_link, "the hub ended the session", ""});
  if (!can_mend(error.code) && !replica_->must_reopen()) {
    log::error("session.failed", {{"code", to_word(error.code)}, {"why", error.message}});
    result_ = tl::unexpected(error);
    return loop_.stop();
  }
  const auto wait = retry_.start([this] { connect(); });
  log::info("session.ended", {{"code", to_word(error.code)},
                              {"why", error.message},
                              {"bytes_out", outcome.traffic.payload_out},
                              {"bytes_in", outcome.traffic.payload_in},
                              {"retry_ms", std::int64_t{wait.count()}}});
}

/// Asks the file, cheaply, whether another connection has committed; what programs wrote is sealed and sent.
void Daemon::watch() {
  watch_.start(kWatchEvery, [this] { watch(); });
  if (replica_ == nullptr) return;
  if (replica_->must_reopen() && session_ != nullptr) {
    session_.reset();  // what it would answer from is no longer what the disk holds
    log::error("session.dropped", {{"why", "the disk failed under the replica"}});
    retry_.start([this] { connect(); });
  }
  if (replica_->must_reopen()) return;
  const auto version = replica_->database().data_version();
  if (!version) {
    log::info("replica.unreadable", {{"why", version.error().message}});
    return;
  }
  if (*version == data_version_) return;
  const auto sealed = replica_->seal();
  if (!sealed) {  // asked again at the next tick: another program may hold the file for a moment
    log::info("replica.not_sealed",
              {{"code", to_word(sealed.error().code)}, {"why", sealed.error().message}});
    return;
  }
  data_version_ = *version;
  if (*sealed > 0) log::info("replica.sealed", {{"change_sets", std::uint64_t{*sealed}}});
  if (session_ != nullptr) session_->on_local_commit();
}

void Daemon::stop() {
  stopping_ = true;
  watch_.cancel();
  log::info("daemon.stopping");
  if (session_ == nullptr) return loop_.stop();
  session_->close();
}

}  // namespace wasl
