#pragma once
// In which order a person needs the spaces that their office reads: what is their own before what is
// everybody's.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "shared/model/ids.hpp"

namespace wasl {

/// `authority` first, because all others rest on it; then association, committees, section, network, public.
constexpr int order_of_need(std::string_view space) {
  if (space == kAuthoritySpace) return 0;
  if (space.starts_with("association/")) return 1;
  if (space.starts_with("committee/")) return 2;
  if (space.starts_with("section/")) return 3;
  return space == kNetworkSpace ? 4 : 5;
}

inline void sort_by_need(std::vector<std::string>& spaces) {
  std::stable_sort(spaces.begin(), spaces.end(), [](const std::string& a, const std::string& b) {
    return order_of_need(a) < order_of_need(b);
  });
}

}  // namespace wasl
