#include "server/section/upstream.hpp"

#include <utility>

#include "shared/log/log.hpp"
#include "shared/net/refused.hpp"
#include "shared/wire/session_id.hpp"

namespace wasl {
namespace {

constexpr std::size_t kWritableBelow = 64 * 1024;
constexpr std::size_t kNearlyNothing = 1024;  // waits in the channel: a chunk may go

}  // namespace

Upstream::Upstream(Loop& loop, Mirror& mirror, Random& random, Options options,
                   std::function<void(const Ended&)> ended)
    : loop_(loop),
      mirror_(mirror),
      options_(std::move(options)),
      ended_(std::move(ended)),
      timer_(loop),
      retry_(loop, random) {}

Upstream::~Upstream() = default;

void Upstream::dial() {
  closing_ = false;
  timer_.cancel();
  exchange_.reset();
  channel_.reset();
  session_.reset();
  ConnectOptions connection;
  connection.url = options_.url;
  connection.hello = [this](const Hash& binding) -> Result<Bytes> {
    auto hello = mirror_.make_hello(options_.live, binding, options_.invitation);
    if (hello) hello_ = hello_hash(*hello);
    return hello;
  };
  connection.link.writable_below_bytes = kWritableBelow;
  connection.binds_certificate = binds_certificate_;
  attempt_ = connect(loop_, std::move(connection), *this, [this](auto connected) {
    connected ? on_connected(std::move(*connected)) : on_no_channel(connected.error());
  });
}

void Upstream::on_no_channel(const NoChannel& refused) {
  const Error error = error_of(refused);
  if (is_answer_of_hub(refused) && asks_for_certificate(refused) != binds_certificate_ &&
      !std::exchange(bound_anew_, true)) {
    binds_certificate_ = asks_for_certificate(refused);
    return dial();
  }
  if (error.code == Errc::conflict && options_.invitation == nullptr && draws_left_ > 0) {
    --draws_left_;
    mirror_.on_counter_used();
    return dial();
  }
  end(error);
}

void Upstream::on_connected(std::unique_ptr<Channel> channel) {
  channel_ = std::move(channel);
  attempt_.reset();
  ClientSession::Options session;
  session.live = options_.live;
  session.network = mirror_.network();
  session.log_key = mirror_.log_key();
  session.hello = *hello_;
  session.push = options_.invitation == nullptr;
  if (options_.invitation == nullptr) session.follow = mirror_.heads_size();
  session.extra = options_.extra;
  session_ = std::make_unique<ClientSession>(mirror_, std::move(session), steady_millis());
  if (options_.files) {
    files_ = options_.files();
    exchange_.emplace(*files_, FileExchange::End::office);
  }
  take(session_->on_time(steady_millis()));
}

void Upstream::look_for_files() {
  if (exchange_ && exchange_->is_greeted() && !closing_) send_files(exchange_->refresh());
}

void Upstream::send_files(Result<FileExchange::Frames> frames) {
  if (!frames) {  // change sets go on without
    log::error("section.files_ended", {{"reason", frames.error().message}});
    return exchange_.reset();
  }
  for (Bytes& frame : *frames) channel_->send(std::make_shared<const Bytes>(std::move(frame)));
  pump_files();
}

/// At most one chunk is in the channel: work without entries waits for no more than that.
void Upstream::pump_files() {
  if (!exchange_ || closing_ || channel_->queued_bytes() > kNearlyNothing) return;
  auto frames = exchange_->on_room();
  if (!frames) {
    log::error("section.files_ended", {{"reason", frames.error().message}});
    return exchange_.reset();
  }
  for (Bytes& frame : *frames) channel_->send(std::make_shared<const Bytes>(std::move(frame)));
}

void Upstream::take(ClientSession::Output output) {
  for (Bytes& frame : output.frames) channel_->send(std::make_shared<const Bytes>(std::move(frame)));
  if (output.close) {
    closing_ = true;
    timer_.cancel();
    channel_->close(CloseCode::normal, "");
    return;
  }
  if (!output.wake_at || session_->is_over()) return;
  const std::chrono::milliseconds wait(std::max<Millis>(0, *output.wake_at - steady_millis()));
  timer_.start(wait, [this] { take(session_->on_time(steady_millis())); });
}

void Upstream::renew() {
  if (session_ != nullptr && !closing_) dial();
}

void Upstream::push() {
  if (session_ != nullptr && !closing_) take(session_->on_local_commit(steady_millis()));
}

void Upstream::on_message(ByteView message) {
  if (closing_) return;
  if (is_file_frame(message) && session_->is_welcomed()) {
    if (!exchange_) return;  // it answers a question of before
    const bool was_greeted = exchange_->is_greeted();
    send_files(exchange_->on_frame(message));
    if (!was_greeted) look_for_files();
    return;
  }
  auto output = session_->on_frame(message, steady_millis());
  if (session_->is_welcomed() && !state_.is_up) {
    state_ = {true, steady_millis(), {}};
    draws_left_ = 5;
    bound_anew_ = false;
    retry_.reset();
    log::info("section.linked", {{"session", session_id(*hello_)}, {"hub", options_.url}});
  }
  take(std::move(output));
}

void Upstream::on_writable() {
  if (session_ == nullptr || closing_) return;
  take(session_->on_writable(steady_millis()));
  pump_files();
}

void Upstream::on_closed(const LinkEnd& end_of_link) {
  if (session_->begins_again() && draws_left_ > 0 && !mirror_.must_begin_anew()) {
    --draws_left_;
    return timer_.start(std::chrono::milliseconds(0), [this] { dial(); });
  }
  if (session_->error()) return end(session_->error());
  if (closing_) return end(std::nullopt);
  end(end_of_link.error.value_or(Error{Errc::no_link, "the hub ended the link", "it is made again"}));
}

void Upstream::end(std::optional<Error> error) {
  timer_.cancel();
  const Ended how{std::move(error), session_ == nullptr ? std::nullopt : session_->extra_verdict()};
  const bool was_up = state_.is_up;
  const bool is_first = was_up || state_.since == 0;
  state_ = {false, is_first ? steady_millis() : state_.since, how.error ? how.error->message : std::string()};
  if (options_.live) {
    const auto wait = retry_.start([this] { dial(); });
    if (is_first || was_up)
      log::info(
          "section.no_link",
          {{"hub", options_.url}, {"reason", state_.trouble}, {"retry_ms", std::int64_t{wait.count()}}});
  }
  if (ended_) ended_(how);  // the last thing that happens here
}

}  // namespace wasl
