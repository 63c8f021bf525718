#include "server/app/times.hpp"

#include <charconv>
#include <chrono>
#include <optional>
#include <string>

namespace wasl {
namespace {

/// Digits at the beginning, taken off.
std::optional<int> number(std::string_view& text, std::size_t digits) {
  int value = 0;
  if (text.size() < digits) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
  if (error != std::errc() || end != text.data() + digits || text[0] == '-') return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char what) {
  if (text.empty() || text.front() != what) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Millis> day_of(std::string_view& text) {
  const auto year = number(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = number(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = number(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * Millis{86'400'000};
}

/// HH:MM as milliseconds.
std::optional<Millis> clock_of(std::string_view& text) {
  const auto hours = number(text, 2);
  if (!hours || *hours > 23 || !take(text, ':')) return std::nullopt;
  const auto minutes = number(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  return (Millis{*hours} * 60 + *minutes) * 60'000;
}

std::optional<Millis> moment_of(std::string_view text) {
  const auto day = day_of(text);
  if (!day || text.empty()) return day;
  if (!take(text, 'T') && !take(text, ' ')) return std::nullopt;
  const auto clock = clock_of(text);
  if (!clock) return std::nullopt;
  Millis moment = *day + *clock;
  if (take(text, ':')) {
    const auto seconds = number(text, 2);
    if (!seconds || *seconds > 59) return std::nullopt;
    moment += Millis{*seconds} * 1000;
    Millis unit = 100;
    if (take(text, '.')) {
      for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), unit /= 10)
        moment += (text[0] - '0') * unit;
    }
  }
  if (text.empty() || text == "Z") return moment;
  const Millis sign = text[0] == '+' ? -1 : text[0] == '-' ? 1 : 0;
  text.remove_prefix(1);
  const auto offset = clock_of(text);
  if (sign == 0 || !offset || !text.empty()) return std::nullopt;
  return moment + sign * *offset;
}

}  // namespace

Result<Millis> parse_time(std::string_view text) {
  Millis millis = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), millis);
  if (error == std::errc() && end == text.data() + text.size() && millis >= 0) return millis;
  if (const auto moment = moment_of(text)) return *moment;
  return fail(Errc::invalid_value, "'" + std::string(text) + "' is no time",
              "write 2026-11-20, or 2026-11-20T08:00:00Z");
}

}  // namespace wasl
