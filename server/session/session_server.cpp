#include "server/session/session_server.hpp"

#include <algorithm>

#include "server/session/refusal.hpp"
#include "shared/base/limits.hpp"
#include "shared/log/log.hpp"
#include "shared/wire/session_id.hpp"

namespace wasl {
namespace {

// Pushes that come together share one write to the disk; nobody notices two milliseconds on a thin line.
constexpr std::chrono::milliseconds kGather{2};
constexpr std::size_t kNearlyNothing = 1024;  // waits in the channel: a chunk may go

std::string short_key(const PublicKey& key) { return to_hex(key.view()).substr(0, 12); }

}  // namespace

/// One channel and its session. Lives until the channel has closed.
class SessionServer::Link final : public ChannelHandler {
 public:
  Link(SessionServer& server, std::uint64_t id, std::string name, std::unique_ptr<Channel> channel,
       HubSession session, std::unique_ptr<FilePort> files)
      : server_(server),
        id_(id),
        name_{std::move(name), session.key()},
        channel_(std::move(channel)),
        session_(std::move(session)),
        files_(std::move(files)),
        timer_(server.loop_) {
    if (files_) exchange_.emplace(*files_, FileExchange::End::hub);
  }

  void start() {
    HubSession::Output out = session_.start(now());
    // Behind the welcome, which proves who speaks, and before the first proof: it may be all that is waited
    // for.
    const auto welcome = std::find_if(out.frames.begin(), out.frames.end(), [](const auto& frame) {
      return frame_kind(*frame) == FrameKind::welcome;
    });
    if (!exchange_ || welcome == out.frames.end()) return run(std::move(out));
    auto lost = exchange_->refresh();
    std::vector<std::shared_ptr<const Bytes>> first{std::make_shared<const Bytes>(FileExchange::greeting())};
    if (lost) {
      for (Bytes& frame : *lost) first.push_back(std::make_shared<const Bytes>(std::move(frame)));
    }
    out.frames.insert(welcome + 1, first.begin(), first.end());
    run(std::move(out));
    if (!lost) end_files(lost.error());
    server_.tell_of_files();
  }
  void on_message(ByteView message) override {
    if (exchange_ && is_file_frame(message)) {
      send_files(exchange_->on_frame(message));
      return server_.tell_of_files();
    }
    run(session_.on_frame(message, now()));
    server_.hub_.make_room();  // last: what it answers may come to this link too
  }
  void on_writable() override {
    run(session_.on_writable(now()));
    pump_files();
    server_.tell_of_files();
  }
  void tell_held(const attachment::FileId& file) {
    if (exchange_) send_files(exchange_->tell_held(file));
  }
  void ask_for_files() {
    if (exchange_) send_files(exchange_->refresh());
  }
  void go_on_with_files() {
    if (exchange_ && exchange_->owes()) pump_files();
  }
  void look_at_time() {
    if (exchange_) send_files(exchange_->on_time());
  }
  void on_closed(const LinkEnd& end) override {
    const LinkTraffic& traffic = channel_->traffic();
    for (SessionObserver* one : server_.observers_) one->on_closed(name_, traffic, end.error);
    log::info("session.closed", {{"session", name_.id},
                                 {"in", traffic.payload_in},
                                 {"out", traffic.payload_out},
                                 {"pushed", session_.pushed_sets()},
                                 {"reason", end.error ? end.error->message : end.reason}});
    server_.forget(id_);  // the last thing that happens here
  }
  void on_ruling(const std::vector<VerdictItem>& verdicts, std::uint64_t taken) {
    run(session_.on_ruling(verdicts, taken, now()));
  }
  void on_decided(const std::vector<VerdictItem>& verdicts) { run(session_.on_decided(verdicts, now())); }
  void on_commit(const std::vector<std::string>& grown) { run(session_.on_commit(grown, now())); }
  void on_kept() { run(session_.on_kept(now())); }
  [[nodiscard]] const PublicKey& key() const { return name_.key; }
  [[nodiscard]] const SessionName& name() const { return name_; }
  [[nodiscard]] const LinkTraffic& traffic() const { return channel_->traffic(); }
  void say_goodbye() {
    timer_.cancel();
    channel_->close(CloseCode::going_away, "the hub stops");
  }

