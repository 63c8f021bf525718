#include "shared/net/listener.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/vector_body.hpp>
#include <charconv>
#include <map>

#include "shared/net/endings.hpp"
#include "shared/net/post_body.hpp"
#include "shared/net/post_sessions.hpp"
#include "shared/net/tcp_link.hpp"
#include "shared/net/web_socket.hpp"

namespace wasl {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr std::size_t kReadStep =
    2 * 1024;  // of a request: most fit into one, and a stranger gets no more room at once

constexpr std::size_t kProgramBytes = 32;

std::string_view to_std(boost::beast::string_view text) { return {text.data(), text.size()}; }
boost::beast::string_view to_beast(std::string_view text) { return {text.data(), text.size()}; }

std::string words_of(const HttpAnswer& answer, bool with_body, bool keeps = false) {
  const auto status = static_cast<unsigned>(answer.status);
  std::string text = "HTTP/1.1 " + std::to_string(status) + " " +
                     std::string(to_std(http::obsolete_reason(http::int_to_status(status)))) +
                     "\r\nContent-Type: " + answer.content_type +
                     "\r\nContent-Length: " + std::to_string(answer.body.size()) +
                     (keeps ? "\r\nConnection: keep-alive" : "\r\nConnection: close") +
                     "\r\nX-Content-Type-Options: nosniff\r\n";
  for (const auto& [name, value] : answer.headers) text += name + ": " + value + "\r\n";
  text += "\r\n";
  if (with_body) text += answer.body;
  return text;
}

Result<tcp::endpoint> parse_address(const std::string& text) {
  const auto bad = [&] {
    return fail(Errc::invalid_value, "'" + text + "' is not an address to listen on",
                "an address looks like 127.0.0.1:7707 or [::1]:7707");
  };
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return bad();
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, wrong] = std::from_chars(text.data() + colon + 1, end, port);
  error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (error || wrong != std::errc() || stopped != end) return bad();
  return tcp::endpoint(address, port);
}

/// What a caller calls itself goes into logs and tables: short and plain, or it is not kept.
std::string to_program(std::string_view said) {
  const bool plain =
      said.size() <= kProgramBytes &&
      std::all_of(said.begin(), said.end(), [](unsigned char c) { return c > ' ' && c < 0x7f && c != '"'; });
  return plain ? std::string(said) : std::string();
}

std::string to_text(const tcp::endpoint& end) {
  const std::string address = end.address().to_string();
  return (end.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(end.port());
}

}  // namespace

class Listener::State : public std::enable_shared_from_this<Listener::State> {
 public:
  State(Loop& loop, ListenOptions options, ListenCallbacks callbacks)
      : options_(std::move(options)),
        callbacks_(std::move(callbacks)),
        acceptor_(loop.context()),
        pause_(loop.context()),
        posts_(loop, options_.link, {}, callbacks_.on_upgrade) {}

  Status open(const tcp::endpoint& at) {
    error_code error;
    acceptor_.open(at.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(at, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    if (error == asio::error::address_in_use)
      return fail(Errc::locked, "another program listens on " + options_.address,
                  "stop it or choose another port");
    if (error) return fail(Errc::no_link, "cannot listen on " + options_.address + ": " + error.message());
    return {};
  }

  void close() {
    closed_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    posts_.stop_listening();
    for (const auto& [id, door] : std::exchange(doors_, {})) door->close();
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  void show(std::shared_ptr<const TlsIdentity> identity) { options_.tls = std::move(identity); }

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
      if (self->closed_) return;
      if (error) return self->accept_after_pause();  // out of descriptors: some will come free
      if (!self->doors_.empty() && self->doors_.size() >= self->options_.unupgraded_limit) self->make_room();
      self->admit(std::move(socket));
      self->accept();
    });
  }

 private:
  /// One connection that is not a link yet: reads a request, answers it or hands the socket over.
  struct Door : std::enable_shared_from_this<Door> {
    Door(std::uint64_t number, tcp::socket from, std::shared_ptr<State> owner)
        : id(number), state(std::move(owner)), wire(std::move(from)), deadline(wire.get_executor()) {
      error_code gone;
      address = socket().remote_endpoint(gone).address();
    }

    tcp::socket& socket() { return wire.next_layer(); }

