#pragma once
// What the processes of one run tell each other, in memory that they share. A process may be killed between
// any two of its writes: each cell is whole by itself.
#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstdint>

#include "shared/base/bytes.hpp"

namespace wasl::bench {

constexpr std::size_t kHubsMost = 8;
constexpr std::size_t kLivesOfHub = 60;  // each begins a chain a device: fewer than a device may have
constexpr std::size_t kDevicesOfHub = 4;
constexpr std::size_t kReadersMost = 4;

/// What a reader has seen of one log, from position 1 on.
class Track {
 public:
  struct Seen {
    std::uint64_t count = 0;
    std::uint64_t digest = 0;  ///< of the entries' names in their order
  };
  /// @return whether the position is the one that comes next; if not it is counted as skipped or repeated.
  bool see(std::uint64_t position, const Hash& name) {
    const Seen before = seen();
    if (position != before.count + 1) {
      ++(position > before.count ? skipped : repeated);
      return false;
    }
    const unsigned other = 1 - current_.load();
    seen_[other] = {position, after(before.digest, name)};
    current_.store(other);
    return true;
  }
  [[nodiscard]] Seen seen() const { return seen_[current_.load()]; }
  static std::uint64_t after(std::uint64_t digest, const Hash& name) {
    for (std::size_t i = 0; i < 8; ++i) digest = (digest ^ name.bytes[i]) * 1099511628211ULL;  // FNV-1a
    return digest;
  }
  std::atomic<std::uint64_t> skipped{0}, repeated{0};

 private:
  std::array<Seen, 2> seen_{};
  std::atomic<unsigned> current_{0};
};

/// One life of a hub's process, from its start until it ends or is killed.
struct Life {
  Track track;
  std::array<std::atomic<std::uint64_t>, kDevicesOfHub> acknowledged{};  ///< change sets of each chain
  std::array<ChainId, kDevicesOfHub> chains{};
};

struct HubCell {
  std::atomic<bool> leads{false}, resign{false};
  std::atomic<std::uint64_t> reopened{0};
  std::array<Life, kLivesOfHub> lives{};
};

struct Board {
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> final_size{0};  ///< not 0: readers go on up to it, and end
  std::atomic<std::uint64_t> acknowledged{0}, terminated{0}, crossed{0}, held_up{0};
  std::atomic<bool> refused{false};
  std::array<HubCell, kHubsMost> hubs{};
  std::array<Track, kReadersMost> readers{};
};

}  // namespace wasl::bench
