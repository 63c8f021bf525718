#include "tests/sim/world/survivors.hpp"

#include <algorithm>

namespace wasl::sim {
namespace {

constexpr std::string_view kMark = "tkn-";
constexpr std::size_t kLength = 11;

std::uint64_t number_of(const std::string& token) { return std::stoull(token.substr(kMark.size())); }

}  // namespace

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
    const bool whole = token.size() == kLength && std::all_of(token.begin() + kMark.size(), token.end(),
                                                              [](char c) { return c >= '0' && c <= '9'; });
    if (whole) found.emplace(token);
  }
}

}  // namespace wasl::sim
