#pragma once
// The confirmed state of one space, computed anew from its log. Nothing that was made of the log before is
// believed. Thread: that of the store's Database; inside the caller's transaction.
#include <functional>
#include <map>
#include <string>

#include "shared/authority/authority_state.hpp"
#include "shared/store/log_store.hpp"

namespace wasl {

struct Replay {
  std::map<std::string, RecordState> records;  ///< as of what is applied
  std::uint64_t change_sets = 0;
  ledger::Frontier frontier;  ///< of all entries

  /// @param level of the mandate under which it was written.
  void apply(const ChangeSet& set, const ledger::Entry& entry, Level level);
  [[nodiscard]] Hash digest() const;
};

/// Checks bodies, chains and signatures on the way. Errors: corrupt, bad_signature.
/// @param authority says under which mandate each was written.
/// @param visit sees what takes effect on the way, what is voided later too.
Result<Replay> replay_space(
    LogStore& store, const SpaceInfo& info, const NetworkId& network, const AuthorityState& authority,
    const std::function<Status(Position, const ChangeSet&)>& visit = [](Position, const ChangeSet&) {
      return Status();
    });
/// Root of the first `size` entries, made of history alone. @pre size is at most the space's. Errors:
/// corrupt.
Result<Hash> root_of_history(LogStore& store, const SpaceInfo& info, Position size, const NetworkId& network);

}  // namespace wasl
