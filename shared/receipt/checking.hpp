#pragma once
// Checks a receipt from the network statement alone: no replica, no hub, no network. Pure.
#include <string>
#include <vector>

#include "shared/authority/acts.hpp"
#include "shared/authority/statement.hpp"
#include "shared/ledger/note.hpp"
#include "shared/receipt/receipt.hpp"

namespace wasl {

/// One link of the chain by which somebody was allowed to write, the writer's own grant first.
struct RightLink {
  Hash name;
  GrantAct grant;
  Author issuer;
  bool issuer_is_registrar = false;
  Millis hub_time = 0;
};

struct CheckedChange {
  ChangeSet set;
  Position position = 0;
  Millis hub_time = 0;
  bool adopted = false;           ///< it takes effect by somebody else's act, and by their rights
  std::vector<RightLink> rights;  ///< of its author, or of who adopted it
};

struct CheckedReceipt {
  NetworkStatement statement;  ///< the newest one in the receipt
  Hash statement_hash;
  ledger::Checkpoint checkpoint;
  Millis as_of = 0;  ///< hub time of the leaf that covers the changes
  std::vector<ledger::Cosignature> witnesses;
  std::vector<CheckedChange> changes;  ///< in the order of the log
};

/// @param anchor hash of a network statement that the reader trusts: the first, which names the network, or a
/// later one. Every byte of the receipt counts: what nothing proves is refused. Errors: wrong_network (of
/// another network, or from before that statement), bad_signature, unauthorised (no right covers a change),
/// malformed, unsupported.
Result<CheckedReceipt> check_receipt(const Receipt& receipt, const Hash& anchor);

}  // namespace wasl
