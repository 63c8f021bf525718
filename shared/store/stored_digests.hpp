#pragma once
// The state digests of the spaces: what was noted of records since, in memory, and the stored buckets.
#include <map>
#include <utility>
#include <vector>

#include "shared/ledger/digest.hpp"
#include "shared/store/row_store.hpp"

namespace wasl {

class StoredDigests {
 public:
  explicit StoredDigests(RowStore& rows) : rows_(&rows) {}

  /// A zero hash: the record is as if it had never been.
  void note(SpaceNumber space, std::string_view id, const Hash& hash);
  [[nodiscard]] std::size_t noted() const { return noted_count_; }
  /// Counts up when notes were dropped unwritten.
  [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }
  /// Writes what was noted.
  Status flush();
  /// @pre nothing is noted of the space.
  Result<Hash> root(SpaceNumber space);
  /// The space's stored buckets are gone.
  void drop(SpaceNumber space) { digests_.erase(space); }
  void forget();

 private:
  struct StateDigest {
    ledger::DigestTree tree;
    bool current = false;  ///< what is stored was read since forget()
  };
  RowStore* rows_;
  std::map<SpaceNumber, StateDigest> digests_;
  std::map<std::pair<SpaceNumber, unsigned>, std::vector<std::pair<Hash, Hash>>> noted_;
  std::size_t noted_count_ = 0;
  std::uint64_t forgotten_ = 0;
};

}  // namespace wasl
