#include "server/app/serve.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <thread>
#include <utility>

#include "server/app/certificate.hpp"
#include "server/app/compacting.hpp"
#include "server/app/desk.hpp"
#include "server/app/folder_store.hpp"
#include "server/app/section.hpp"
#include "server/app/sharing.hpp"
#include "server/app/snapshots.hpp"
#include "server/metrics/operations_port.hpp"
#include "server/session/session_journal.hpp"
#include "server/session/session_server.hpp"
#include "shared/log/log.hpp"
#include "shared/net/local_socket.hpp"
#include "shared/net/open_network.hpp"
#include "shared/service/service.hpp"
#include "shared/settings/settings.hpp"

namespace wasl {
namespace {

constexpr int kLockTries = 40;  // a command of a moment may hold the folder: two seconds
constexpr std::chrono::milliseconds kCheckpointEvery{1'000};
constexpr int kReopenTries = 5;  // after 1, 2, 4, 8 and 16 seconds: a cable, a controller that starts again
constexpr std::chrono::minutes kGoodWhile{1};  // served so long, the next failure is a new one

/// Where offices on this machine find the port; 0.0.0.0 is no address to connect to.
std::string url_of(const std::string& listen, std::uint16_t port, const TlsIdentity* tls) {
  std::string host = listen.substr(0, listen.rfind(':'));
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "[::]") host = "[::1]";
  const std::string at = host + ":" + std::to_string(port);
  if (tls == nullptr) return "ws://" + at;
  return "wss://" + at + (tls->is_self_signed() ? "#pin=" + to_base64url(tls->pin().view()) : "");
}

Result<FolderLock> take_lock(const HubFolder& folder) {
  for (int i = 0;; ++i) {
    auto lock = FolderLock::take(folder);
    if (lock || lock.error().code != Errc::locked || i == kLockTries) {
      if (!lock && lock.error().code == Errc::locked) {
        return fail(Errc::locked, "a hub serves this folder already", "stop it first, or use its address");
      }
      return lock;
    }
    if (local_request(folder.socket(), R"({"command":"ping"})", std::chrono::milliseconds(500)))
      i = kLockTries - 1;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

/// Links and strangers need more descriptors than a shell usually gives.
void raise_descriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void flush(SessionJournal& journal) {
  const Status written = journal.flush();
  if (!written) log::error("hub.journal", {{"reason", written.error().message}});
}

std::string status_of(const std::string& url, const SessionServer& sessions, OpenHub& open) {
  const bool follows = open.hub().follows();
  const bool is_section = open.hub().is_section();
  return (is_section                   ? "serves the section at "
          : open.hub().is_recovering() ? "recovers from an old copy at "
          : follows                    ? "follows the hub that leads, at "
                                       : "serves ") +
         url + ", " + std::to_string(sessions.open_links()) + " links, " +
         std::to_string(open.hub().heads().size) + " heads signed";
}

/// The worker that brings contents elsewhere, for as long as the loop runs.
class FilesAway {
 public:
  FilesAway(Loop& loop, HubFiles& files) : loop_(loop), files_(files) {}
  ~FilesAway() { files_.stop_away(); }
  FilesAway(const FilesAway&) = delete;
  FilesAway& operator=(const FilesAway&) = delete;

  Status begin(const std::optional<ObjectStore>& store) const {
    if (store) {
      WASL_LET(auto options,
               away_options(*store, [this] { loop_.post([this] { done(files_.take_away()); }); }));
      WASL_TRY(files_.keep_away(std::move(options)));
      return {};
    }
    WASL_LET(const bool has_away, files_.has_away());
    if (!has_away) return AwayFiles::note_at_home(files_.store());
    return fail(
        Errc::invalid_value, "contents of this hub's files lie in an object store that is not named",
        "set s3.endpoint and s3.bucket as they were, or bring them back: wasl-hub move-files --to folder");
  }
  void tick() const { done(files_.tick(steady_millis())); }

 private:
  static void done(const Status& status) {
    if (!status) log::error("files.index", {{"reason", status.error().message}});
  }
  Loop& loop_;
  HubFiles& files_;
};

enum class Ended { stopped, must_reopen };

/// Of this process, for people: its machine and its port.
std::string place_of(const std::string& url) {
  char name[256] = "";
  if (gethostname(name, sizeof name - 1) != 0) name[0] = '\0';
  return std::string(name) + " " + url;
}
using Listening = std::function<void(const std::string& url, std::uint16_t port)>;

/// One opening of the folder: serves until a signal comes or the disk fails under it.
Result<Ended> serve_once(const HubFolder& folder, const ServeOptions& options, bool check,
                         const Listening& listening) {
  WASL_LET(Certificate certificate, Certificate::open(options.tls_certificate, options.tls_key));
  SessionServer::Options port{options.listen, certificate.identity(), std::nullopt, options.strangers};
  if (!options.proxy_certificate.empty()) {
    WASL_LET(port.proxy_certificate, pin_of_certificate(options.proxy_certificate));
  }
  WASL_LET(const auto open, OpenHub::open(folder, HubRole::serve, check));
  WASL_LET(const auto files, HubFiles::open(folder.path, open->hub()));
  const bool is_section = open->hub().is_section();
  const SnapshotKeeper keeper(folder, is_section ? std::chrono::minutes(0) : options.snapshots);
  Loop loop;
  const FilesAway away(loop, *files);  // its threads end before the loop that they wake
  WASL_TRY(away.begin(options.files));
  const service::Watchdog watchdog(loop);
  const CompactionKeeper compaction(loop, *open, is_section ? std::chrono::hours(0) : options.compaction);
  SessionServer sessions(loop, open->hub());
  sessions.serve_files(*files);
  WASL_TRY(sessions.listen(port));
  HubMetrics metrics({open->hub(), sessions, *files, folder.database(), options.tls_certificate});
  SessionJournal journal(open->hub());
  sessions.tell(metrics);
  sessions.tell(journal);
  bool stopping = false;
  Ended ended = Ended::stopped;
  std::unique_ptr<LocalServer> desk;
  std::optional<Sharing> sharing;
  std::unique_ptr<OperationsPort> operations;
  if (!options.metrics_listen.empty()) {
    const auto not_ready = [&] {
      if (stopping) return "the hub stops";
      if (sharing && !sharing->is_well()) return "the database does not answer";
      if (open->hub().follows() && open->hub().is_recovering()) return "the hub that leads recovers";
      return open->hub().store().must_reopen() ? "the storage has failed, or another hub leads" : "";
    };
    WASL_LET(operations, OperationsPort::open(loop, options.metrics_listen, metrics, not_ready));
    log::info("hub.operations", {{"port", std::uint64_t{operations->port()}}});
  }
  const std::string url = url_of(options.listen, sessions.port(), certificate.identity().get());
  WASL_TRY(open->set_listening(url));
  if (open->hub().store().shared() == nullptr || is_section) {
    WASL_LET(desk, LocalServer::open(loop, folder.socket(), [&](const std::string& request) {
               return answer_line(*open, request);
             }));
  }
  if (open->hub().store().shared() != nullptr) {
    sharing.emplace(loop, *open, place_of(url), [&](const Error& error) {
      log::error("hub.starts_anew", {{"code", to_word(error.code)}, {"reason", error.message}});
      ended = Ended::must_reopen;
      loop.stop();
    });
  }
  std::optional<Mirroring> mirroring;
  if (is_section) {
    mirroring.emplace(loop, *open, *files, [&] {
      ended = Ended::must_reopen;
      loop.stop();
    });
    WASL_TRY(mirroring->start(options.upstream));
  }
  // What was signed is noted apart from the database, so that an older copy of that is noticed at the next
  // start.
  Timer note_timer(loop);
  std::uint64_t noted = open->hub().heads().size;
  std::string told = status_of(url, sessions, *open);
  std::function<void()> note = [&] {
    if (const Status held = open->hub().store().renew(); !held)
      log::error("hub.store", {{"reason", held.error().message}});
    if (open->hub().store().must_reopen()) {
      ended = Ended::must_reopen;
      return loop.stop();
    }
    if (sharing) sharing->beat();
    if (const Status shown = open->hub().committer().publish(); !shown)
      log::error("hub.not_published", {{"reason", shown.error().message}});
    open->erase_due();
    flush(journal);
    away.tick();
    sessions.pass_files_on();
    if (auto renewed = certificate.renewed()) {
      const Status kept = open->set_listening(url_of(options.listen, sessions.port(), renewed.get()));
      if (!kept) log::error("hub.address", {{"reason", kept.error().message}});
      sessions.show(std::move(renewed));
    }
    if (open->hub().heads().size != noted) open->note_checkpoint();
    noted = open->hub().heads().size;
    if (std::string now = status_of(url, sessions, *open); now != told)
      service::tell_status(told = std::move(now));
    note_timer.start(kCheckpointEvery, note);
  };
  note();
  loop.on_signal([&] {
    log::info("hub.stopping");
    stopping = true;
    service::tell_stopping("says goodbye to " + std::to_string(sessions.open_links()) + " offices");
    note_timer.cancel();  // nothing else is told from here on
    sessions.stop(options.drain, [&] { loop.stop(); });
    if (sharing) sharing->hand_over();
  });
  log::info("hub.serving", {{"address", url}, {"heads", noted}});
  listening(url, sessions.port());
  service::tell_ready(told);
  loop.run();
  open->note_checkpoint();
  if (ended == Ended::stopped) flush(journal);
  if (ended == Ended::stopped) log::info("hub.stopped", {{"heads", open->hub().heads().size}});
  return ended;
}

/// @return false: a signal came meanwhile.
bool wait(std::chrono::seconds pause) {
  Loop loop;
  const service::Watchdog watchdog(loop);
  Timer timer(loop);
  bool whole = false;
  timer.start(pause, [&] {
    whole = true;
    loop.stop();
  });
  loop.on_signal([&] { loop.stop(); });
  loop.run();
  return whole;
}

}  // namespace

Result<ServeOptions> serve_options(const Settings& settings) {
  ServeOptions out;
  WASL_LET(out.files, object_store(settings));
  out.listen = settings.text("listen");
  out.plain_text_on_an_open_network = settings.flag("plain_text_on_an_open_network");
  out.upstream = settings.text("upstream");
  out.metrics_listen = settings.text("metrics_listen");
  out.tls_certificate = settings.path("tls.certificate");
  out.tls_key = settings.path("tls.key");
  out.proxy_certificate = settings.path("tls.proxy_certificate");
  out.strangers = static_cast<std::size_t>(settings.whole("strangers"));
  out.drain = std::chrono::seconds(settings.whole("drain_seconds"));
  out.snapshots = std::chrono::minutes(settings.whole("snapshot_minutes"));
  out.compaction = std::chrono::hours(settings.whole("compact_hours"));
  return out;
}

Status serve(const HubFolder& folder, const ServeOptions& wanted, const Listening& listening) {
  if (wanted.tls_certificate.empty() != wanted.tls_key.empty()) {
    return fail(Errc::invalid_value, "a certificate needs its key, and a key its certificate",
                "name both: --tls-cert FILE --tls-key FILE");
  }
  if (!wanted.tls_certificate.empty() && !wanted.proxy_certificate.empty()) {
    return fail(Errc::invalid_value, "TLS ends either here or at a proxy",
                "use --tls-cert and --tls-key, or --tls-proxy-cert");
  }
  if (wanted.tls_certificate.empty())
    WASL_TRY(may_listen_in_plain(wanted.listen, wanted.plain_text_on_an_open_network));
  if (!wanted.metrics_listen.empty())
    WASL_TRY(may_listen_in_plain(wanted.metrics_listen, wanted.plain_text_on_an_open_network));
  if (!wanted.upstream.empty() && !folder.is_section()) {
    return fail(Errc::invalid_value, folder.path.string() + " is no section's hub: it has no upstream",
                "run: wasl-hub init --data DIR --upstream INVITATION");
  }
  if (!has_store(folder) && !folder.is_section()) {
    return fail(Errc::not_found, "there is no network in " + folder.path.string(),
                "run: wasl-hub init --data DIR --name NAME");
  }
  std::optional<FolderLock> lock;  // a database has a lead of its own, and several may share the folder
  if (!store_address(folder)) {
    auto taken = take_lock(folder);
    if (!taken) return tl::unexpected(taken.error());
    lock.emplace(std::move(*taken));
  }
  raise_descriptors();
  ServeOptions options = wanted;  // with the port that offices know by now
  bool served = false;
  for (int failures = 0;;) {
    if (folder.is_section()) WASL_TRY(fill_section(folder, options.upstream));
    const auto begun = std::chrono::steady_clock::now();
    const auto ended = serve_once(folder, options, served, [&](const std::string& url, std::uint16_t port) {
      options.listen = wanted.listen.substr(0, wanted.listen.rfind(':') + 1) + std::to_string(port);
      if (!std::exchange(served, true)) listening(url, port);
    });
    if (ended && *ended == Ended::stopped) return {};
    if (!ended && (!served || ended.error().code == Errc::corrupt)) return tl::unexpected(ended.error());
    if (std::chrono::steady_clock::now() - begun > kGoodWhile) failures = 0;
    const std::string reason =
        ended ? "the storage failed under the hub, or another hub leads" : ended.error().message;
    if (++failures > kReopenTries) {
      return fail(Errc::storage_failed,
                  reason + "; opened again " + std::to_string(kReopenTries) + " times in vain",
                  "check the disk, then start the hub again; nothing that was acknowledged is lost");
    }
    const std::chrono::seconds pause(1 << (failures - 1));
    service::tell_status(reason + "; opens it again");
    log::error("hub.reopens", {{"reason", reason}, {"seconds", std::int64_t{pause.count()}}});
    if (!wait(pause)) return {};
  }
}

}  // namespace wasl
