#include "shared/net/web_socket.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <deque>
#include <optional>

#include "shared/base/version.hpp"
#include "shared/net/dial.hpp"
#include "shared/net/endings.hpp"
#include "shared/net/post_body.hpp"
#include "shared/net/tcp_link.hpp"

namespace wasl {

// How Beast ends a stream that it does not know. The goodbye of the link has been said; TLS needs none beside
// it.
inline void teardown(boost::beast::role_type role, Wire& wire, boost::system::error_code& error) {
  boost::beast::websocket::teardown(role, wire.next_layer(), error);
}
template <class Handler>
void async_teardown(boost::beast::role_type role, Wire& wire, Handler&& handler) {
  boost::beast::websocket::async_teardown(role, wire.next_layer(), std::forward<Handler>(handler));
}

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;
using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kIdleBufferBytes = 64 * 1024;  // an idle link does not keep the room of a large message
constexpr std::size_t kMaskBufferBytes = 16 * 1024;  // the caller masks and writes in pieces of this size
constexpr std::uint64_t kMoreThanPingsBytes = 64;    // in one tick
constexpr std::size_t kRefusalBytes = 4 * 1024;      // of the body of an answer that is no link

beast::string_view to_beast(std::string_view text) { return {text.data(), text.size()}; }
std::string_view to_std(beast::string_view text) { return {text.data(), text.size()}; }

template <class Fields>
std::size_t fields_bytes(const Fields& fields) {
  std::size_t bytes = 2;  // the empty line
  for (const auto& field : fields) bytes += field.name_string().size() + 2 + field.value().size() + 2;
  return bytes;
}
std::size_t header_bytes(const websocket::request_type& request) {
  return request.method_string().size() + 1 + request.target().size() +
         std::string_view(" HTTP/1.1\r\n").size() + fields_bytes(request);
}
std::size_t header_bytes(const websocket::response_type& response) {
  return std::string_view("HTTP/1.1 101 \r\n").size() + response.reason().size() + fields_bytes(response);
}

// ── One link, both roles. It keeps itself alive through the operations under way; the Channel that the
//    owner holds is a handle whose end cuts the handler off.

class WebSocketLink : public std::enable_shared_from_this<WebSocketLink> {
 public:
  enum class Role { caller, answerer };
  using HandshakeDone = std::function<void(error_code, const websocket::response_type&)>;

  WebSocketLink(Wire wire, const LinkOptions& options, Role role)
      : options_(options),
        role_(role),
        watch_timer_(wire.get_executor()),
        close_timer_(wire.get_executor()),
        socket_(wire.next_layer().native_handle()),
        is_tls_(wire.is_tls()),
        stream_(std::move(wire)) {
    tune_link(socket_);
    stream_.binary(true);
    stream_.auto_fragment(false);
    stream_.write_buffer_bytes(kMaskBufferBytes);
    stream_.read_message_max(options_.message_limit_bytes);
    // Beast's own timeouts count only whole reads; watch() looks at the bytes that move.
    stream_.set_option(websocket::stream_base::timeout{websocket::stream_base::none(),
                                                       websocket::stream_base::none(), false});
  }

  void call(const std::string& host, const std::string& path, const Bytes& hello, HandshakeDone done) {
    stream_.set_option(websocket::stream_base::decorator(
        [this, text = to_base64url(hello)](websocket::request_type& request) {
          request.set(http::field::sec_websocket_protocol, to_beast(kSubprotocol));
          request.set(to_beast(kHelloHeader), to_beast(text));
          request.set(http::field::user_agent, to_beast("wasl/" + std::string(program_version())));
          traffic_.upgrade_out = header_bytes(request);
        }));
    // A 101 answer of more than 1536 bytes that arrives together with frames is refused by Beast 1.81
    // (buffer_overflow); a hub's has about 150.
    stream_.async_handshake(response_, host, path,
                            [self = shared_from_this(), done = std::move(done)](error_code error) {
                              self->traffic_.upgrade_in = header_bytes(self->response_);
                              done(error, self->response_);
                            });
  }

