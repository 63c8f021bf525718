#pragma once
// Names and times of the engine: stamps, dots, addresses, spaces.
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/base/bytes.hpp"
#include "shared/base/environment.hpp"
#include "shared/base/packed.hpp"

namespace wasl {

using Author = PublicKey;
/// 1-based, gap-free along a chain.
using Sequence = std::uint64_t;
/// 1-based, gap-free along a space's log.
using Position = std::uint64_t;

/// Hybrid logical clock (Kulkarni et al. 2014): 48 bits of milliseconds, 16 of counter.
struct Stamp {
  std::uint64_t bits = 0;
  auto operator<=>(const Stamp&) const = default;
  [[nodiscard]] Millis millis() const { return static_cast<Millis>(bits >> 16); }
  static Stamp at(Millis ms) { return {static_cast<std::uint64_t>(ms < 0 ? 0 : ms) << 16}; }
  /// The next stamp of a clock that last gave `last`, at wall time `now`: strictly above `last`.
  static Stamp next(Stamp last, Millis now) {
    const Stamp wall = at(now);
    return wall > last ? wall : Stamp{last.bits + 1};
  }
};

/// Where a change set stands in its author's work: a chain belongs to one author and one space.
struct Source {
  Author author;
  ChainId chain;
  auto operator<=>(const Source&) const = default;
};

/// Names one operation for ever.
struct Dot {
  Source source;
  Sequence sequence = 0;
  std::uint32_t index = 0;
  auto operator<=>(const Dot&) const = default;
};

/// Where a value stands in a record: field number and key (language tag, set element's bytes, or empty).
/// Field 0 with an empty key is the record's existence.
struct Address {
  std::uint32_t field = 0;
  Bytes key;
  auto operator<=>(const Address&) const = default;
  [[nodiscard]] bool is_existence() const { return field == 0; }
};

constexpr std::string_view kAuthoritySpace = "authority";
constexpr std::string_view kPublicSpace = "public";
constexpr std::string_view kNetworkSpace = "network";

/// `authority`, `public`, `network`, or `section/ID`, `association/ID`, `committee/ID` with ID of
/// [a-z0-9-]{1,32}.
bool is_space_name(std::string_view space);
bool is_organisation_id(std::string_view id);
/// 1 to 64 bytes of UTF-8 without NUL and without `#`, which parts space and id in `SPACE#ID`.
bool is_record_id(std::string_view id);
/// Names and leaves of a private space are blinded in the shared log.
inline bool is_private_space(std::string_view space) {
  return space != kAuthoritySpace && space != kPublicSpace && space != kNetworkSpace;
}

}  // namespace wasl
