#include "shared/net/post_caller.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/vector_body.hpp>
#include <boost/beast/http/write.hpp>
#include <deque>
#include <optional>
#include <utility>

#include "shared/base/version.hpp"
#include "shared/net/dial.hpp"
#include "shared/net/endings.hpp"
#include "shared/net/post_body.hpp"
#include "shared/net/tcp_link.hpp"

namespace wasl {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kGatherBytes = 64 * 1024;  // one POST carries about so much, or one larger frame
constexpr std::size_t kHeaderBytes = 16 * 1024;  // of an answer, with what proxies add
constexpr std::size_t kRefusalBytes = 4 * 1024;  // of the body of an answer that is no link
constexpr milliseconds kWatchEvery{1'000};
constexpr milliseconds kRetriesFor{20'000};  // the hub keeps the session longer than that
constexpr milliseconds kRetryFirst{200};
constexpr milliseconds kRetryMost{4'000};

beast::string_view to_beast(std::string_view text) { return {text.data(), text.size()}; }
std::string_view to_std(beast::string_view text) { return {text.data(), text.size()}; }

/// What a proxy says that cannot reach the hub just now.
bool passes(unsigned status) { return status == 408 || status == 429 || (status >= 500 && status != 501); }

/// A connection with the POST that is on it. Its operations keep it.
struct Connection {
  explicit Connection(Wire from) : wire(std::move(from)) {}
  Wire wire;
  http::request<http::vector_body<Byte>> request;
  std::optional<http::response_parser<http::vector_body<Byte>>> parser;
  beast::flat_buffer buffer;
};

class PostCaller : public std::enable_shared_from_this<PostCaller> {
 public:
  PostCaller(Loop& loop, LinkUrl url, ConnectOptions options, ChannelHandler& handler, ConnectDone done)
      : loop_(loop),
        url_(std::move(url)),
        options_(std::move(options)),
        name_(Dial::name_of(url_)),
        wanted_handler_(handler),
        done_(std::move(done)),
        answer_timer_(loop.context()),
        watch_timer_(loop.context()),
        retry_timer_(loop.context()),
        close_timer_(loop.context()),
        began_at_(Steady::now()) {}

  void start() { dial(options_.handshake_limit, options_.waited); }

  void give_up() {
    if (is_open_) return;  // the channel's by now
    done_ = nullptr;
    shut();
  }

  void drop() {
    handler_ = nullptr;
    shut();
  }

  void send(std::shared_ptr<const Bytes> message) {
    if (closing_ || finished_) return;
    WASL_ASSERT(!message->empty() && message->size() <= limits::kFrameBytes);
    queued_bytes_ += message->size();
    queue_.push_back(std::move(message));
  }

  void close(CloseCode code, std::string_view reason) {
    if (closing_ || finished_) return;
    closing_ = true;
    goodbye_ = {static_cast<std::uint16_t>(code), goodbye_reason(reason)};
    close_timer_.expires_after(options_.link.close_limit);
    close_timer_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (cancelled) return;
      self->finish({.error = Error{
                        Errc::no_link, "the other end did not take the rest of what was sent in time", {}}});
    });
  }

  [[nodiscard]] std::size_t queued_bytes() const { return queued_bytes_; }
  [[nodiscard]] const LinkTraffic& traffic() {
    weigh();
    return traffic_;
  }

 private:
  // ── A connection; there may be several one after the other

  void dial(milliseconds limit, milliseconds waited) {
    dial_ = std::make_shared<Dial>(
        loop_,
        Dial::Options{url_, limit, std::min(limit, options_.address_limit), waited,
                      options_.binds_certificate, options_.tls_session,
                      [self = weak_from_this()](Bytes session) {
                        if (const auto caller = self.lock()) caller->keep_session(std::move(session));
                      }},
        [self = shared_from_this()](Result<Dialled> dialled) { self->on_dialled(std::move(dialled)); });
    dial_->start();
  }

  void keep_session(Bytes session) {
    options_.tls_session = session;
    if (options_.keep_tls_session) options_.keep_tls_session(std::move(session));
  }

  void on_dialled(Result<Dialled> dialled) {
    dial_ = nullptr;
    if (finished_) return;
    if (!dialled) {
      if (!is_open_) return failed(std::move(dialled).error(), NoChannel::How::unreachable);
      return again("the hub cannot be reached any more: " + dialled.error().message);
    }
    connection_ = std::make_shared<Connection>(std::move(dialled->wire));
    tune_link(connection_->wire.next_layer().native_handle());
    if (is_open_) return ask();
    auto hello = options_.hello(dialled->binding);
    if (!hello) return failed(std::move(hello).error(), NoChannel::How::unreachable);
    write_post_frame(body_, *hello);
    const auto used = std::chrono::duration_cast<milliseconds>(Steady::now() - began_at_);
    const auto limit = std::min(used + options_.answer_limit, options_.handshake_limit);
    answer_timer_.expires_after(limit - used);
    answer_timer_.async_wait([self = shared_from_this(), limit](error_code cancelled) {
      if (!cancelled && !self->is_open_)
        self->failed(Dial::not_answered(self->name_, limit + self->options_.waited), NoChannel::How::silent);
    });
    ask();
  }

  // ── One POST and its answer

  void ask() {
    const auto on = connection_;
    on->request = {http::verb::post, to_beast(url_.path), 11};
    on->request.set(http::field::host, to_beast(name_));
    on->request.set(http::field::content_type, to_beast(kPostType));
    if (!is_open_)
      on->request.set(http::field::user_agent, to_beast("wasl/" + std::string(program_version())));
    if (is_open_) {
      on->request.set(to_beast(kSessionHeader), to_beast(session_));
      on->request.set(to_beast(kNumberHeader), to_beast(std::to_string(number_)));
      if (more_follows_) on->request.set(to_beast(kWaitHeader), "0");
    }
    on->request.body() = body_;
    on->request.prepare_payload();
    on->parser.emplace();
    on->parser->body_limit(kPostBytes);
    on->parser->header_limit(kHeaderBytes);
    if (!is_open_) traffic_.upgrade_out = header_bytes(on->request) + body_.size();
    watch();
    http::async_write(on->wire, on->request, [self = shared_from_this(), on](error_code error, std::size_t) {
      if (on != self->connection_) return;
      // Who answers before he has read all may have closed: what he said counts.
      const bool is_closed = error == asio::error::broken_pipe || error == asio::error::connection_reset;
      error && !is_closed ? self->broke(error) : self->read_answer();
    });
  }

  void read_answer() {
    const auto on = connection_;
    http::async_read(on->wire, on->buffer, *on->parser,
                     [self = shared_from_this(), on](error_code error, std::size_t) {
                       if (on != self->connection_) return;
                       error ? self->broke(error) : self->on_answer();
                     });
  }

  void broke(error_code error) {
    if (!is_open_) {
      const auto how = NoChannel::How::broken_off;
      return failed({Errc::no_link, name_ + " broke off instead of opening a link: " + error.message(), {}},
                    how);
    }
    again("the link broke: " + error.message());
  }

  void on_answer() {
    const auto answer = connection_->parser->release();
    const unsigned status = answer.result_int();
    unwatch();
    if (!answer.keep_alive()) hang_up();
    const bool is_ours = status == 200 && to_std(answer[http::field::content_type]).starts_with(kPostType);
    if (!is_open_) return on_first_answer(answer, is_ours);
    traffic_.messages_out += frames_in_body_;
    traffic_.payload_out += payload_in_body_;
    if (!is_ours && passes(status)) return again(name_ + " answered with HTTP " + std::to_string(status));
    if (said_goodbye_) return finish({.code = goodbye_.code, .reason = goodbye_.reason});
    if (!is_ours) return finish({.error = refusal_of(status)});
    failing_since_.reset();
    retry_after_ = kRetryFirst;
    take(answer.body());
  }

  template <class Answer>
  void on_first_answer(const Answer& answer, bool is_ours) {
    const std::string session(to_std(answer[to_beast(kSessionHeader)]));
    const auto named = from_hex(session);
    if (!is_ours || !named || named->size() != kPostSessionBytes) {
      const Bytes& body = answer.body();
      const unsigned status = answer.result_int();
      return finish_attempt(tl::unexpected(NoChannel{
          Error{Errc::no_link,
                name_ + " answered a POST with HTTP " + std::to_string(status) + " and opened no link",
                "check the address; the hub's answer may say more"},
          NoChannel::How::answered, static_cast<int>(status),
          to_text(ByteView(body).first(std::min(body.size(), kRefusalBytes)))}));
    }
    session_ = session;
    is_open_ = true;
    answer_timer_.cancel();
    traffic_.upgrade_in = header_bytes(answer);
    handler_ = &wanted_handler_;
    finish_attempt(channel());
    if (!finished_) take(answer.body());
  }

  static Error refusal_of(unsigned status) {
    if (status == 404 || status == 409)
      return {Errc::no_link, "the hub no longer knows this session", "sync again; nothing is lost"};
    if (status == 413) return {Errc::limit_exceeded, "a POST was refused as too large", {}};
    return {Errc::no_link, "a POST was answered with HTTP " + std::to_string(status), {}};
  }

  void take(const Bytes& bytes) {
    const auto body = read_post_body(bytes);
    if (!body)
      return finish({.error = Error{Errc::malformed, "the hub's answer: " + body.error().message, {}}});
    for (const ByteView frame : body->frames) {
      ++traffic_.messages_in;
      traffic_.payload_in += frame.size();
      if (!closing_ && handler_ != nullptr) handler_->on_message(frame);
      if (finished_) return;
    }
    if (body->goodbye) return finish(end_of_goodbye(body->goodbye->code, body->goodbye->reason));
    say_next();
  }

  /// All that waits, or enough of it; the owner makes more while there is room.
  void say_next() {
    body_.clear();
    frames_in_body_ = payload_in_body_ = 0;
    ++number_;
    while (!queue_.empty() && body_.size() < kGatherBytes) {
      const auto frame = std::move(queue_.front());
      queue_.pop_front();
      queued_bytes_ -= frame->size();
      ++frames_in_body_;
      payload_in_body_ += frame->size();
      write_post_frame(body_, *frame);
      if (closing_ || handler_ == nullptr || queued_bytes_ >= options_.link.writable_below_bytes) continue;
      handler_->on_writable();
      if (finished_) return;
    }
    more_follows_ = !queue_.empty();
    if (closing_ && queue_.empty()) {
      write_post_goodbye(body_, goodbye_);
      said_goodbye_ = true;
    }
    connection_ != nullptr ? ask() : dial(options_.link.idle_limit, {});
  }

  /// The same POST once more, on another connection.
  void again(const std::string& words) {
    hang_up();
    unwatch();
    const auto time = Steady::now();
    if (!failing_since_) failing_since_ = time;
    if (time - *failing_since_ >= kRetriesFor) return finish({.error = Error{Errc::no_link, words, {}}});
    retry_timer_.expires_after(retry_after_);
    retry_after_ = std::min(kRetryMost, retry_after_ * 2);
    retry_timer_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled && !self->finished_) self->dial(kRetriesFor, {});
    });
  }

  // ── Watching: as on a WebSocket, by the bytes that the system says have moved

  void watch() {
    moved_at_ = acknowledged_at_ = Steady::now();
    progress_ = measure();
    tick();
  }

  void unwatch() { watch_timer_.cancel(); }

  void tick() {
    watch_timer_.expires_after(
        std::max(milliseconds(1), std::min(kWatchEvery, options_.link.stall_limit / 8)));
    watch_timer_.async_wait([self = shared_from_this(), on = connection_](error_code cancelled) {
      if (!cancelled && on == self->connection_) self->on_tick();
    });
  }

  void on_tick() {
    const TcpProgress now = measure();
    const auto time = Steady::now();
    const bool taken = now.acknowledged != progress_.acknowledged;
    if (taken || now.received != progress_.received) moved_at_ = time;
    if (taken || !now.on_the_way) acknowledged_at_ = time;
    progress_ = now;
    // The hub says something within seconds, if only that there is nothing.
    const LinkOptions& limits = options_.link;
    std::optional<milliseconds> dead;
    if (time - moved_at_ >= limits.idle_limit) dead = limits.idle_limit;
    if (time - acknowledged_at_ >= limits.stall_limit) dead = limits.stall_limit;
    if (!dead || !is_open_) return tick();  // before that the attempt has a limit of its own
    again("nothing came through for " + seconds_words(*dead));
  }

  TcpProgress measure() const {
    if (connection_ == nullptr) return {};
    return tcp_progress(connection_->wire.next_layer().native_handle()).value_or(TcpProgress());
  }

  /// On the wire: of the connections before this one, and of this one.
  void weigh() {
    const TcpProgress now = measure();
    traffic_.wire_out = wire_out_before_ + now.wire_out;
    traffic_.wire_in = wire_in_before_ + now.wire_in;
  }

  template <class Message>
  static std::size_t header_bytes(const Message& message) {
    std::size_t bytes = std::string_view("POST /wasl HTTP/1.1\r\n\r\n").size();
    for (const auto& field : message) bytes += field.name_string().size() + field.value().size() + 4;
    return bytes;
  }

  // ── Ending

  void hang_up() {
    weigh();
    wire_out_before_ = traffic_.wire_out;
    wire_in_before_ = traffic_.wire_in;
    const auto on = std::exchange(connection_, nullptr);  // what is under way has nothing more to say
    if (on == nullptr) return;
    error_code ignored;
    on->wire.next_layer().close(ignored);
  }

  void failed(Error error, NoChannel::How how) {
    finish_attempt(tl::unexpected(NoChannel{std::move(error), how}));
  }

  void finish_attempt(tl::expected<std::unique_ptr<Channel>, NoChannel> result) {
    const auto done = std::exchange(done_, nullptr);
    if (!result) shut();
    if (done) done(std::move(result));
  }

  void finish(const LinkEnd& end) {
    if (finished_) return;
    ChannelHandler* handler = std::exchange(handler_, nullptr);
    shut();
    if (handler != nullptr) handler->on_closed(end);
  }

  void shut() {
    if (finished_) return;
    hang_up();
    finished_ = true;
    answer_timer_.cancel();
    watch_timer_.cancel();
    retry_timer_.cancel();
    close_timer_.cancel();
    if (const auto dial = std::exchange(dial_, nullptr)) dial->give_up();
    queue_.clear();
    queued_bytes_ = 0;
  }

  std::unique_ptr<Channel> channel();

  Loop& loop_;
  LinkUrl url_;
  ConnectOptions options_;
  std::string name_;
  ChannelHandler& wanted_handler_;
  ChannelHandler* handler_ = nullptr;
  ConnectDone done_;  // empty: there is a link, or it was given up
  asio::steady_timer answer_timer_;
  asio::steady_timer watch_timer_;
  asio::steady_timer retry_timer_;
  asio::steady_timer close_timer_;
  Steady::time_point began_at_;
  std::shared_ptr<Dial> dial_;
  std::shared_ptr<Connection> connection_;  // none between two
  std::string session_;
  std::uint64_t number_ = 0;  // of the POST under way; the hello's is 0
  Bytes body_;                // of it
  std::size_t frames_in_body_ = 0;
  std::size_t payload_in_body_ = 0;
  bool more_follows_ = false;
  std::deque<std::shared_ptr<const Bytes>> queue_;
  std::size_t queued_bytes_ = 0;
  LinkTraffic traffic_;
  std::uint64_t wire_out_before_ = 0;
  std::uint64_t wire_in_before_ = 0;
  PostGoodbye goodbye_;
  TcpProgress progress_;
  Steady::time_point moved_at_;
  Steady::time_point acknowledged_at_;
  std::optional<Steady::time_point> failing_since_;  // none: the last POST was answered
  milliseconds retry_after_ = kRetryFirst;
  bool is_open_ = false;       // the hub has named the session
  bool closing_ = false;       // nothing more is taken or handed up
  bool said_goodbye_ = false;  // it is in the body under way
  bool finished_ = false;
};

