#pragma once
// What the system knows of a TCP connection and Asio does not ask. Linux; elsewhere the calls do nothing.
#include <cstdint>
#include <optional>

namespace wasl {

/// Bytes that have really moved: acknowledged by the peer's system, and received.
struct TcpProgress {
  std::uint64_t acknowledged = 0;
  std::uint64_t received = 0;
  std::uint64_t unread = 0;    ///< of received, what still waits in the system
  std::uint64_t wire_out = 0;  ///< with what was sent again, and the headers of TCP and IP
  std::uint64_t wire_in = 0;
  bool on_the_way = false;  ///< something of ours has left and is not acknowledged
};
std::optional<TcpProgress> tcp_progress(int socket);

/// Small messages leave at once, and little waits inside the system: what waits in our own queue can
/// still be counted, bounded and overtaken.
void tune_link(int socket);

/// While set only full segments leave, so that an answer and the messages behind it share them.
void hold_segments(int socket, bool hold);

}  // namespace wasl