 private:
  static Millis now() { return steady_millis(); }
  void send(Bytes frame) { channel_->send(std::make_shared<const Bytes>(std::move(frame))); }
  void send_files(Result<FileExchange::Frames> frames) {
    if (!frames) return end_files(frames.error());
    for (Bytes& frame : *frames) send(std::move(frame));
    pump_files();
  }
  /// At most one chunk waits in the channel: entries that come meanwhile wait for no more than that.
  void pump_files() {
    if (!exchange_ || channel_->queued_bytes() > kNearlyNothing) return;
    auto frames = exchange_->on_room();
    if (!frames) return end_files(frames.error());
    for (Bytes& frame : *frames) send(std::move(frame));
  }
  void end_files(const Error& error) {
    log::error("files.ended", {{"session", name_.id}, {"reason", error.message}});
    exchange_.reset();
    const Error said = words_for_office(error);
    send(encode(Problem{std::string(to_word(said.code)), said.message, said.hint}));
    timer_.cancel();
    channel_->close(said.code == Errc::later ? CloseCode::normal : CloseCode::policy, to_word(error.code));
  }
  void run(HubSession::Output out) {
    for (auto& frame : out.frames) channel_->send(std::move(frame));
    if (out.close) {
      exchange_.reset();
      timer_.cancel();
      channel_->close(out.close->proper ? CloseCode::normal : CloseCode::policy, out.close->reason);
      return;
    }
    if (!out.wake_at) return;
    const Millis wait = *out.wake_at > now() ? *out.wake_at - now() : 0;
    timer_.start(std::chrono::milliseconds(wait), [this] { run(session_.on_time(now())); });
  }