class PostChannel final : public Channel {
 public:
  explicit PostChannel(std::shared_ptr<PostCaller> caller) : caller_(std::move(caller)) {}
  PostChannel(const PostChannel&) = delete;
  PostChannel& operator=(const PostChannel&) = delete;
  ~PostChannel() override { caller_->drop(); }
  void send(std::shared_ptr<const Bytes> message) override { caller_->send(std::move(message)); }
  void close(CloseCode code, std::string_view reason) override { caller_->close(code, reason); }
  [[nodiscard]] std::size_t queued_bytes() const override { return caller_->queued_bytes(); }
  [[nodiscard]] const LinkTraffic& traffic() const override { return caller_->traffic(); }

 private:
  std::shared_ptr<PostCaller> caller_;
};

std::unique_ptr<Channel> PostCaller::channel() { return std::make_unique<PostChannel>(shared_from_this()); }

class PostAttempt final : public Attempt {
 public:
  explicit PostAttempt(std::shared_ptr<PostCaller> caller) : caller_(std::move(caller)) {}
  PostAttempt(const PostAttempt&) = delete;
  PostAttempt& operator=(const PostAttempt&) = delete;
  ~PostAttempt() override {
    if (const auto caller = caller_.lock()) caller->give_up();
  }

 private:
  std::weak_ptr<PostCaller> caller_;  // the operations under way keep it
};

}  // namespace

std::unique_ptr<Attempt> call_by_posts(Loop& loop, LinkUrl url, ConnectOptions options,
                                       ChannelHandler& handler, ConnectDone done) {
  auto caller =
      std::make_shared<PostCaller>(loop, std::move(url), std::move(options), handler, std::move(done));
  caller->start();
  return std::make_unique<PostAttempt>(caller);
}

}  // namespace wasl
