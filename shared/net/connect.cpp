#include "shared/net/connect.hpp"

#include <utility>

#include "shared/net/post_caller.hpp"
#include "shared/net/web_socket.hpp"

namespace wasl {
namespace {

/// An address that cannot be called: says so, later.
class BadAddress final : public Attempt {
 public:
  BadAddress(Loop& loop, Error error, ConnectDone done) : timer_(loop) {
    timer_.start(std::chrono::milliseconds(0), [error = std::move(error), done = std::move(done)] {
      done(tl::unexpected(NoChannel{error}));
    });
  }

 private:
  Timer timer_;
};

}  // namespace

std::unique_ptr<Attempt> connect(Loop& loop, ConnectOptions options, ChannelHandler& handler,
                                 ConnectDone done) {
  auto url = parse_url(options.url);
  if (!url) return std::make_unique<BadAddress>(loop, std::move(url).error(), std::move(done));
  if (options.by_posts || url->posts)
    return call_by_posts(loop, std::move(*url), std::move(options), handler, std::move(done));
  return call_web_socket(loop, std::move(*url), std::move(options), handler, std::move(done));
}

}  // namespace wasl
