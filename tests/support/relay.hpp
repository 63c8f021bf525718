#pragma once
// A bad line for tests: a TCP relay in user space that cuts, delays, slows down, freezes and counts.
// It runs on a thread of its own; its functions may be called from any thread.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>

namespace wasl::test {

struct RelayOptions {
  std::uint16_t to_port = 0;  ///< on 127.0.0.1
  // Up is from the one who connects to the relay. Cuts count the bytes of one connection and reset it.
  std::optional<std::uint64_t> cut_after{};  ///< both ways together
  std::optional<std::uint64_t> cut_after_up{};
  std::optional<std::uint64_t> cut_after_down{};
  std::uint64_t cuts_most = UINT64_MAX;  ///< further connections pass whole
  std::uint64_t rate_up = 0;             ///< bit/s, 0: as fast as it goes
  std::uint64_t rate_down = 0;
  std::chrono::milliseconds delay{0};  ///< each way
  bool once = false;                   ///< ends with its first connection
};

class Relay {
 public:
  explicit Relay(RelayOptions options);  ///< aborts when it cannot listen
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::uint64_t bytes_up() const { return bytes_up_; }  ///< forwarded, of all connections
  [[nodiscard]] std::uint64_t bytes_down() const { return bytes_down_; }
  [[nodiscard]] std::uint64_t connections() const { return connections_; }
  [[nodiscard]] bool ended() const { return ended_; }  ///< only with `once`

  void freeze(bool frozen) { frozen_ = frozen; }  ///< links stay open and nothing moves: half-open
  void cut() { cut_now_ = true; }                 ///< resets every connection that is open

 private:
  struct Link;
  void run();

  RelayOptions options_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::uint64_t> bytes_up_ = 0;
  std::atomic<std::uint64_t> bytes_down_ = 0;
  std::atomic<std::uint64_t> connections_ = 0;
  std::uint64_t cuts_ = 0;
  std::atomic<bool> frozen_ = false;
  std::atomic<bool> cut_now_ = false;
  std::atomic<bool> ended_ = false;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace wasl::test