  void answer(std::string_view header) {
    http::request_parser<http::empty_body> parser;
    error_code error;
    parser.header_limit(static_cast<std::uint32_t>(header.size()) + 1);
    parser.put(asio::buffer(header.data(), header.size()), error);
    if (error) return finish_later(end_of(error));
    traffic_.upgrade_in = header.size();
    stream_.set_option(websocket::stream_base::decorator([this](websocket::response_type& response) {
      response.set(http::field::sec_websocket_protocol, to_beast(kSubprotocol));
      response.set(http::field::server, "wasl");  // else Beast puts its name and version here
      traffic_.upgrade_out = header_bytes(response);
    }));
    hold(true);  // until the first burst of messages is behind the answer
    watch();
    stream_.async_accept(parser.get(), [self = shared_from_this()](error_code accepted) {
      if (accepted) return self->finish(self->end_of(accepted));
      self->start();
    });
  }

  void start() {
    if (finished_) return;
    open_ = true;
    if (role_ == Role::caller) watch();
    read();
    pump();
  }

  void set_handler(ChannelHandler& handler) {
    if (!finished_) handler_ = &handler;
  }

  void drop() {
    handler_ = nullptr;
    if (!draining_) shut();
  }

  void send(std::shared_ptr<const Bytes> message) {
    if (closing_ || finished_) return;
    WASL_ASSERT(message->size() <= limits::kFrameBytes);
    queued_bytes_ += message->size();
    if (queued_bytes_ > options_.queue_limit_bytes) {
      closing_ = true;
      return finish_later(
          {.error = Error{Errc::limit_exceeded, "the other end reads too slowly: the link is cut", {}}});
    }
    queue_.push_back(std::move(message));
    pump();
  }

