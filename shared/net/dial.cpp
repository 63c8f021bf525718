#include "shared/net/dial.hpp"

#include <boost/asio/io_context.hpp>
#include <utility>

namespace wasl {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

std::string seconds_words(milliseconds time) {
  const auto tenths = (time.count() + 50) / 100;
  return std::to_string(tenths / 10) + (tenths % 10 == 0 ? "" : "." + std::to_string(tenths % 10)) + " s";
}

Dial::Dial(Loop& loop, Options options, Done done)
    : options_(std::move(options)),
      done_(std::move(done)),
      name_(name_of(options_.url)),
      resolver_(loop.context()),
      wire_(tcp::socket(loop.context())),
      timer_(loop.context()),
      address_timer_(loop) {}

std::string Dial::name_of(const LinkUrl& url) {
  const bool six = url.host.find(':') != std::string::npos;
  return (six ? "[" + url.host + "]" : url.host) +
         (url.port == (url.tls ? "443" : "80") ? "" : ":" + url.port);
}

Error Dial::not_answered(const std::string& name, milliseconds time) {
  return {Errc::no_link, name + " did not answer within " + seconds_words(time), {}};
}

void Dial::start() {
  timer_.expires_after(options_.limit);
  timer_.async_wait([self = shared_from_this()](error_code cancelled) {
    if (!cancelled)
      self->finish(tl::unexpected(not_answered(self->name_, self->options_.limit + self->options_.waited)));
  });
  resolver_.async_resolve(
      options_.url.host, options_.url.port,
      [self = shared_from_this()](error_code error, const auto& found) { self->on_resolved(error, found); });
}

void Dial::give_up() {
  done_ = nullptr;
  stop();
}

void Dial::on_resolved(error_code error, const tcp::resolver::results_type& found) {
  if (!done_) return;
  if (error)
    return failed("is not a name that this network knows",
                  "check the spelling and whether there is internet");
  addresses_ = found;
  try_address(addresses_.begin());
}

/// One after the other: an address family that leads nowhere must not take the time of the other.
void Dial::try_address(tcp::resolver::results_type::iterator at) {
  error_code ignored;
  socket().close(ignored);
  address_timer_.start(options_.address_limit, [this] {
    error_code closed;
    socket().close(closed);
  });
  socket().async_connect(at->endpoint(), [self = shared_from_this(), at](error_code error) {
    if (!self->done_) return;
    self->address_timer_.cancel();
    const bool last = std::next(at) == self->addresses_.end();
    error && !last ? self->try_address(std::next(at)) : self->on_connected(error);
  });
}

void Dial::on_connected(error_code error) {
  if (error == asio::error::connection_refused)
    return failed("refuses the connection: no hub is running there", "check the address and the port");
  if (error == asio::error::operation_aborted)
    return finish(tl::unexpected(not_answered(name_, options_.address_limit)));
  if (error) return failed("cannot be reached: " + error.message(), "check whether there is internet");
  if (!options_.url.tls) return finish(Dialled{std::move(wire_), {}});
  TlsExpectation expectation{options_.url.host, options_.url.pin, std::move(options_.tls_session),
                             std::move(options_.keep_tls_session)};
  wire_.speak_tls(std::move(expectation));
  wire_.handshake([self = shared_from_this()](bool shaken) { self->on_shaken(shaken); });
}

void Dial::on_shaken(bool shaken) {
  if (!done_) return;
  if (!shaken) {
    const Error error = wire_.tls().error();
    return failed(error.message, error.hint);
  }
  const auto binding = wire_.tls().binding();
  if (!binding) return failed("gives no channel binding: " + binding.error().message);
  finish(Dialled{std::move(wire_), options_.binds_certificate ? binding->certificate : binding->exporter});
}

void Dial::failed(const std::string& words, std::string hint) {
  finish(tl::unexpected(Error{Errc::no_link, name_ + " " + words, std::move(hint)}));
}

void Dial::finish(Result<Dialled> result) {
  if (!done_) return;
  const auto done = std::exchange(done_, nullptr);
  stop();
  done(std::move(result));
}

void Dial::stop() {
  timer_.cancel();
  address_timer_.cancel();
  resolver_.cancel();
  error_code ignored;
  socket().close(ignored);  // moved from once there is a link; then this closes nothing
}

}  // namespace wasl