    void begin() {
      expire_after(state->options_.header_limit);
      if (!state->options_.tls) return read();
      socket().async_wait(tcp::socket::wait_read, [self = shared_from_this()](error_code error) {
        error ? self->leave() : self->begin_tls();
      });
    }

    void begin_tls() {
      char first = 0;
      error_code error;
      socket().receive(asio::buffer(&first, 1), tcp::socket::message_peek, error);
      if (error) return leave();
      if (first >= 'A' && first <= 'Z')
        return answer(
            http_refusal(400, Errc::unsupported, "this port speaks TLS: its address begins with wss://"));
      wire.speak_tls(state->options_.tls);
      wire.handshake([self = shared_from_this()](bool shaken) { shaken ? self->read() : self->leave(); });
    }

    void expire_after(milliseconds limit) {
      deadline.expires_after(limit);
      deadline.async_wait([self = shared_from_this()](error_code cancelled) {
        if (!cancelled) self->leave();
      });
    }

    void read() {
      const std::size_t had = header.size();
      header.resize(std::min(had + kReadStep, state->options_.header_limit_bytes));
      wire.async_read_some(asio::buffer(header.data() + had, header.size() - had),
                           [self = shared_from_this(), had](error_code error, std::size_t size) {
                             self->header.resize(had + size);
                             error ? self->leave() : self->on_read(had);
                           });
    }

    void on_read(std::size_t had) {
      if (header[0] < 'A' || header[0] > 'Z') return answer_malformed();  // TLS, or anything else
      const auto end = header.find("\r\n\r\n", had < 3 ? 0 : had - 3);
      if (end == std::string::npos) {
        if (header.size() < state->options_.header_limit_bytes) return read();
        return answer(http_refusal(431, Errc::limit_exceeded, "the request header is too large"));
      }
      behind = header.substr(end + 4);
      header.resize(end + 4);
      http::request_parser<http::empty_body> parser;
      parser.header_limit(static_cast<std::uint32_t>(header.size()) + 1);
      parser.body_limit(boost::none);  // what a body may be depends on what the header says
      error_code error;
      parser.put(asio::buffer(header), error);
      if (error) return answer_malformed();
      const auto& request = parser.get();
      if (to_std(request.target()) == kUpgradePath &&
          http::token_list{request[http::field::upgrade]}.exists("websocket"))
        return on_upgrade(request);
      if (to_std(request.target()) == kUpgradePath && request.method() == http::verb::post)
        return on_post(request, parser.content_length().value_or(0));
      on_request(request);
    }

    void on_upgrade(const http::request<http::empty_body>& request) {
      const auto hello = from_base64url(to_std(request[to_beast(kHelloHeader)]));
      // Bytes behind the request would be messages sent before the hub's answer was checked.
      if (!behind.empty() || !hello || hello->empty())
        return answer(http_refusal(400, Errc::malformed, "a link begins with a hello"));
      if (!http::token_list{request[http::field::sec_websocket_protocol]}.exists(to_beast(kSubprotocol)))
        return answer(http_refusal(400, Errc::unsupported, "this hub speaks wasl.1"));
      const auto caller = who_calls(request);
      if (!caller) return leave();
      const auto decided = state->callbacks_.on_upgrade(*hello, *caller);
      if (const auto* refuse = std::get_if<RefuseLink>(&decided))
        return answer({refuse->status, "application/json", refuse->json});
      deadline.cancel();
      state->doors_.erase(id);
      accept_web_socket(std::move(wire), header, state->options_.link, std::get<AcceptLink>(decided));
    }

    template <class Request>
    std::optional<Caller> who_calls(const Request& request) {
      error_code gone;
      const auto remote = socket().remote_endpoint(gone);
      if (gone) return std::nullopt;
      Caller caller{to_text(remote), to_program(to_std(request[http::field::user_agent]))};
      if (wire.is_tls()) {
        auto binding = wire.tls().binding();
        if (!binding) return std::nullopt;
        caller.tls = *binding;
      }
      return caller;
    }

    // ── POSTs. One of a session is no stranger: it has the time that its bytes take.

