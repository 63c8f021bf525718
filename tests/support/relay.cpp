#include "tests/support/relay.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <list>
#include <string>
#include <vector>

namespace wasl::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kHeldBytesLeast = 16 * 1024;
constexpr std::size_t kHeldBytesFast = 4 * 1024 * 1024;
constexpr auto kTick = std::chrono::milliseconds(5);

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

void check(bool fine, const char* what) {
  if (fine) return;
  std::perror(what);
  std::abort();
}

std::size_t held_most(std::uint64_t rate, std::chrono::milliseconds delay) {
  if (rate == 0) return kHeldBytesFast;
  const auto on_the_line = rate / 8 * static_cast<std::uint64_t>(delay.count() + 50) / 1000;
  return std::max<std::size_t>(kHeldBytesLeast, on_the_line);
}

// Before listen and connect: afterwards the system has promised a larger window already.
void keep_window_small(int socket) {
  const int bytes = static_cast<int>(kHeldBytesLeast);
  setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

void prepare(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK);
}

/// Bytes on their way in one direction.
struct Flow {
  struct Piece {
    std::string bytes;
    Clock::time_point due;
  };
  int from;
  int to;
  std::uint64_t rate;     // bit/s
  std::size_t held_most;  // a slow line pushes back, as a real one does
  std::deque<Piece> pieces{};
  std::size_t held = 0;
  std::uint64_t passed = 0;
  double credit_bytes = 0;
  Clock::time_point credited = Clock::now();
  bool ended = false;     // `from` has said all
  bool told_end = false;  // and `to` has heard so
  bool broken = false;

  [[nodiscard]] bool wants_to_read() const { return !ended && held < held_most; }

  void read(std::chrono::milliseconds delay) {
    char room[16 * 1024];
    const ssize_t size = recv(from, room, sizeof room, 0);
    if (size > 0) {
      pieces.push_back({std::string(room, static_cast<std::size_t>(size)), Clock::now() + delay});
      held += static_cast<std::size_t>(size);
    } else if (size == 0) {
      ended = true;
    } else if (errno != EAGAIN && errno != EINTR) {
      broken = true;
    }
  }

  /// Forwards what is due, allowed by the rate and within `most`. @return bytes.
  std::uint64_t write(std::uint64_t most) {
    const auto now = Clock::now();
    const double elapsed = std::chrono::duration<double>(now - credited).count();
    credited = now;
    // A pause earns no more than two ticks' worth: the rate is a rate, not an average.
    const double per_second = static_cast<double>(rate) / 8;
    credit_bytes = std::min(credit_bytes + elapsed * per_second, std::max(1.0, per_second * 0.010));
    std::uint64_t sent = 0;
    while (!pieces.empty() && pieces.front().due <= now) {
      std::string& bytes = pieces.front().bytes;
      std::uint64_t size = std::min<std::uint64_t>(bytes.size(), most - sent);
      if (rate > 0) size = std::min(size, static_cast<std::uint64_t>(credit_bytes));
      if (size == 0) break;
      const ssize_t done = send(to, bytes.data(), size, MSG_NOSIGNAL);
      if (done < 0) {
        if (errno != EAGAIN && errno != EINTR) broken = true;
        break;
      }
      const auto count = static_cast<std::size_t>(done);
      if (rate > 0) credit_bytes -= static_cast<double>(count);
      held -= count;
      passed += count;
      sent += count;
      bytes.erase(0, count);
      if (bytes.empty()) pieces.pop_front();
    }
    if (ended && pieces.empty() && !told_end) {
      shutdown(to, SHUT_WR);
      told_end = true;
    }
    return sent;
  }
};

}  // namespace

struct Relay::Link {
  Flow up;
  Flow down;
};

Relay::Relay(RelayOptions options) : options_(options) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  check(listener_ >= 0, "relay: socket");
  if (options_.rate_up > 0) keep_window_small(listener_);
  sockaddr_in address = loopback(0);
  check(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "relay: bind");
  check(listen(listener_, 64) == 0, "relay: listen");
  socklen_t size = sizeof address;
  check(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0, "relay: getsockname");
  port_ = ntohs(address.sin_port);
  prepare(listener_);
  thread_ = std::thread([this] { run(); });
}

Relay::~Relay() {
  stop_ = true;
  thread_.join();
  close(listener_);
}

void Relay::run() {
  std::list<Link> links;
  const auto end = [](Link& link, bool reset) {
    const linger now{1, 0};
    for (const int socket : {link.up.from, link.up.to}) {
      if (reset) setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
      close(socket);
    }
  };
  const auto left = [](const std::optional<std::uint64_t>& limit, std::uint64_t used) {
    return limit ? *limit - std::min(*limit, used) : UINT64_MAX;
  };

  while (!stop_ && !ended_) {
    std::vector<pollfd> waits{{listener_, POLLIN, 0}};
    for (const Link& link : links)
      for (const Flow* flow : {&link.up, &link.down})
        waits.push_back({flow->from, static_cast<short>(!frozen_ && flow->wants_to_read() ? POLLIN : 0), 0});
    // Writing is tried each tick: a test's line needs no better clock.
    poll(waits.data(), waits.size(), static_cast<int>(kTick.count()));

    const bool cut_all = cut_now_.exchange(false);
    std::size_t at = 1;
    for (auto link = links.begin(); link != links.end();) {
      const bool can_up = (waits[at].revents & (POLLIN | POLLHUP | POLLERR)) != 0;
      const bool can_down = (waits[at + 1].revents & (POLLIN | POLLHUP | POLLERR)) != 0;
      at += 2;
      Flow& up = link->up;
      Flow& down = link->down;
      bool cut = cut_all;
      if (!frozen_) {
        if (can_up && up.wants_to_read()) up.read(options_.delay);
        if (can_down && down.wants_to_read()) down.read(options_.delay);
        const bool cutting = cuts_ < options_.cuts_most;
        const auto both = [&] {
          return cutting ? left(options_.cut_after, up.passed + down.passed) : UINT64_MAX;
        };
        bytes_up_ +=
            up.write(std::min(both(), cutting ? left(options_.cut_after_up, up.passed) : UINT64_MAX));
        bytes_down_ +=
            down.write(std::min(both(), cutting ? left(options_.cut_after_down, down.passed) : UINT64_MAX));
        if (cutting && (both() == 0 || left(options_.cut_after_up, up.passed) == 0 ||
                        left(options_.cut_after_down, down.passed) == 0)) {
          ++cuts_;
          cut = true;
        }
      }
      const bool broken = up.broken || down.broken;
      if (cut || broken || (up.told_end && down.told_end)) {
        end(*link, cut || broken);
        link = links.erase(link);
        if (options_.once) ended_ = true;
      } else {
        ++link;
      }
    }

    if ((waits[0].revents & POLLIN) == 0) continue;
    const int from = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (from < 0) continue;
    const int to = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (options_.rate_down > 0) keep_window_small(to);
    const sockaddr_in address = loopback(options_.to_port);
    if (connect(to, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      close(from);
      close(to);
      continue;
    }
    prepare(from);
    prepare(to);
    ++connections_;
    const auto flow = [&](int reads, int writes, std::uint64_t rate) {
      return Flow{.from = reads, .to = writes, .rate = rate, .held_most = held_most(rate, options_.delay)};
    };
    links.push_back({flow(from, to, options_.rate_up), flow(to, from, options_.rate_down)});
  }
  for (Link& link : links) end(link, true);
}

}  // namespace wasl::test
