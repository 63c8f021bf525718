#pragma once
// Gathers the woven runs of one space into blocks of the log. Thread: the committer's.
#include "server/hub/weaving.hpp"
#include "server/store/hub_store.hpp"

namespace wasl {

class BlockBuilder {
 public:
  /// @param size entries that the space's log has.
  BlockBuilder(std::string space, Position size) : size_(size) { block_.space = std::move(space); }

  /// The position that the next entry will get.
  [[nodiscard]] Position next() const { return size_ + 1; }
  /// Counts an entry that a later add() brings.
  void promise() { ++size_; }
  Status add(HubStore& store, WovenRun run);
  void add_opening(OpeningItem opening) { block_.openings.push_back(std::move(opening)); }
  Status flush(HubStore& store);

 private:
  Position size_;
  Segment block_;
  std::size_t bytes_ = 0;
};

}  // namespace wasl
