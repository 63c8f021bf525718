#pragma once
// Lets go of what nobody who is waited for can ask for any more (PROTOCOL.md section 21): a snapshot whose
// position the floor has reached becomes the base of its space's log, and the bodies before it go, a block at
// a time. Thread: the hub's.
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/hub/retention.hpp"
#include "shared/ledger/digest.hpp"
#include "shared/snapshot/manifest.hpp"

namespace wasl {

struct CompactionView {
  std::string space;
  Position size = 0;
  SpaceFloor floor;
  Position let_go = 0;                ///< of so many entries the header alone is kept
  Position goes = 0;                  ///< of so many it would be now; let_go: nothing goes
  std::uint64_t bytes = 0;            ///< stored, of the blocks whose bodies go, headers included
  std::uint64_t collected = 0;        ///< deleted records that have gone for good
  std::optional<std::uint64_t> dead;  ///< that would go now, if they were counted
  std::string waits;                  ///< for what, when nothing goes
};

class Compactor {
 public:
  Compactor(Hub& hub, SnapshotShelf shelf, const ledger::RetentionRules& rules)
      : hub_(hub), shelf_(std::move(shelf)), rules_(rules) {}

  /// @param all also where little would be won. @param counts deleted records that would go, too: a pass over
  /// the states of the spaces.
  Result<std::vector<CompactionView>> look(bool all, bool counts = false);
  /// One small piece of the work, in a transaction of its own: it may be left off behind any.
  /// @return false: nothing is left to do.
  Result<bool> step(bool all);

 private:
  /// A snapshot on its way to become the base.
  struct Copying {
    snapshot::Manifest manifest;
    std::size_t next = 0;  ///< piece
    std::vector<ledger::Bucket> buckets;
  };
  /// Personal values of a base.
  struct Values {
    std::string space;
    Position position = 0;
    std::size_t next = 0;  ///< piece
    std::set<Hash> commitments;
  };
  /// On the way through a base, looking for dead records.
  struct Collecting {
    std::string space;
    std::size_t next = 0;  ///< piece
  };
  struct Due {
    std::optional<snapshot::Manifest> manifest;
    std::string waits;
  };

  Result<Due> due(const std::string& space, const SpaceFloor& floor, bool all);
  Result<bool> step_of(const std::string& space, bool all);
  Result<bool> copy_some();
  Status lay();
  Result<bool> finish(const std::string& space, const LogBase& base);
  Status look_through(const std::string& space, const LogBase& base);
  Status drop_pieces(const std::string& space, const LogBase& base, const std::vector<Hash>& names);
  // Dead records of a base, which everybody who is waited for knows to be dead.
  using RecordNames = std::set<std::pair<std::uint32_t, std::string>>;
  Result<RecordNames> dead_of(const std::string& space, const Bytes& piece);
  Result<bool> collect_some(const std::string& space, const LogBase& base);
  Result<std::uint64_t> count_dead(const std::string& space, const Due& next,
                                   const std::optional<LogBase>& base);
  Result<bool> is_voided_since(const std::string& space, Position position);

  Hub& hub_;
  SnapshotShelf shelf_;
  ledger::RetentionRules rules_;
  std::optional<Copying> copying_;
  std::optional<Values> values_;
  std::optional<Collecting> collecting_;
  std::map<std::string, Position> looked_through_;  ///< bases whose dead records have gone
};

}  // namespace wasl
