#pragma once
// Inside shared/net only: what a link's bytes travel on, a TCP socket with or without TLS over it. An Asio
// stream.
#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <memory>
#include <utility>

#include "shared/net/tls.hpp"

namespace wasl {

class Wire {
 public:
  using next_layer_type = boost::asio::ip::tcp::socket;
  using executor_type = next_layer_type::executor_type;
  using error_code = boost::system::error_code;

  explicit Wire(next_layer_type socket) : socket_(std::move(socket)) {}

  /// From here on TLS; handshake() comes first. @pre connected.
  void speak_tls(const std::shared_ptr<const TlsIdentity>& identity) {
    tls_ = std::make_unique<TlsEnd>(identity, without_blocking());
  }
  void speak_tls(TlsExpectation expectation) {
    tls_ = std::make_unique<TlsEnd>(std::move(expectation), without_blocking());
  }
  [[nodiscard]] bool is_tls() const { return tls_ != nullptr; }
  /// `done` is called later. Closing the socket ends it with an error. The wire must stay where it is until
  /// then.
  void handshake(std::function<void(bool)> done);
  /// @pre is_tls()
  [[nodiscard]] const TlsEnd& tls() const { return *tls_; }

  next_layer_type& next_layer() { return socket_; }
  [[nodiscard]] const next_layer_type& next_layer() const { return socket_; }
  executor_type get_executor() { return socket_.get_executor(); }

  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    if (!tls_) return socket_.async_read_some(buffers, std::forward<Handler>(handler));
    boost::asio::mutable_buffer into;
    for (auto it = boost::asio::buffer_sequence_begin(buffers);
         it != boost::asio::buffer_sequence_end(buffers); ++it) {
      into = *it;
      if (into.size() > 0) break;
    }
    run([into](TlsEnd& tls) { return tls.read(into.data(), into.size()); }, std::forward<Handler>(handler));
  }

  /// Small buffers become one record: each costs 22 bytes.
  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    if (!tls_) return socket_.async_write_some(buffers, std::forward<Handler>(handler));
    const std::size_t size = std::min(boost::asio::buffer_size(buffers), kRecordBytes);
    record_.resize(size);
    boost::asio::buffer_copy(boost::asio::buffer(record_), buffers);
    run(
        [this](TlsEnd& tls) {
          const TlsEnd::Step step = tls.write(record_.data(), record_.size());
          if (step.outcome == TlsEnd::Outcome::done) Bytes().swap(record_);
          return step;
        },
        std::forward<Handler>(handler));
  }

 private:
  static constexpr std::size_t kRecordBytes = 16 * 1024;

  int without_blocking() {
    error_code ignored;  // a socket that is gone says so at the first byte
    socket_.native_non_blocking(true, ignored);
    return socket_.native_handle();
  }

  /// Tries, and waits for the socket as long as that is what it takes. The handler is never called at once.
  template <class Try>
  struct Operation {
    next_layer_type& socket;
    TlsEnd& tls;
    Try attempt;
    bool was_begun = false;
    TlsEnd::Step last{};
    bool is_over = false;

    template <class Self>
    void operator()(Self& self, error_code error = {}, std::size_t = 0) {
      if (is_over) return self.complete(result(), last.bytes);
      const bool is_first = !std::exchange(was_begun, true);
      if (error) return self.complete(error, 0);
      last = attempt(tls);
      if (last.outcome == TlsEnd::Outcome::wants_read)
        return socket.async_wait(next_layer_type::wait_read, std::move(self));
      if (last.outcome == TlsEnd::Outcome::wants_write)
        return socket.async_wait(next_layer_type::wait_write, std::move(self));
      is_over = true;
      if (is_first) return boost::asio::post(socket.get_executor(), std::move(self));
      self.complete(result(), last.bytes);
    }
    [[nodiscard]] error_code result() const {
      switch (last.outcome) {
        case TlsEnd::Outcome::done:
          return {};
        case TlsEnd::Outcome::ended:
          return boost::asio::error::eof;
        default:
          return boost::asio::error::connection_reset;
      }
    }
  };

  template <class Try, class Handler>
  void run(Try attempt, Handler&& handler) {
    boost::asio::async_compose<std::decay_t<Handler>, void(error_code, std::size_t)>(
        Operation<Try>{socket_, *tls_, std::move(attempt)}, handler, socket_);
  }

  next_layer_type socket_;
  std::unique_ptr<TlsEnd> tls_;
  Bytes record_;  ///< being written
};

}  // namespace wasl
