#pragma once
// Whether a store holds what its network's hub has signed: computed again from the signed bytes. For a copy
// that is to be relied on; a hub that serves does the same piece by piece. Only reads.
#include <string>

#include "server/store/hub_store.hpp"

namespace wasl {

struct CheckedHistory {
  NetworkId network;
  std::string name;  ///< the network's
  std::uint64_t heads = 0;
  std::uint64_t spaces = 0;
  std::uint64_t entries = 0;
  std::uint64_t records = 0;
};

/// Signatures of authors and roots, names of change sets, roots of every log, states of all records, the log
/// of heads. @param note a signed checkpoint which the log of heads must continue; empty: none. @pre nobody
/// writes meanwhile. Errors: corrupt, in words that name the space; bad_signature; not_found (no network is
/// there).
Result<CheckedHistory> check_history(HubStore& store, const std::string& note);

}  // namespace wasl
