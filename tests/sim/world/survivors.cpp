#include "tests/sim/world/survivors.hpp"

#include <algorithm>

namespace wasl::sim {
namespace {

constexpr std::string_view kMark = "tkn-";
constexpr std::size_t kDigits = 7;
constexpr std::size_t kLength = kMark.size() + kDigits + 3;

std::uint64_t number_of(std::string_view token) {
  return std::stoull(std::string(token.substr(kMark.size(), kDigits)));
}

/// Three letters follow its number: in compressed bytes the ends of two texts meet, and would be a third.
std::string token_of(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string out = std::string(kMark) + std::string(kDigits - digits.size(), '0') + digits;
  std::uint64_t check = number * 2'654'435'761 >> 8;
  for (int i = 0; i < 3; ++i, check /= 26) out += static_cast<char>('a' + check % 26);
  return out;
}

}  // namespace

std::string Survivors::token() { return token_of(++count_); }

void Survivors::saved(const Place& place, const std::string& token) {
  open_[place] = {token, number_of(token)};
}

void Survivors::deleted(const Place& gone, bool whole) {
  std::erase_if(open_, [&](const auto& one) {
    const Place& place = one.first;
    return place.office == gone.office && place.register_name == gone.register_name && place.id == gone.id &&
           (whole || place.field == gone.field);
  });
}

void Survivors::sealed(const std::string& office) {
  for (auto it = open_.begin(); it != open_.end();) {
    if (it->first.office != office) {
      ++it;
      continue;
    }
    kept_[it->second.first] = {it->first, it->second.second};
    it = open_.erase(it);
  }
}

void Survivors::excuse_unsealed(const std::string& office) {
  std::erase_if(open_, [&](const auto& one) { return one.first.office == office; });
}

void Survivors::excuse(const std::string& office, std::uint64_t after) {
  std::erase_if(open_, [&](const auto& one) { return one.first.office == office; });
  std::erase_if(
      kept_, [&](const auto& one) { return one.second.place.office == office && one.second.number > after; });
}

void Survivors::discarded(const std::set<std::string>& tokens) {
  std::erase_if(kept_, [&](const auto& one) { return tokens.contains(one.first); });
  std::erase_if(open_, [&](const auto& one) { return tokens.contains(one.second.first); });
}

std::vector<std::string> Survivors::missing(const std::set<std::string>& found) const {
  std::vector<std::string> out;
  const auto look = [&](const Place& place, const std::string& token) {
    if (found.contains(token)) return;
    out.push_back(token + " of " + place.register_name + " " + place.id + " " + place.field + ", saved by " +
                  place.office);
  };
  for (const auto& [token, kept] : kept_) look(kept.place, token);
  for (const auto& [place, open] : open_) look(place, open.first);
  return out;
}

void find_tokens(std::string_view bytes, std::set<std::string>& found) {
  for (std::size_t at = bytes.find(kMark); at != std::string_view::npos; at = bytes.find(kMark, at + 1)) {
    const std::string_view token = bytes.substr(at, kLength);
    if (token.size() != kLength) return;
    const std::string_view digits = token.substr(kMark.size(), kDigits);
    if (std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; }) &&
        token == token_of(number_of(token)))
      found.emplace(token);
  }
}

}  // namespace wasl::sim
