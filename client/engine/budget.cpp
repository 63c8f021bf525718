#include "client/engine/budget.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace wasl {
namespace {

constexpr int kMinutesOfDay = 24 * 60;
constexpr Millis kTellingMillis = 2'000;  // shorter sessions say more of the distance than of the line
constexpr std::uint64_t kTellingBytes = 8'000;
constexpr std::uint64_t kThinBitsPerSecond =
    1'000'000;  // above, a backlog is here before it is packed shorter

std::string number(double value) {
  std::array<char, 40> room{};
  const int size = std::snprintf(room.data(), room.size(), "%.1f", value);
  std::string out(room.data(), static_cast<std::size_t>(size));
  if (out.ends_with(".0")) out.resize(out.size() - 2);
  return out;
}

std::string amount(std::uint64_t bytes) {
  if (bytes >= 1'000'000'000) return number(static_cast<double>(bytes) / 1e9) + "G";
  if (bytes >= 1'000'000) return number(static_cast<double>(bytes) / 1e6) + "M";
  if (bytes >= 1'000) return number(static_cast<double>(bytes) / 1e3) + "k";
  return std::to_string(bytes);
}

Result<std::optional<std::uint64_t>> parse_amount(std::string_view text) {
  if (text == "none") return std::optional<std::uint64_t>();
  const auto bad = [&] {
    return fail(Errc::invalid_value, "'" + std::string(text) + "' is no amount of bytes",
                "write 500k, 2M or 1.5G, or none; two of them for receiving and sending: 20M/5M");
  };
  double value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (wrong != std::errc() || !(value > 0) || value > 1e12) return bad();
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const double times = unit.empty()                 ? 1
                       : unit == "k" || unit == "K" ? 1e3
                       : unit == "m" || unit == "M" ? 1e6
                       : unit == "g" || unit == "G" ? 1e9
                                                    : 0;
  const double bytes = value * times;
  if (bytes < 1 || bytes > 1e15) return bad();
  return std::optional(static_cast<std::uint64_t>(std::llround(bytes)));
}

std::optional<int> parse_minute(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  int hour = 0;
  int minute = 0;
  const char* const at = text.data();
  if (std::from_chars(at, at + 2, hour).ptr != at + 2) return std::nullopt;
  if (std::from_chars(at + 3, at + 5, minute).ptr != at + 5) return std::nullopt;
  if (hour < 0 || minute < 0 || minute > 59 || hour * 60 + minute > kMinutesOfDay) return std::nullopt;
  return hour * 60 + minute;
}

std::string clock_words(int minute) {
  std::array<char, 32> room{};
  const int size = std::snprintf(room.data(), room.size(), "%02d:%02d", minute / 60, minute % 60);
  return {room.data(), static_cast<std::size_t>(size)};
}

bool is_within(const Hours& hours, int minute) {
  if (hours.from < hours.to) return minute >= hours.from && minute < hours.to;
  return minute >= hours.from || minute < hours.to;
}

int minutes_until(const std::vector<Hours>& hours, int minute) {
  int least = kMinutesOfDay;
  for (const Hours& one : hours) least = std::min(least, (one.from - minute + kMinutesOfDay) % kMinutesOfDay);
  return least;
}

/// Lowers what may be used to what is left. @return false when nothing is.
bool narrow(std::optional<std::uint64_t>& most, const std::optional<std::uint64_t>& limit,
            std::uint64_t used) {
  if (!limit) return true;
  const std::uint64_t left = *limit > used ? *limit - used : 0;
  most = std::min(most.value_or(left), left);
  return left > 0;
}

/// The same for both ways. @return false when one of them has nothing left.
bool narrow(Allowance& out, const ByteLimits& limits, const ByteCounts& used) {
  const bool down_left = narrow(out.down, limits.down, used.down);
  const bool up_left = narrow(out.up, limits.up, used.up);
  return down_left && up_left;
}

}  // namespace

std::string_view to_word(Metered metered) {
  return metered == Metered::yes ? "yes" : metered == Metered::no ? "no" : "auto";
}

std::optional<Metered> parse_metered(std::string_view word) {
  for (const Metered one : {Metered::yes, Metered::automatic, Metered::no})
    if (word == to_word(one)) return one;
  return std::nullopt;
}

LocalTime local_time(Millis now) {
  const std::time_t seconds = now / 1000;
  std::tm parts{};
  localtime_r(&seconds, &parts);
  std::array<char, 32> room{};
  std::strftime(room.data(), room.size(), "%Y-%m-%d", &parts);
  const std::string day(room.data());
  return {day, day.substr(0, 7), parts.tm_hour * 60 + parts.tm_min};
}

Allowance allowance(const Budget& budget, const Usage& usage, const LocalTime& now) {
  Allowance out;
  if (budget.metered == Metered::no) return out;
  const auto until_midnight = kMinutesOfDay - now.minute;
  const auto no = [&](std::string why, int minutes) {
    out.may_start = false;
    out.why = std::move(why);
    out.minutes = minutes;
    return out;
  };
  const bool is_open =
      budget.hours.empty() || std::any_of(budget.hours.begin(), budget.hours.end(),
                                          [&](const Hours& one) { return is_within(one, now.minute); });
  if (!is_open) {
    const int wait = minutes_until(budget.hours, now.minute);
    return no("the hours for links are " + to_text(budget.hours) + "; the next begin at " +
                  clock_words((now.minute + wait) % kMinutesOfDay),
              wait);
  }
  const ByteCounts day = used_today(usage, now);
  const ByteCounts month = used_this_month(usage, now);
  narrow(out, budget.session, {});
  const bool day_left = narrow(out, budget.day, day);
  const bool month_left = narrow(out, budget.month, month);
  if (!month_left) {
    return no("the budget of this month is used up (" + amount(month.down) + "/" + amount(month.up) + " of " +
                  to_text(budget.month) + ")",
              until_midnight);
  }
  if (!day_left) {
    return no("the budget of this day is used up (" + amount(day.down) + "/" + amount(day.up) + " of " +
                  to_text(budget.day) + "); it goes on at midnight",
              until_midnight);
  }
  return out;
}

bool is_thin(const Budget& budget, const Usage& usage, bool counts) {
  if (usage.bits_per_second > 0 && usage.bits_per_second < kThinBitsPerSecond) return true;
  const auto is_set = [](const ByteLimits& limits) { return limits.down || limits.up; };
  return counts &&
         (is_set(budget.session) || is_set(budget.day) || is_set(budget.month) || !budget.price.empty());
}

ByteCounts used_today(const Usage& usage, const LocalTime& now) {
  return usage.day == now.day ? usage.of_day : ByteCounts();
}

ByteCounts used_this_month(const Usage& usage, const LocalTime& now) {
  return usage.month == now.month ? usage.of_month : ByteCounts();
}

void add_usage(Usage& usage, const LocalTime& now, const ByteCounts& used) {
  usage.of_day = used_today(usage, now);
  usage.of_month = used_this_month(usage, now);
  usage.day = now.day;
  usage.month = now.month;
  for (ByteCounts* sum : {&usage.of_day, &usage.of_month}) {
    sum->down += used.down;
    sum->up += used.up;
  }
}

void note_speed(Usage& usage, const ByteCounts& used, Millis took) {
  const std::uint64_t bytes = std::max(used.down, used.up);
  if (took < kTellingMillis || bytes < kTellingBytes) return;
  const std::uint64_t now = bytes * 8'000 / static_cast<std::uint64_t>(took);
  usage.bits_per_second = usage.bits_per_second == 0 ? now : (usage.bits_per_second * 3 + now) / 4;
}

Result<ByteLimits> parse_limits(std::string_view text) {
  const auto slash = text.find('/');
  ByteLimits out;
  WASL_LET(out.down, parse_amount(text.substr(0, slash)));
  out.up = out.down;
  if (slash != std::string_view::npos) {
    WASL_LET(out.up, parse_amount(text.substr(slash + 1)));
  }
  return out;
}

Result<std::vector<Hours>> parse_hours(std::string_view text) {
  std::vector<Hours> out;
  if (text == "always") return out;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string_view one = text.substr(at, end - at);
    const auto from = one.size() == 11 && one[5] == '-' ? parse_minute(one.substr(0, 5)) : std::nullopt;
    const auto to = from ? parse_minute(one.substr(6)) : std::nullopt;
    if (!to || *from == *to || *from == kMinutesOfDay) {
      return fail(Errc::invalid_value, "'" + std::string(one) + "' are no hours",
                  "write them as 20:00-06:00, several with a comma between, or always");
    }
    out.push_back({*from, *to});
    at = end + 1;
  }
  return out;
}

std::string to_text(const ByteLimits& limits) {
  const auto word = [](const std::optional<std::uint64_t>& one) {
    return one ? amount(*one) : std::string("none");
  };
  return limits.down == limits.up ? word(limits.down) : word(limits.down) + "/" + word(limits.up);
}

std::string to_text(const std::vector<Hours>& hours) {
  if (hours.empty()) return "always";
  std::string out;
  for (const Hours& one : hours)
    out += (out.empty() ? "" : ",") + clock_words(one.from) + "-" + clock_words(one.to);
  return out;
}

std::string cost_words(const Budget& budget, std::uint64_t bytes) {
  if (budget.price.empty()) return {};
  const double cost = std::strtod(budget.price.c_str(), nullptr) * static_cast<double>(bytes) / 1e6;
  std::array<char, 64> room{};
  const int size = std::snprintf(room.data(), room.size(), cost < 0.1 ? "%.4f" : "%.2f", cost);
  return std::string(room.data(), static_cast<std::size_t>(size)) +
         (budget.currency.empty() ? "" : " " + budget.currency);
}

}  // namespace wasl