  void close(CloseCode code, std::string_view reason) {
    if (closing_ || finished_) return;
    closing_ = true;
    close_code_ = code;
    close_reason_ = goodbye_reason(reason);
    close_timer_.expires_after(options_.close_limit);
    close_timer_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (cancelled) return;
      self->finish({.error = Error{
                        Errc::no_link, "the other end did not take the rest of what was sent in time", {}}});
    });
    pump();
  }

  [[nodiscard]] std::size_t queued_bytes() const { return queued_bytes_; }
  [[nodiscard]] const LinkTraffic& traffic() {
    if (!finished_) weigh();
    return traffic_;
  }
  [[nodiscard]] bool finished() const { return finished_; }

 private:
  // ── Reading

  void read() {
    stream_.async_read(buffer_,
                       [self = shared_from_this()](error_code error, std::size_t) { self->on_read(error); });
  }

  void on_read(error_code error) {
    if (finished_) return;
    if (error) {
      if (goodbye_sent_) return;  // the goodbye's own end reports
      return error == websocket::error::message_too_big ? refuse_rest(end_of(error)) : finish(end_of(error));
    }
    if (!stream_.got_binary())
      return finish(
          {.error = Error{Errc::malformed, "the other end sends text; only binary messages are spoken", {}}});
    const auto data = buffer_.cdata();
    ++traffic_.messages_in;
    traffic_.payload_in += data.size();
    if (!closing_ && handler_ != nullptr)
      handler_->on_message({static_cast<const Byte*>(data.data()), data.size()});
    if (finished_) return;
    message_began_.reset();
    buffer_.consume(buffer_.size());
    if (buffer_.capacity() > kIdleBufferBytes) buffer_.shrink_to_fit();
    read();
  }

  // ── Writing

  void pump() {
    if (!open_ || finished_ || writing_) return;
    if (queue_.empty()) {
      hold(false);
      if (closing_ && !goodbye_sent_) say_goodbye();
      return;
    }
    if (queue_.size() > 1) hold(true);
    writing_ = true;
    stream_.async_write(
        asio::buffer(*queue_.front()),
        [self = shared_from_this()](error_code error, std::size_t) { self->on_written(error); });
  }

  void on_written(error_code error) {
    writing_ = false;
    if (finished_ || draining_) return;
    // A peer that said why and closed makes the write fail before the read has told what it said.
    if (error) return finish(was_told_why() ? end_of_goodbye() : end_of(error));
    const std::size_t size = queue_.front()->size();
    queue_.pop_front();
    queued_bytes_ -= size;
    ++traffic_.messages_out;
    traffic_.payload_out += size;
    if (!closing_ && handler_ != nullptr && queued_bytes_ < options_.writable_below_bytes)
      handler_->on_writable();
    pump();
  }

  void say_goodbye() {
    goodbye_sent_ = true;
    websocket::close_reason reason(static_cast<websocket::close_code>(close_code_), to_beast(close_reason_));
    stream_.async_close(reason, [self = shared_from_this()](error_code) {
      self->finish({.code = static_cast<std::uint16_t>(self->close_code_), .reason = self->close_reason_});
    });
  }

  void hold(bool on) {
    if (held_ == on) return;
    held_ = on;
    hold_segments(socket_, on);
  }

  // ── Watching: a link is alive while bytes arrive, or while the peer's system acknowledges more of ours
  //    than pings. The second half keeps a long upload over a slow line alive whose answers wait behind
  //    it; a peer whose system acknowledges but whose program hangs is still noticed. Sooner noticed is a
  //    line on which the peer's system acknowledges nothing, though it may still be heard.

  void watch() {
    moved_at_ = acknowledged_at_ = Steady::now();
    progress_ = measure();
    tick();
  }

  void tick() {
    // Whoever answers looks every second, too: so long may a flood of empty frames go on.
    const milliseconds often = role_ == Role::answerer ? milliseconds(1'000) : options_.ping_every;
    watch_timer_.expires_after(std::max(milliseconds(1), std::min(often, options_.idle_limit / 25)));
    watch_timer_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled && !self->finished_) self->on_tick();
    });
  }

  void on_tick() {
    const TcpProgress now = measure();
    const bool heard = now.received != progress_.received;
    const std::uint64_t taken = now.acknowledged - progress_.acknowledged;
    progress_ = now;
    const auto time = Steady::now();
    if (heard || taken > kMoreThanPingsBytes) moved_at_ = time;
    if (taken > 0 || !now.on_the_way) acknowledged_at_ = time;
    if (heard && taken > 0) quiet_since_ = time;
    if (time - moved_at_ >= options_.idle_limit) return nothing_came(options_.idle_limit);
    if (time - acknowledged_at_ >= options_.stall_limit) return nothing_came(options_.stall_limit);
    if (is_flooded(now)) {
      return finish({.error = Error{Errc::limit_exceeded, "the other end sends frames without content", {}}});
    }
    if (is_dripping(time)) {
      return finish({.error = Error{Errc::no_link, "a message came in too slowly to wait for its end", {}}});
    }
    if (role_ == Role::caller && open_ && !pinging_ && time - quiet_since_ >= options_.ping_every) ping(time);
    tick();
  }

  void nothing_came(milliseconds limit) {
    finish({.error = Error{Errc::no_link, "nothing came through for " + seconds_words(limit), {}}});
  }

  /// Pings, empty frames and fragments of a few bytes cost us more than they bring.
  [[nodiscard]] bool is_flooded(const TcpProgress& now) const {
    if (!open_ || now.received == 0) return false;
    const std::uint64_t content = traffic_.upgrade_in + traffic_.payload_in + buffer_.size();
    const std::uint64_t read = now.received - now.unread;
    const std::uint64_t room = limits::kOverheadBytes * (is_tls_ ? limits::kOverheadTls : 1);
    return read > content + content / limits::kOverheadPart + room;
  }

  [[nodiscard]] bool is_dripping(Steady::time_point time) {
    if (buffer_.size() == 0) message_began_.reset();
    if (buffer_.size() > 0 && !message_began_) message_began_ = time;
    if (!message_began_ || time - *message_began_ < options_.idle_limit) return false;
    const auto waited = std::chrono::duration<double>(time - *message_began_).count();
    return static_cast<double>(buffer_.size()) < waited * limits::kMessageBytesPerSecond;
  }

  void ping(Steady::time_point time) {
    quiet_since_ = time;
    pinging_ = true;
    stream_.async_ping({}, [self = shared_from_this()](error_code) { self->pinging_ = false; });
  }

  TcpProgress measure() {
    const std::uint64_t out = traffic_.upgrade_out + traffic_.payload_out;
    const std::uint64_t in = traffic_.upgrade_in + traffic_.payload_in;
    return tcp_progress(socket_).value_or(
        TcpProgress{.acknowledged = out, .received = in, .wire_out = out, .wire_in = in});
  }

  void weigh() {
    const TcpProgress now = measure();
    traffic_.wire_out = now.wire_out;
    traffic_.wire_in = now.wire_in;
  }

  // ── Ending

  LinkEnd end_of(error_code error) {
    if (error == websocket::error::closed) return end_of_goodbye();
    if (error == websocket::error::message_too_big || error == websocket::error::buffer_overflow)
      return {.error = Error{Errc::limit_exceeded,
                             "a message larger than " + std::to_string(options_.message_limit_bytes) +
                                 " bytes came in: the link is closed",
                             {}}};
    if (error == websocket::condition::protocol_violation)
      return {.error =
                  Error{Errc::malformed, "the other end breaks the WebSocket rules: " + error.message(), {}}};
    return {.error = Error{Errc::no_link, "the link broke: " + error.message(), {}}};
  }

  [[nodiscard]] bool was_told_why() const { return stream_.reason().code != websocket::close_code::none; }

  LinkEnd end_of_goodbye() {
    const auto& said = stream_.reason();
    return wasl::end_of_goodbye(said.code, std::string(said.reason.data(), said.reason.size()));
  }

  void finish(const LinkEnd& end) {
    if (finished_) return;
    ChannelHandler* handler = std::exchange(handler_, nullptr);
    shut();
    if (handler != nullptr) handler->on_closed(end);
  }

  /// The peer is told by close frame, but closing now, while it still sends, would reset the connection
  /// and the frame with it: what it sends is thrown away for a while.
  void refuse_rest(const LinkEnd& end) {
    ChannelHandler* handler = std::exchange(handler_, nullptr);
    draining_ = true;
    closing_ = true;
    open_ = false;
    buffer_.clear();
    close_timer_.expires_after(options_.close_limit);
    close_timer_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled) self->shut();
    });
    drain();
    if (handler != nullptr) handler->on_closed(end);
  }

  void drain() {
    stream_.next_layer().async_read_some(
        buffer_.prepare(kMaskBufferBytes),
        [self = shared_from_this()](error_code error, std::size_t) { error ? self->shut() : self->drain(); });
  }

  void finish_later(LinkEnd end) {
    asio::post(stream_.get_executor(),
               [self = shared_from_this(), end = std::move(end)] { self->finish(end); });
  }

  void shut() {
    if (finished_) return;
    weigh();
    finished_ = true;
    watch_timer_.cancel();
    close_timer_.cancel();
    if (!writing_) queue_.clear();  // else the operation that is about to be cancelled still reads it
    queued_bytes_ = 0;
    error_code ignored;  // whatever it says, the descriptor is gone
    beast::get_lowest_layer(stream_).close(ignored);
  }

  LinkOptions options_;
  Role role_;
  asio::steady_timer watch_timer_;
  asio::steady_timer close_timer_;
  int socket_;
  bool is_tls_;
  websocket::stream<Wire, false> stream_;  // false: no permessage-deflate, frames are compressed already
  websocket::response_type response_;
  beast::flat_buffer buffer_;
  std::deque<std::shared_ptr<const Bytes>> queue_;
  std::size_t queued_bytes_ = 0;
  LinkTraffic traffic_;
  ChannelHandler* handler_ = nullptr;
  CloseCode close_code_ = CloseCode::normal;
  std::string close_reason_;
  TcpProgress progress_;
  Steady::time_point moved_at_;
  std::optional<Steady::time_point> message_began_;  // of one that is not whole yet, as a tick found it
  Steady::time_point acknowledged_at_;
  Steady::time_point quiet_since_ = Steady::now();
  bool open_ = false;          // the upgrade is through
  bool writing_ = false;       // a message is being written
  bool held_ = false;          // the system waits for full segments
  bool pinging_ = false;       // a ping is being written
  bool closing_ = false;       // nothing more is taken or handed up
  bool goodbye_sent_ = false;  // the close frame is being written or out
  bool draining_ = false;      // the handler has heard the end; only the peer has not yet
  bool finished_ = false;      // the socket is gone
};

