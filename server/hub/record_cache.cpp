#include "server/hub/record_cache.hpp"

#include "server/hub/conflicts.hpp"

namespace wasl {
namespace {

Status save_record(HubStore& store, SpaceNumber space, const std::string& id, const RecordState& state,
                   const Schema& schema) {
  if (!state.exists()) return store.remove_record(space, id);
  WASL_TRY(store.save_record(space, id, state));
  return store.note_conflict(space, id, conflict_since(state, schema.find(state.register_number)));
}

}  // namespace

const RecordState* RecordCache::find(SpaceNumber space, std::string_view id) {
  const Key key{space, std::string(id)};
  if (const auto it = draft_.find(key); it != draft_.end()) return &it->second;
  if (const auto it = kept_.find(key); it != kept_.end()) return &it->second;
  auto it = known_.find(key);
  if (it == known_.end()) {
    auto stored = store_.record(space, id);
    if (!stored) {
      failed_ = stored.error();
      return nullptr;
    }
    it = known_.emplace(key, std::move(*stored)).first;
  }
  return it->second ? &*it->second : nullptr;
}

void RecordCache::apply(SpaceNumber space, const Operation& operation, const Placement& placement) {
  const Key key{space, operation.id};
  auto it = draft_.find(key);
  if (it == draft_.end()) {
    const RecordState* state = find(space, operation.id);
    it = draft_.emplace(key, state != nullptr ? *state : RecordState()).first;
  }
  it->second.apply(operation, placement);
}

void RecordCache::keep_draft() {
  for (auto& [key, state] : draft_) kept_[key] = std::move(state);
  draft_.clear();
}

Status RecordCache::health() const {
  if (failed_) return tl::unexpected(*failed_);
  return {};
}

Status RecordCache::save(const Schema& schema) {
  for (const auto& [key, state] : kept_) WASL_TRY(save_record(store_, key.first, key.second, state, schema));
  kept_.clear();
  return {};
}

Status RecordCache::settle(const Schema& schema) {
  WASL_TRY(save(schema));
  known_.clear();
  return {};
}

Status save_without(HubStore& store, const std::string& space, const AuthorityState& authority,
                    const Schema& schema, const std::vector<FallenEntry>& fallen, const NetworkId& network) {
  WASL_LET(const auto records, store.records_without(space, authority, fallen, network));
  WASL_LET(const SpaceInfo* const info, store.space(space));
  // Ids first of those that are gone: another register may have one by now.
  for (const auto& [place, state] : records) {
    if (!state.exists()) WASL_TRY(store.remove_record(info->number, place.second));
  }
  for (const auto& [place, state] : records) {
    if (state.exists()) WASL_TRY(save_record(store, info->number, place.second, state, schema));
  }
  return {};
}

}  // namespace wasl
