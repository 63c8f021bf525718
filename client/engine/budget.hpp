#pragma once
// How much an office may send and receive, and when. Pure: time and traffic go in.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/environment.hpp"
#include "shared/base/result.hpp"

namespace wasl {

struct ByteCounts {
  std::uint64_t down = 0;
  std::uint64_t up = 0;
  bool operator==(const ByteCounts&) const = default;
};

/// Bytes each way; nothing: no limit.
struct ByteLimits {
  std::optional<std::uint64_t> down;
  std::optional<std::uint64_t> up;
  bool operator==(const ByteLimits&) const = default;
};

/// Minutes of the day. Over midnight when `to` is not behind `from`.
struct Hours {
  int from = 0;
  int to = 0;
  bool operator==(const Hours&) const = default;
};

enum class Metered {
  yes,        ///< every link costs
  automatic,  ///< those that the system calls metered, and those of which it does not know
  no,         ///< none: nothing is counted and nothing ends
};

std::string_view to_word(Metered metered);  ///< "yes", "auto", "no"
std::optional<Metered> parse_metered(std::string_view word);

struct Budget {
  ByteLimits session, day, month;
  std::vector<Hours> hours;  ///< when a link may begin; none: always
  Metered metered = Metered::yes;
  std::string price;     ///< of a megabyte (1,000,000 bytes), a decimal number; empty: not known
  std::string currency;  ///< as the office writes it
  bool operator==(const Budget&) const = default;
};

/// What was used up. Another day or month than the clock's: nothing yet.
struct Usage {
  std::string day;    ///< "2026-11-28", by the machine's own time
  std::string month;  ///< "2026-11"
  ByteCounts of_day, of_month;
  std::uint64_t bits_per_second = 0;  ///< as sessions were measured; 0: none was long enough
};

/// Of the machine, in its own zone.
struct LocalTime {
  std::string day, month;
  int minute = 0;  ///< of the day
};
LocalTime local_time(Millis now);

struct Allowance {
  bool may_start = true;
  std::optional<std::uint64_t> down, up;  ///< bytes that this session may still use
  std::string why;                        ///< unless it may start: in words
  int minutes = 0;                        ///< … and until it may, as far as the clock tells
};
Allowance allowance(const Budget& budget, const Usage& usage, const LocalTime& now);

/// Whether a byte is worth more than the time to save it: the line was measured and is slow, or bytes are
/// counted against a limit or have a price.
bool is_thin(const Budget& budget, const Usage& usage, bool counts);

/// So far; nothing when the clock stands at another day or month.
ByteCounts used_today(const Usage& usage, const LocalTime& now);
ByteCounts used_this_month(const Usage& usage, const LocalTime& now);

/// Adds what a link used.
void add_usage(Usage& usage, const LocalTime& now, const ByteCounts& used);
/// A session long enough to tell how fast the line is.
void note_speed(Usage& usage, const ByteCounts& used, Millis took);

/// "500k", "2M", "1.5G", "none"; two of them as DOWN/UP. Errors: invalid_value.
Result<ByteLimits> parse_limits(std::string_view text);
/// "20:00-06:00,12:00-13:00", or "always". Errors: invalid_value.
Result<std::vector<Hours>> parse_hours(std::string_view text);
std::string to_text(const ByteLimits& limits);
std::string to_text(const std::vector<Hours>& hours);
/// What so many bytes cost, such as "0.37 USD"; empty when the price is not known.
std::string cost_words(const Budget& budget, std::uint64_t bytes);

}  // namespace wasl