class WebSocketChannel final : public Channel {
 public:
  explicit WebSocketChannel(std::shared_ptr<WebSocketLink> link) : link_(std::move(link)) {}
  WebSocketChannel(const WebSocketChannel&) = delete;
  WebSocketChannel& operator=(const WebSocketChannel&) = delete;
  ~WebSocketChannel() override { link_->drop(); }
  void send(std::shared_ptr<const Bytes> message) override { link_->send(std::move(message)); }
  void close(CloseCode code, std::string_view reason) override { link_->close(code, reason); }
  [[nodiscard]] std::size_t queued_bytes() const override { return link_->queued_bytes(); }
  [[nodiscard]] const LinkTraffic& traffic() const override { return link_->traffic(); }

 private:
  std::shared_ptr<WebSocketLink> link_;
};

// ── The caller's way to a link: a wire, then the upgrade; one clock over both.

class Upgrade : public std::enable_shared_from_this<Upgrade> {
 public:
  Upgrade(Loop& loop, LinkUrl url, ConnectOptions options, ChannelHandler& handler, ConnectDone done)
      : loop_(loop),
        options_(std::move(options)),
        handler_(handler),
        done_(std::move(done)),
        url_(std::move(url)),
        name_(Dial::name_of(url_)),
        timer_(loop.context()),
        began_at_(Steady::now()) {}

