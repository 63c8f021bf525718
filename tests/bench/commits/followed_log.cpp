#include "tests/bench/commits/followed_log.hpp"

#include <chrono>
#include <thread>

#include "server/store/postgres_connection.hpp"

namespace wasl::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kBehind =
    "SELECT e.position, e.hash FROM log_entry e JOIN log_space s ON s.no = e.space WHERE s.name = $1 AND "
    "e.position > $2 ORDER BY e.position LIMIT 5000";

}  // namespace

int run_reader(const std::string& address, Track& track, const Board& board) {
  std::unique_ptr<PostgresConnection> connection;
  std::uint64_t at = 0;
  for (;;) {
    const std::uint64_t final_size = board.final_size;
    if (final_size != 0 && at >= final_size) return 0;
    if (!connection || connection->is_lost()) {
      auto opened = PostgresConnection::open(address);
      connection = opened ? std::move(*opened) : nullptr;
    }
    const auto rows = connection ? connection->query(kBehind, PgValues::of(kFollowedSpace, at))
                                 : Result<PgRows>(fail(Errc::no_link, "not connected"));
    for (int i = 0; rows && i < rows->count(); ++i) {
      at = static_cast<std::uint64_t>(rows->int64(i, 0));
      track.see(at, Hash::from(rows->blob(i, 1)).value_or(Hash{}));
    }
    if (!rows || rows->empty()) std::this_thread::sleep_for(1ms);
  }
}

}  // namespace wasl::bench
