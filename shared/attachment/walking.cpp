#include "shared/attachment/walking.hpp"

#include <utility>

namespace wasl::attachment {

std::optional<Place> TreeWalk::next() {
  if (!std::exchange(begun_, true)) return Place{height_of(file_.size), 0, file_.root};
  while (!open_.empty() && open_.back().at * Hash::kSize == open_.back().list.size()) open_.pop_back();
  if (open_.empty()) return std::nullopt;
  Open& last = open_.back();
  const std::size_t n = last.at++;
  return Place{last.level, last.first + n, name_in(last.list, n)};
}

bool TreeWalk::enter(const Place& place, Bytes list) {
  if (place.level == 0 || !fits(place, list)) return false;
  open_.push_back({place.level - 1, place.index * kListNames, 0, std::move(list)});
  return true;
}

}  // namespace wasl::attachment