  void start() {
    dial_ = std::make_shared<Dial>(
        loop_,
        Dial::Options{url_, options_.handshake_limit, options_.address_limit, options_.waited,
                      options_.binds_certificate, std::move(options_.tls_session),
                      std::move(options_.keep_tls_session)},
        [self = shared_from_this()](Result<Dialled> dialled) { self->on_dialled(std::move(dialled)); });
    dial_->start();
  }

  void give_up() {
    done_ = nullptr;
    stop();
    if (link_) link_->drop();
  }

 private:
  /// The hello is made for this connection, so it is made now.
  void on_dialled(Result<Dialled> dialled) {
    dial_ = nullptr;
    if (!done_) return;
    if (!dialled) return finish(tl::unexpected(NoChannel{std::move(dialled).error()}));
    auto hello = options_.hello(dialled->binding);
    if (!hello) return finish(tl::unexpected(NoChannel{std::move(hello).error()}));
    const auto used = std::chrono::duration_cast<milliseconds>(Steady::now() - began_at_);
    const auto limit = std::min(used + options_.answer_limit, options_.handshake_limit);
    timer_.expires_after(limit - used);
    timer_.async_wait([self = shared_from_this(), limit](error_code cancelled) {
      if (!cancelled) self->not_answered(limit);
    });
    link_ =
        std::make_shared<WebSocketLink>(std::move(dialled->wire), options_.link, WebSocketLink::Role::caller);
    link_->call(name_, url_.path, *hello,
                [self = shared_from_this()](error_code shaken, const websocket::response_type& response) {
                  self->on_answered(shaken, response);
                });
  }

