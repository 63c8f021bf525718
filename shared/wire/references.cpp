#include "shared/wire/references.hpp"

#include "shared/base/limits.hpp"

namespace wasl {

Position References::to(const Source& source, Sequence sequence) {
  const auto [it, is_new] = found_.try_emplace({source, sequence}, 0);
  if (is_new) {
    const Position position = logs_.find(space_, source, sequence);
    if (position <= upto_) it->second = position;
  }
  return it->second != 0 && at(it->second) != nullptr ? it->second : 0;
}

Position References::to(const Dot& dot, const Operation& of) {
  const Position position = to(dot.source, dot.sequence);
  if (position == 0) return 0;
  const auto place = at(position)->places.at(dot.index);
  return place && place->is_of(of) ? position : 0;
}

bool References::is_known(const Seen& seen, std::string_view of_space) {
  if (of_space == space_ && seen.size > upto_) return false;
  return root(of_space, seen.size) == seen.root;
}

const LoggedSet* References::at(Position position) {
  const auto it = sets_.find(position);
  if (it != sets_.end()) return it->second.get();
  if (sets_.size() >= limits::kReferences) return nullptr;
  auto set = logs_.at(space_, position);
  if (set == nullptr) return nullptr;
  return sets_.emplace(position, std::move(set)).first->second.get();
}

std::optional<Hash> References::root(std::string_view of_space, Position size) {
  if (size == 0) return Hash{};
  return logs_.root(of_space, size);
}

}  // namespace wasl
