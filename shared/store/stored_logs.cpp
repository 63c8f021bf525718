#include "shared/store/stored_logs.hpp"

#include "shared/store/log_store.hpp"

namespace wasl {
namespace {

constexpr std::size_t kKeptBytes = 8 * 1024 * 1024;  // some 600 imports of 100 rows each

std::size_t bytes_of(const LoggedSet& set) { return sizeof set + set.places.bytes(); }

}  // namespace

SpaceInfo* StoredLogs::existing(std::string_view space) {
  if (!spaces_.contains(space)) {
    const auto names = rows_.space_names();
    if (names) spaces_ = {names->begin(), names->end()};
    if (!spaces_.contains(space)) return nullptr;
  }
  const auto info = rows_.space(space);
  return info ? *info : nullptr;
}

Position StoredLogs::find(std::string_view space, const Source& source, Sequence sequence) {
  const SpaceInfo* const info = existing(space);
  if (info == nullptr) return 0;
  const auto row = rows_.find(source, sequence);
  return row && *row && (*row)->space == info->number ? (*row)->position : 0;
}

std::shared_ptr<const LoggedSet> StoredLogs::at(std::string_view space, Position position) {
  const Key key{std::string(space), position};
  if (const auto it = sets_.find(key); it != sets_.end()) return it->second;
  const SpaceInfo* const info = existing(space);
  if (info == nullptr || position == 0 || position > info->size) return nullptr;
  const auto blocks = rows_.read(space, position, 1, network_);
  if (!blocks || blocks->empty()) return nullptr;
  std::shared_ptr<const LoggedSet> found;
  Position next = blocks->front().first;
  for (const SegmentItem& item : blocks->front().items) {
    if (entry_of(item) == nullptr) continue;
    const Position here = next++;
    const ChangeSet* const set = effect_of(item);
    if (set == nullptr) continue;
    keep({key.first, here}, *set);
    if (here == position) found = sets_.at({key.first, here});
  }
  while (bytes_ > kKeptBytes && !order_.empty()) {
    const auto oldest = sets_.find(order_.front());
    bytes_ -= bytes_of(*oldest->second);
    sets_.erase(oldest);
    order_.pop_front();
  }
  return found;
}

void StoredLogs::keep(Key key, const ChangeSet& set) {
  if (sets_.contains(key)) return;
  auto logged = std::make_shared<LoggedSet>(LoggedSet{set.header, set.name, OperationPlaces(set.operations)});
  bytes_ += bytes_of(*logged);
  order_.push_back(key);
  sets_.emplace(std::move(key), std::move(logged));
}

std::optional<Hash> StoredLogs::root(std::string_view space, Position size) {
  const SpaceInfo* const info = existing(space);
  if (info == nullptr || size > info->size) return std::nullopt;
  const auto root = rows_.root(space, size);
  return root ? std::optional(*root) : std::nullopt;
}

void StoredLogs::forget() {
  spaces_.clear();
  sets_.clear();
  order_.clear();
  bytes_ = 0;
}

}  // namespace wasl