  void on_answered(error_code error, const websocket::response_type& response) {
    if (!done_) return;
    if (error == websocket::error::upgrade_declined) return declined(response);
    if (error) return failed("broke off instead of opening a link: " + error.message());
    if (to_std(response[http::field::sec_websocket_protocol]) != kSubprotocol)
      return failed("is not a Wasl hub: it does not speak " + std::string(kSubprotocol));
    link_->set_handler(handler_);
    const auto link = link_;
    finish(std::make_unique<WebSocketChannel>(link));
    link->start();
  }

  void declined(const websocket::response_type& response) {
    const int status = static_cast<int>(response.result_int());
    NoChannel no{
        Error{Errc::no_link, name_ + " answered with HTTP " + std::to_string(status) + " and opened no link",
              "check the address; the hub's answer may say more"},
        NoChannel::How::answered, status, response.body().substr(0, kRefusalBytes)};
    finish(tl::unexpected(std::move(no)));
  }

  void failed(const std::string& words) {
    finish(
        tl::unexpected(NoChannel{Error{Errc::no_link, name_ + " " + words, {}}, NoChannel::How::broken_off}));
  }

  void not_answered(milliseconds limit) {
    finish(tl::unexpected(
        NoChannel{Dial::not_answered(name_, limit + options_.waited), NoChannel::How::silent}));
  }

  void finish(tl::expected<std::unique_ptr<Channel>, NoChannel> result) {
    if (!done_) return;
    const auto done = std::exchange(done_, nullptr);
    const auto link = std::exchange(link_, nullptr);  // the channel's now: giving up later must not end it
    if (!result && link) link->drop();
    stop();
    done(std::move(result));
  }

  void stop() {
    timer_.cancel();
    if (const auto dial = std::exchange(dial_, nullptr)) dial->give_up();
  }

  Loop& loop_;
  ConnectOptions options_;
  ChannelHandler& handler_;
  ConnectDone done_;  // empty: finished or given up
  LinkUrl url_;
  std::string name_;
  asio::steady_timer timer_;
  Steady::time_point began_at_;
  std::shared_ptr<Dial> dial_;
  std::shared_ptr<WebSocketLink> link_;
};

class UpgradeAttempt final : public Attempt {
 public:
  explicit UpgradeAttempt(std::shared_ptr<Upgrade> upgrade) : upgrade_(std::move(upgrade)) {}
  UpgradeAttempt(const UpgradeAttempt&) = delete;
  UpgradeAttempt& operator=(const UpgradeAttempt&) = delete;
  ~UpgradeAttempt() override {
    if (const auto upgrade = upgrade_.lock()) upgrade->give_up();
  }

 private:
  std::weak_ptr<Upgrade> upgrade_;  // the operations under way keep it
};

}  // namespace

std::unique_ptr<Attempt> call_web_socket(Loop& loop, LinkUrl url, ConnectOptions options,
                                         ChannelHandler& handler, ConnectDone done) {
  auto upgrade =
      std::make_shared<Upgrade>(loop, std::move(url), std::move(options), handler, std::move(done));
  upgrade->start();
  return std::make_unique<UpgradeAttempt>(upgrade);
}

void accept_web_socket(Wire wire, std::string_view header, const LinkOptions& options,
                       const AcceptLink& accept) {
  auto link = std::make_shared<WebSocketLink>(std::move(wire), options, WebSocketLink::Role::answerer);
  ChannelHandler& handler = accept.opened(std::make_unique<WebSocketChannel>(link));
  if (link->finished()) return;
  link->set_handler(handler);
  link->answer(header);
}

}  // namespace wasl
