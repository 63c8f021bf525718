#include "client/engine/sync_run.hpp"

#include <algorithm>
#include <utility>

#include "client/engine/network_mark.hpp"
#include "client/engine/system_clock.hpp"
#include "shared/net/refused.hpp"
#include "shared/wire/session_id.hpp"

namespace wasl {
namespace {

constexpr std::size_t kWritableBelow =
    16 * 1024;  // one frame leaves while the next is made; none waits behind many
constexpr std::size_t kNearlyNothing = 1024;  // waits in the channel: a chunk may go
constexpr std::chrono::milliseconds kFilesSilence{
    60'000};  // without a frame of files: the rest comes another time

bool says_done(const ClientSession::Output& output) {
  return std::any_of(output.frames.begin(), output.frames.end(),
                     [](const Bytes& frame) { return frame_kind(frame) == FrameKind::done; });
}

// Of the time that a link may take to come about, what silence may cost before the other carrier is tried;
// the rest is its.
constexpr std::chrono::milliseconds kWhole{30'000};
constexpr std::chrono::milliseconds kSilence{12'000};
constexpr std::chrono::milliseconds kLeast{3'000};  // less helps nobody
// The hub's first frame leaves with its answer to the upgrade: a proxy that lets only that one through.
constexpr std::chrono::milliseconds kFirstWord{20'000};
constexpr std::uint64_t kOnItsWay = 1'000;  // bytes in that time: more than pings and acknowledgements

}  // namespace

SyncRun::SyncRun(Loop& loop, Replica& replica, Options options, Done done)
    : loop_(loop),
      replica_(replica),
      options_(std::move(options)),
      done_(std::move(done)),
      timer_(loop),
      link_memory_(std::make_shared<LinkMemory>(recall_link(options_.memory, options_.url))),
      first_word_(loop) {
  const auto url = parse_url(options_.url);
  chooses_ = !url || !url->posts;
  carrier_ =
      !chooses_ ? Carrier::posts : first_carrier(link_memory_->carrier, SystemClock().now(), network_mark());
}

SyncRun::~SyncRun() = default;

void SyncRun::start() {
  began_at_ = steady_millis();
  dial();
}

void SyncRun::dial() {
  heard_ = false;
  const std::chrono::milliseconds used(steady_millis() - began_at_);
  ConnectOptions connection;
  connection.url = options_.url;
  connection.by_posts = carrier_ == Carrier::posts;
  connection.hello = [this](const Hash& binding) { return make_hello(binding); };
  connection.link.writable_below_bytes = kWritableBelow;
  connection.handshake_limit = kWhole - used;
  connection.waited = used;
  connection.answer_limit = chooses_ && !first_error_ ? kSilence : kWhole;
  connection.binds_certificate = link_memory_->binds_certificate;
  connection.tls_session = link_memory_->tls_session;
  connection.keep_tls_session = [folder = options_.memory, url = options_.url,
                                 memory = link_memory_](Bytes session) {
    memory->tls_session = std::move(session);
    remember_link(folder, url, *memory);
  };
  attempt_ = connect(loop_, std::move(connection), *this, [this](auto connected) {
    connected ? on_connected(std::move(*connected)) : on_no_channel(connected.error());
  });
}

void SyncRun::on_no_channel(const NoChannel& refused) {
  const bool is_hub = is_answer_of_hub(refused);
  const Error error = error_of(refused);
  if (is_overtaken(error) || is_bound_otherwise(refused, is_hub)) return start();
  if (goes_otherwise(obstacle_of(refused, is_hub), refused.http_status, error)) return;
  // Two carriers, one way: what the first met is what a person can do something about, unless the hub itself
  // answered the second or both waited in vain.
  const bool is_news = !first_error_ || is_hub || refused.how == NoChannel::How::silent;
  finish(is_news ? error : *first_error_);
}

/// Once in a run: the other carrier, with the time that is left.
/// @return whether it is under way.
bool SyncRun::goes_otherwise(Obstacle met, int status, const Error& error) {
  const std::chrono::milliseconds used(steady_millis() - began_at_);
  if (met == Obstacle::none || !chooses_ || first_error_ || used > kWhole - kLeast) return false;
  first_error_ = error;
  if (carrier_ == Carrier::web_socket) {
    met_ = met;
    met_status_ = status;
  }
  carrier_ = carrier_ == Carrier::web_socket ? Carrier::posts : Carrier::web_socket;
  bound_anew_ = false;
  timer_.cancel();
  channel_.reset();
  session_.reset();
  dial();
  return true;
}

/// The session that has heard nothing gives way to one by the other carrier.
void SyncRun::wait_for_first_word() {
  const std::uint64_t before = channel_->traffic().wire_in;
  first_word_.start(kFirstWord, [this, before] {
    if (channel_->traffic().wire_in > before + kOnItsWay) return wait_for_first_word();
    began_at_ = steady_millis();
    const Error error{Errc::no_link, "the hub opened a link and said nothing", "sync again; nothing is lost"};
    if (!goes_otherwise(Obstacle::silent, 0, error)) finish(error);
  });
}

void SyncRun::on_first_word() {
  heard_ = true;
  first_word_.cancel();
}

/// The hub has proved who it is: what carried that works.
void SyncRun::note_carrier() {
  if (std::exchange(noted_, true)) return;
  CarrierMemory& memory = link_memory_->carrier;
  const CarrierMemory before = memory;
  if (chooses_ && carrier_ == Carrier::web_socket) memory = {};
  // One that was not tried in this run is still the choice of the last.
  if (chooses_ && carrier_ == Carrier::posts && met_ != Obstacle::none)
    memory = after_posts(before, met_, met_status_, SystemClock().now(), network_mark());
  const std::string last = recall_last_link(options_.memory).url;
  const bool is_another = last != options_.url && (!last.empty() || !chooses_);
  if (memory != before || is_another) remember_link(options_.memory, options_.url, *link_memory_);
}

Result<Bytes> SyncRun::make_hello(const Hash& binding) {
  auto hello = options_.invitation != nullptr
                   ? replica_.make_invitation_hello(*options_.invitation, binding)
                   : replica_.make_hello(is_live(), binding, options_.estimate, options_.thin);
  if (hello) hello_ = hello_hash(*hello);
  return hello;
}

/// Where a proxy ends TLS before the hub, all that both of us can know of the connection is whose certificate
/// was shown; the hub says so with each refusal, and says nothing where it ends TLS itself. Who stands
/// between with another certificate gains nothing by saying either.
bool SyncRun::is_bound_otherwise(const NoChannel& refused, bool is_hub) {
  const bool by_certificate = asks_for_certificate(refused);
  if (!is_hub || by_certificate == link_memory_->binds_certificate) return false;
  if (std::exchange(bound_anew_, true)) return false;
  link_memory_->binds_certificate = by_certificate;
  return true;
}

/// The hub knows a later session number: another program of this office was faster, or the folder is older
/// than what it said. This one draws again, further ahead.
bool SyncRun::is_overtaken(const Error& error) {
  if (error.code != Errc::conflict || options_.invitation != nullptr || draws_left_ == 0) return false;
  --draws_left_;
  return replica_.on_counter_used().has_value();
}

void SyncRun::on_connected(std::unique_ptr<Channel> channel) {
  channel_ = std::move(channel);
  attempt_.reset();
  connected_at_ = steady_millis();
  ClientSession::Options session;
  session.live = is_live();
  session.network = replica_.network().network;
  session.log_key = replica_.network().log_key;
  session.hello = *hello_;
  session.push = options_.push;
  session.thin = options_.thin;
  session.estimate = options_.estimate;
  session.push_most = options_.send_most;
  session.extra = options_.extra;
  session_ = std::make_unique<ClientSession>(replica_, std::move(session), steady_millis());
  if (carrier_ == Carrier::web_socket && chooses_ && !first_error_) wait_for_first_word();
  if (options_.files != nullptr && !options_.estimate && options_.invitation == nullptr)
    exchange_.emplace(*options_.files, FileExchange::End::office);
  take(session_->on_time(steady_millis()));
}

void SyncRun::take(ClientSession::Output output) {
  const bool done = says_done(output);
  if (done && exchange_) exchange_->note_accepted(session_->summary().accepted);
  if (output.close && done && !session_->error() && files_may_go()) {
    ending_ = std::move(output);
    timer_.start(kFilesSilence, [this] {
      stop_files(Error{Errc::no_link, "the hub has said nothing of files for a minute",
                       "sync again; what is here stays"});
    });
    return send_files(exchange_->refresh());
  }
  for (Bytes& frame : output.frames) channel_->send(std::make_shared<const Bytes>(std::move(frame)));
  if (output.close) {
    closing_ = true;
    timer_.cancel();
    channel_->close(CloseCode::normal, "");
    return;
  }
  arm(output.wake_at);
  if (done && files_may_go()) {
    send_files(exchange_->refresh());
  } else {
    pump_files();
  }
}

bool SyncRun::files_may_go() const {
  if (!exchange_ || !exchange_->is_greeted()) return false;
  const LinkTraffic& traffic = channel_->traffic();
  return (!options_.receive_most || traffic.payload_in < *options_.receive_most) &&
         (!options_.send_most || traffic.payload_out < *options_.send_most);
}

void SyncRun::take_files(ByteView message) {
  if (!exchange_) return;  // it answers a question of before
  options_.files->speak_with_section(session_->summary().by_section);
  if (ending_) {
    timer_.start(kFilesSilence, [this] {
      stop_files(Error{Errc::no_link, "the hub has said nothing of files for a minute",
                       "sync again; what is here stays"});
    });
  }
  auto frames = exchange_->on_frame(message);
  if (frames && exchange_->is_greeted() && !files_may_go())
    return stop_files(Error{Errc::later, "files wait: as much was sent and received as the budget allows",
                            "they go on where they stopped; see: wasl budget"});
  send_files(std::move(frames));
}

void SyncRun::send_files(Result<FileExchange::Frames> frames) {
  if (!frames) return stop_files(frames.error());
  for (Bytes& frame : *frames) channel_->send(std::make_shared<const Bytes>(std::move(frame)));
  pump_files();
  if (exchange_ && ending_ && exchange_->is_idle()) stop_files(std::nullopt);
}

void SyncRun::look_for_files() {
  if (channel_ != nullptr && !ending_ && !closing_ && files_may_go()) send_files(exchange_->on_time());
}

void SyncRun::pump_files() {
  if (!exchange_ || closing_ || channel_->queued_bytes() > kNearlyNothing) return;
  auto frames = exchange_->on_room();
  if (!frames) return stop_files(frames.error());
  for (Bytes& frame : *frames) channel_->send(std::make_shared<const Bytes>(std::move(frame)));
}

/// Whatever became of them, the session ends as it would have without files.
void SyncRun::stop_files(std::optional<Error> error) {
  files_outcome_ = {exchange_->chunks_in(), exchange_->chunks_out(), std::move(error)};
  exchange_.reset();
  if (!ending_) return;
  timer_.cancel();
  auto output = std::move(*ending_);
  ending_.reset();
  take(std::move(output));
}

void SyncRun::arm(std::optional<Millis> wake_at) {
  if (!wake_at || session_->is_over()) return;
  const std::chrono::milliseconds wait(std::max<Millis>(0, *wake_at - steady_millis()));
  timer_.start(wait, [this] { take(session_->on_time(steady_millis())); });
}

void SyncRun::on_message(ByteView message) {
  if (closing_) return;
  if (!heard_) on_first_word();
  if (is_file_frame(message) && session_->is_welcomed()) return take_files(message);
  auto output = session_->on_frame(message, steady_millis());
  if (!noted_ && session_->is_welcomed()) note_carrier();
  if (options_.on_progress) options_.on_progress(session_->summary());
  take(std::move(output));
  // Counted by what was taken in: what the system has buffered beyond may be more than the whole budget, and
  // a session that ends before its first entries would never get on.
  const bool got_on = session_->summary().received_sets + session_->summary().received_pieces > 0;
  if (closing_ || !got_on || !options_.receive_most ||
      channel_->traffic().payload_in < *options_.receive_most)
    return;
  finish(Error{Errc::later, "as much was received as the budget allows for now",
               "it goes on where it stopped; see: wasl budget. Nothing is lost"});
}

void SyncRun::on_writable() {
  if (session_ == nullptr || closing_) return;
  take(session_->on_writable(steady_millis()));
  if (exchange_ && ending_ && exchange_->is_idle()) stop_files(std::nullopt);
}

void SyncRun::on_local_commit() {
  if (session_ != nullptr && !closing_ && is_live()) take(session_->on_local_commit(steady_millis()));
}

void SyncRun::close() {
  closing_ = true;
  timer_.cancel();
  first_word_.cancel();
  if (channel_ != nullptr) {
    channel_->close(CloseCode::going_away, "");
  } else {
    timer_.start(std::chrono::milliseconds(0), [this] { finish(std::nullopt); });
  }
}

void SyncRun::on_closed(const LinkEnd& end) {
  if (session_ != nullptr && session_->begins_again() && draws_left_ > 0) {
    --draws_left_;
    return timer_.start(std::chrono::milliseconds(0), [this] {
      channel_.reset();
      session_.reset();
      exchange_.reset();
      closing_ = false;
      start();
    });
  }
  first_word_.cancel();
  if (closing_) return finish(std::nullopt);
  const bool said_nothing = end.error && end.code == 0 && !heard_ && carrier_ == Carrier::web_socket;
  if (said_nothing && goes_otherwise(Obstacle::cut, 0, *end.error)) return;
  if (ending_) {
    files_outcome_ = {exchange_->chunks_in(), exchange_->chunks_out(),
                      Error{Errc::no_link, "the link was cut while files were under way",
                            "sync again; it goes on where it stopped"}};
    return finish(std::nullopt);
  }
  if (end.error) return finish(end.error);
  finish(Error{Errc::no_link,
               "the hub ended the link before the sync was complete" +
                   (end.reason.empty() ? std::string() : ": " + end.reason),
               "sync again; nothing is lost"});
}

void SyncRun::finish(std::optional<Error> error) {
  closing_ = true;
  SyncOutcome outcome;
  outcome.session = name();
  outcome.carrier = carrier_;
  if (session_ != nullptr) {
    outcome.summary = session_->summary();
    outcome.extra_verdict = session_->extra_verdict();
    outcome.welcomed = session_->is_welcomed();
    if (session_->error()) error = session_->error();
  }
  if (channel_ != nullptr) {
    outcome.traffic = channel_->traffic();
    outcome.took = steady_millis() - connected_at_;
    channel_.reset();
  }
  if (exchange_ && !ending_) files_outcome_ = {exchange_->chunks_in(), exchange_->chunks_out(), std::nullopt};
  outcome.files = std::move(files_outcome_);
  outcome.error = std::move(error);
  timer_.cancel();
  first_word_.cancel();
  const Done done = std::exchange(done_, nullptr);
  if (done) done(std::move(outcome));
}

std::string SyncRun::name() const { return hello_ ? session_id(*hello_) : std::string(); }

LinkTraffic SyncRun::traffic() const { return channel_ != nullptr ? channel_->traffic() : LinkTraffic(); }

SyncOutcome run_session(Loop& loop, Replica& replica, SyncRun::Options options) {
  SyncOutcome outcome;
  SyncRun run(loop, replica, std::move(options), [&](SyncOutcome ended) {
    outcome = std::move(ended);
    loop.stop();
  });
  run.start();
  loop.run();
  return outcome;
}

}  // namespace wasl
