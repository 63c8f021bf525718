#pragma once
// Confirmed records while one commit is being judged: read once, changed in a draft that a group keeps or
// drops as a whole, written once. Thread: the committer's; lives as long as one transaction.
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "server/store/hub_store.hpp"

namespace wasl {

class RecordCache {
 public:
  explicit RecordCache(HubStore& store) : store_(store) {}

  /// As the draft has it; null when unknown. A failure of the store is kept and reported by health().
  const RecordState* find(SpaceNumber space, std::string_view id);
  void apply(SpaceNumber space, const Operation& operation, const Placement& placement);
  /// The record is as if it had never been. @pre nothing of it is in a draft.
  void remove(SpaceNumber space, const std::string& id) { kept_[{space, id}] = RecordState(); }
  void keep_draft();
  void drop_draft() { draft_.clear(); }
  Status health() const;
  /// Writes what was kept, and which of it is in conflict.
  Status save(const Schema& schema);
  /// The same, and reads anew from then on.
  Status settle(const Schema& schema);

 private:
  using Key = std::pair<SpaceNumber, std::string>;
  HubStore& store_;
  std::map<Key, std::optional<RecordState>> known_;
  std::map<Key, RecordState> draft_;
  std::map<Key, RecordState> kept_;
  std::optional<Error> failed_;
};

/// Writes the records that `fallen` touched as they are without it.
Status save_without(HubStore& store, const std::string& space, const AuthorityState& authority,
                    const Schema& schema, const std::vector<FallenEntry>& fallen, const NetworkId& network);

}  // namespace wasl