    void on_post(const http::request<http::empty_body>& request, std::uint64_t length) {
      if (to_std(request[http::field::content_type]) != kPostType)
        return answer(
            http_refusal(415, Errc::unsupported, "a session in POSTs is of type application/wasl.1"));
      const auto session = request.find(to_beast(kSessionHeader));
      post_number = read_post_number(to_std(request[to_beast(kNumberHeader)]));
      waits = to_std(request[to_beast(kWaitHeader)]) != "0";
      std::size_t most = kPostHelloBytes;
      if (session != request.end()) {
        if (!post_number) return answer(http_refusal(400, Errc::malformed, "a POST has a number"));
        auto begun = state->posts_.begin(std::string(to_std(session->value())));
        if (!begun) return answer(begun.error());
        call = std::move(*begun);
        most = kPostBytes;
        state->doors_.erase(id);
        watch();
      }
      if (length > most) return answer_too_large();
      post.emplace();
      post->header_limit(static_cast<std::uint32_t>(header.size()) + 1);
      post->body_limit(most);
      for (const std::string* part : {&header, &behind}) {
        const auto room = body_bytes.prepare(part->size());
        body_bytes.commit(asio::buffer_copy(room, asio::buffer(*part)));
      }
      http::async_read(wire, body_bytes, *post, [self = shared_from_this()](error_code error, std::size_t) {
        if (error == http::error::body_limit) return self->answer_too_large();
        error ? self->leave() : self->on_whole_post();
      });
    }

    void on_whole_post() {
      // Nobody sends the next before this one is answered; what comes all the same ends the connection behind
      // it.
      keeps = post->get().keep_alive() && body_bytes.size() == 0;
      const auto whole = post->release();
      const Bytes& body = whole.body();
      if (call != nullptr) {
        is_moving = false;  // the hub may take a while to say something
        deadline.cancel();
        return state->posts_.take(
            *call, *post_number, waits, body,
            [self = shared_from_this()](HttpAnswer words) { self->answer_post(words); });
      }
      const auto caller = who_calls(whole);
      if (!caller) return leave();
      auto opened = state->posts_.open(body, *caller);
      call = std::move(opened.call);
      if (call == nullptr) return answer(opened.answer);
      state->doors_.erase(id);
      answer_post(opened.answer);
    }

    void answer_post(const HttpAnswer& words) {
      watch();
      keeps = keeps && !state->closed_;
      reply = words_of(words, true, keeps);
      asio::async_write(wire, asio::buffer(reply),
                        [self = shared_from_this()](error_code error, std::size_t) {
                          error ? self->leave() : self->on_post_answered();
                        });
    }

    /// From here on it is a stranger again, until the next POST says whose it is.
    void on_post_answered() {
      call = nullptr;
      is_moving = false;
      if (!keeps || state->closed_) return linger();
      header.clear();
      behind.clear();
      std::string().swap(reply);
      state->doors_.emplace(id, shared_from_this());
      expire_after(state->options_.header_limit);
      read();
    }

    void answer_too_large() {
      answer(http_refusal(413, Errc::limit_exceeded,
                          "a POST of more than " + std::to_string(kPostBytes) + " bytes"));
    }

    /// While bytes move, and not slower than a message of a link may come.
    void watch() {
      is_moving = true;
      began_at = moved_at = std::chrono::steady_clock::now();
      moved_before = moved = bytes_moved();
      tick();
    }

