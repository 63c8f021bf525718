#include "tests/bench/commits/trouble.hpp"

#include <chrono>
#include <random>
#include <thread>

#include "server/store/postgres_connection.hpp"

namespace wasl::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kTerminate =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'wasl-hub' AND "
    "datname = current_database() ORDER BY random() LIMIT 1";
constexpr std::string_view kLockFence = "SELECT fence FROM hub_fence WHERE one = 1 FOR UPDATE";
constexpr std::string_view kLockSpace = "SELECT no FROM log_space WHERE name = 'network' FOR UPDATE";

}  // namespace

int make_trouble(const std::string& address, std::uint64_t seed, Board& board) {
  std::mt19937_64 dice(seed);
  std::unique_ptr<PostgresConnection> connection;
  while (!board.stop) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50 + dice() % 300));
    if (!connection || connection->is_lost()) {
      auto opened = PostgresConnection::open(address);
      if (!opened) continue;
      connection = std::move(*opened);
    }
    const auto kind = dice() % 4;
    if (kind == 0) {
      if (connection->query(kTerminate)) ++board.terminated;
      continue;
    }
    // A commit changes the space's row first and the fence last.
    bool done =
        connection->begin().has_value() && connection->query(kind == 1 ? kLockSpace : kLockFence).has_value();
    if (done && kind == 1) {
      std::this_thread::sleep_for(400ms);  // longer than a statement of a hub may take
      ++board.held_up;
    } else if (done) {
      std::this_thread::sleep_for(5ms);
      if (connection->query(kLockSpace)) ++board.crossed;
    }
    connection->roll_back();
  }
  return 0;
}

}  // namespace wasl::bench
