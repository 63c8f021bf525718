#include "shared/net/tcp_link.hpp"

#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#ifdef __linux__
#include <linux/tcp.h>  // the C library's own header has a shorter tcp_info and may not be mixed in
#endif

#include <cstddef>

namespace wasl {

#ifdef __linux__

std::optional<TcpProgress> tcp_progress(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  if (size < offsetof(tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received) return std::nullopt;
  int unread = 0;
  if (ioctl(socket, FIONREAD, &unread) != 0) return std::nullopt;
  constexpr std::uint64_t headers = 52;  // of a segment: IPv4 20, TCP 20, times 12
  TcpProgress out{info.tcpi_bytes_acked, info.tcpi_bytes_received, static_cast<std::uint64_t>(unread)};
  out.wire_in = info.tcpi_bytes_received + headers * info.tcpi_segs_in;
  out.wire_out = headers * info.tcpi_segs_out;
  const bool counts_again = size >= offsetof(tcp_info, tcpi_bytes_sent) + sizeof info.tcpi_bytes_sent;
  out.wire_out += counts_again ? info.tcpi_bytes_sent : info.tcpi_bytes_acked;
  out.on_the_way = info.tcpi_unacked > 0;
  return out;
}

void tune_link(int socket) {
  const int on = 1;
  const int unsent_bytes = 128 * 1024;  // fills 10 Mbit/s for 100 ms, while the loop does something else
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_bytes, sizeof unsent_bytes);
}

void hold_segments(int socket, bool hold) {
  const int on = hold ? 1 : 0;
  setsockopt(socket, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
}

#else

std::optional<TcpProgress> tcp_progress(int) { return std::nullopt; }
void tune_link(int) {}
void hold_segments(int, bool) {}

#endif

}  // namespace wasl