  SessionServer& server_;
  std::uint64_t id_;
  SessionName name_;
  std::unique_ptr<Channel> channel_;
  HubSession session_;
  std::unique_ptr<FilePort> files_;
  std::optional<FileExchange> exchange_;  ///< with an office that knows it, about what it may read
  Timer timer_;
};

SessionServer::SessionServer(Loop& loop, Hub& hub)
    : loop_(loop), hub_(hub), commit_timer_(loop), stop_timer_(loop) {
  hub_.listen({.on_queued =
                   [this] {
                     if (!commit_timer_.armed()) commit_timer_.start(kGather, [this] { commit(); });
                   },
               .on_committed = [this](const Committer::Committed& committed) { on_committed(committed); }});
}

SessionServer::~SessionServer() {
  hub_.listen({});
  if (files_ == nullptr) return;
  files_->on_whole({});
  files_->on_damaged({});
  files_->on_arrived({});
}

void SessionServer::serve_files(HubFiles& files) {
  files_ = &files;
  files.on_whole([this](const attachment::FileId& file) { whole_.push_back(file); });
  files.on_damaged([this] { files_damaged_ = true; });
  files.on_arrived([this] {
    for (const auto& [id, link] : links_) link->go_on_with_files();
    tell_of_files();
  });
}

/// Not while an exchange is at work: what fails then ends exchanges, and that one may be among them.
void SessionServer::tell_of_files() {
  if (std::exchange(files_damaged_, false)) {
    for (const auto& [id, link] : links_) link->ask_for_files();
  }
  for (const attachment::FileId& file : std::exchange(whole_, {})) {
    for (const auto& [id, link] : links_) link->tell_held(file);
  }
}

void SessionServer::pass_files_on() {
  for (const auto& [id, link] : links_) link->look_at_time();
  tell_of_files();
}

bool SessionServer::speaks_of_files(const Hello& hello) const {
  if (files_ == nullptr || hub_.is_recovering() || (hello.flags & Hello::kEstimate) != 0) return false;
  return (hello.flags & kHelloFiles) != 0 && hub_.authority().device(hello.device) != nullptr;
}

void SessionServer::commit() {
  const auto begun = std::chrono::steady_clock::now();
  const Committer::Committed committed = hub_.commit();
  if (committed.grown.empty() && committed.rulings.empty()) return;
  for (SessionObserver* one : observers_) one->on_commit_took(std::chrono::steady_clock::now() - begun);
}

Status SessionServer::listen(const Options& wanted) {
  proxy_certificate_ = wanted.proxy_certificate;
  ListenOptions options;
  options.address = wanted.address;
  options.tls = wanted.tls;
  options.unupgraded_limit = wanted.strangers;
  ListenCallbacks callbacks;
  callbacks.on_upgrade = [this](ByteView hello, const Caller& caller) { return on_upgrade(hello, caller); };
  callbacks.on_request = [this](const std::string&, const std::string& target) { return on_request(target); };
  WASL_LET(listener_, Listener::open(loop_, std::move(options), std::move(callbacks)));
  return {};
}

HttpAnswer SessionServer::on_request(const std::string& target) {
  const auto page = hub_.page(target);
  if (!page) {
    log::error("log.unreadable", {{"target", target}, {"reason", page.error().message}});
    return {503, "text/plain; charset=utf-8", "later\n", {{"Cache-Control", "no-store"}}};
  }
  // One answer for what is not there and for what is nobody's business.
  if (!*page) return {404, "text/plain; charset=utf-8", "nothing here\n", {{"Cache-Control", "no-store"}}};
  return {200,
          (*page)->is_text ? "text/plain; charset=utf-8" : "application/octet-stream",
          (*page)->body,
          {{"Cache-Control", (*page)->is_fixed ? "public, max-age=31536000, immutable" : "no-cache"}}};
}

UpgradeAnswer SessionServer::on_upgrade(ByteView hello_bytes, const Caller& caller) {
  std::vector<Hash> bindings{caller.tls ? caller.tls->exporter : Hash{}};
  if (!caller.tls && proxy_certificate_) bindings.push_back(*proxy_certificate_);
  auto hello = look_and_admit(hello_bytes, bindings);
  const Hash hash = hello_hash(hello_bytes);
  if (!hello) return refuse(hash, hello_bytes, caller, hello.error());
  make_room(hello->device);
  const std::uint64_t id = ++last_id_;
  const std::string name = session_id(hash);
  for (SessionObserver* one : observers_) one->on_opened({name, hello->device}, caller.program);
  log::info("session.opened", {{"session", name},
                               {"remote", caller.remote},
                               {"key", short_key(hello->device)},
                               {"live", (hello->flags & Hello::kLive) != 0 ? 1 : 0}});
  const bool with_files = speaks_of_files(*hello);
  const PublicKey key = hello->device;
  HubSession session(hub_, id, std::move(*hello), hash, steady_millis());
  const auto shared = std::make_shared<HubSession>(std::move(session));  // std::function wants copies
  return AcceptLink{
      [this, id, name, key, with_files, shared](std::unique_ptr<Channel> channel) -> ChannelHandler& {
        auto files = with_files ? files_->port_for(key) : nullptr;
        Link& link = *(links_[id] = std::make_unique<Link>(*this, id, name, std::move(channel),
                                                           std::move(*shared), std::move(files)));
        link.start();
        return link;
      }};
}

/// An office comes to any of several hubs, and may have seen at another what this one has not yet.
Result<Hello> SessionServer::look_and_admit(ByteView hello_bytes, const std::vector<Hash>& bindings) {
  if (!hub_.follows() || hub_.is_section()) return HubSession::admit(hub_, hello_bytes, bindings);
  if (const Status looked = hub_.look(); !looked)
    return fail(Errc::later, "this hub cannot read its database: " + looked.error().message,
                "sync again later");
  if (hub_.is_recovering())
    return fail(Errc::later, "the hub recovers from an old copy, and not at this address",
                "sync again later");
  if (const auto hello = decode_hello(hello_bytes); hello && hello->checkpoint.size > hub_.heads().size)
    return fail(Errc::later, "this hub has not seen yet what another has shown", "sync again in a moment");
  return HubSession::admit(hub_, hello_bytes, bindings);
}

UpgradeAnswer SessionServer::refuse(const Hash& hello, ByteView hello_bytes, const Caller& caller,
                                    const Error& error) {
  log::info("session.refused", {{"session", session_id(hello)},
                                {"remote", caller.remote},
                                {"code", to_word(error.code)},
                                {"reason", error.message}});
  const auto signed_hello = decode_hello(hello_bytes);
  const auto key = signed_hello ? std::optional(signed_hello->device) : std::nullopt;
  for (SessionObserver* one : observers_) one->on_refused(key, error);
  return refusal(words_for_office(error), proxy_certificate_.has_value());
}

void SessionServer::make_room(const PublicKey& key) {
  std::vector<std::uint64_t> of_key;  // oldest first
  for (const auto& [id, link] : links_) {
    if (link->key() == key) of_key.push_back(id);
  }
  for (std::size_t i = 0; i + limits::kSessionsOfKey <= of_key.size(); ++i) {
    const Link& oldest = *links_.find(of_key[i])->second;
    for (SessionObserver* one : observers_) one->on_closed(oldest.name(), oldest.traffic(), std::nullopt);
    log::info("session.closed",
              {{"session", oldest.name().id}, {"reason", "a newer session of its key needs the room"}});
    links_.erase(of_key[i]);
  }
}

void SessionServer::on_committed(const Committer::Committed& committed) {
  for (SessionObserver* one : observers_) one->on_committed(committed);
  std::size_t accepted = 0;
  std::size_t others = 0;
  for (const Committer::Ruling& ruling : committed.rulings) {
    for (const VerdictItem& item : ruling.verdicts) {
      (item.verdict.outcome == Outcome::accepted ? accepted : others) += item.count;
    }
    const auto it = links_.find(ruling.ticket);
    if (it != links_.end()) it->second->on_ruling(ruling.verdicts, ruling.taken);
  }
  for (const auto& [id, link] : links_) {
    const auto of_key = committed.decided.find(link->key());
    if (of_key != committed.decided.end()) link->on_decided(of_key->second);
  }
  if (committed.kept)
    for (const auto& [id, link] : links_) link->on_kept();
  if (committed.grown.empty() && others == 0) return;
  log::info("hub.committed", {{"accepted", std::uint64_t{accepted}},
                              {"others", std::uint64_t{others}},
                              {"spaces", std::uint64_t{committed.grown.size()}},
                              {"heads", hub_.heads().size}});
  for (const auto& [id, link] : links_) link->on_commit(committed.grown);
}

LinkTraffic SessionServer::open_traffic() const {
  LinkTraffic sum;
  for (const auto& [id, link] : links_) {
    sum.payload_in += link->traffic().payload_in;
    sum.payload_out += link->traffic().payload_out;
  }
  return sum;
}

void SessionServer::forget(std::uint64_t id) {
  links_.erase(id);
  if (links_.empty() && stopped_) stopped_();
}

void SessionServer::stop(std::chrono::milliseconds most, std::function<void()> stopped) {
  listener_.reset();
  commit_timer_.cancel();
  while (!hub_.committer().is_idle()) hub_.commit();
  commit_timer_.cancel();
  if (links_.empty()) {
    stopped();
    return;
  }
  stopped_ = std::move(stopped);
  for (const auto& [id, link] : links_) link->say_goodbye();
  stop_timer_.start(most, [this] { stopped_(); });
}

}  // namespace wasl