    void tick() {
      deadline.expires_after(milliseconds(1'000));
      deadline.async_wait([self = shared_from_this()](error_code cancelled) {
        if (!cancelled && self->is_moving) self->on_tick();
      });
    }

    void on_tick() {
      const auto time = std::chrono::steady_clock::now();
      const std::uint64_t now = bytes_moved();
      if (now != moved) moved_at = time;
      moved = now;
      const LinkOptions& link = state->options_.link;
      const auto waited = std::chrono::duration<double>(time - began_at).count();
      const bool is_slow = time - began_at >= link.idle_limit && static_cast<double>(moved - moved_before) <
                                                                     waited * limits::kMessageBytesPerSecond;
      time - moved_at >= link.idle_limit || is_slow ? leave() : tick();
    }

    std::uint64_t bytes_moved() {
      const auto now = tcp_progress(socket().native_handle());
      return now ? now->received + now->acknowledged : 0;
    }

    void on_request(const http::request<http::empty_body>& request) {
      const bool head = request.method() == http::verb::head;
      if (!head && request.method() != http::verb::get)
        return answer(
            {405, "text/plain; charset=utf-8", "only GET is answered here\n", {{"Allow", "GET, HEAD"}}});
      if (!state->callbacks_.on_request)
        return answer({404, "text/plain; charset=utf-8", "nothing here\n"}, !head);
      answer(state->callbacks_.on_request(std::string(to_std(request.method_string())),
                                          std::string(to_std(request.target()))),
             !head);
    }

    void answer_malformed() { answer(http_refusal(400, Errc::malformed, "this is not an HTTP request")); }

    void answer(const HttpAnswer& words, bool with_body = true) {
      is_moving = false;
      expire_after(state->options_.answer_limit);
      reply = words_of(words, with_body);
      asio::async_write(wire, asio::buffer(reply),
                        [self = shared_from_this()](error_code error, std::size_t) {
                          error ? self->leave() : self->linger();
                        });
    }

    void linger() {
      error_code ignored;
      socket().shutdown(tcp::socket::shutdown_send, ignored);
      expire_after(state->options_.linger_limit);
      drain();
    }

    // Closing while the caller still sends would reset the connection and with it the answer.
    void drain() {
      if (header.empty()) header.resize(kReadStep);
      socket().async_read_some(
          asio::buffer(header), [self = shared_from_this()](error_code error, std::size_t size) {
            self->drained += size;
            error || self->drained > limits::kLingerBytes ? self->leave() : self->drain();
          });
    }

    void leave() {
      state->doors_.erase(id);
      close();
    }

    void close() {
      deadline.cancel();
      error_code ignored;
      socket().close(ignored);
    }

    std::uint64_t id;
    std::shared_ptr<State> state;
    Wire wire;
    asio::ip::address address;
    asio::steady_timer deadline;
    std::string header;
    std::string behind;  // what came with the header
    std::string reply;
    std::size_t drained = 0;
    // Of a POST
    std::unique_ptr<PostSessions::Call> call;  // none: of no session yet
    std::optional<std::uint64_t> post_number;
    bool waits = true;
    bool keeps = false;  // the connection, for the next
    std::optional<http::request_parser<http::vector_body<Byte>>> post;
    boost::beast::flat_buffer body_bytes;
    bool is_moving = false;  // watched by its bytes
    std::chrono::steady_clock::time_point began_at;
    std::chrono::steady_clock::time_point moved_at;
    std::uint64_t moved_before = 0;
    std::uint64_t moved = 0;
  };

  void make_room() {
    std::map<asio::ip::address, std::size_t> held;
    for (const auto& [id, door] : doors_) ++held[door->address];
    const auto most = std::max_element(held.begin(), held.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    const auto oldest = std::find_if(doors_.begin(), doors_.end(),
                                     [&](const auto& door) { return door.second->address == most->first; });
    std::shared_ptr(oldest->second)->leave();
  }

  void admit(tcp::socket socket) {
    const auto door = std::make_shared<Door>(++last_door_, std::move(socket), shared_from_this());
    doors_.emplace(door->id, door);
    door->begin();
  }

  void accept_after_pause() {
    pause_.expires_after(milliseconds(100));
    pause_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled && !self->closed_) self->accept();
    });
  }

  ListenOptions options_;
  ListenCallbacks callbacks_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  PostSessions posts_;
  std::map<std::uint64_t, std::shared_ptr<Door>> doors_;  // oldest first
  std::uint64_t last_door_ = 0;
  std::uint16_t port_ = 0;
  bool closed_ = false;
};

Listener::Listener(std::shared_ptr<State> state) : state_(std::move(state)) {}
Listener::~Listener() { state_->close(); }
std::uint16_t Listener::port() const { return state_->port(); }
void Listener::show(std::shared_ptr<const TlsIdentity> identity) { state_->show(std::move(identity)); }

Result<std::unique_ptr<Listener>> Listener::open(Loop& loop, ListenOptions options,
                                                 ListenCallbacks callbacks) {
  WASL_LET(const tcp::endpoint at, parse_address(options.address));
  auto state = std::make_shared<State>(loop, std::move(options), std::move(callbacks));
  WASL_TRY(state->open(at));
  state->accept();
  return std::unique_ptr<Listener>(new Listener(std::move(state)));
}

}  // namespace wasl
