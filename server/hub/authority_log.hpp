#pragma once
// The log of `authority` read into what it says. Thread: the store's.
#include <vector>

#include "server/store/hub_store.hpp"
#include "shared/authority/authority_state.hpp"

namespace wasl {

/// One entry of `authority`, the next behind those that were applied.
Status apply_authority(const SegmentItem& item, Position position, AuthorityState& state,
                       std::vector<SignedStatement>& statements);

class AuthorityLog {
 public:
  /// Reads what has come since. Errors: corrupt.
  Status follow(HubStore& store, const NetworkId& network);
  [[nodiscard]] const AuthorityState& state() const { return state_; }
  [[nodiscard]] bool is_empty() const { return read_ == 0; }

 private:
  AuthorityState state_;
  std::vector<SignedStatement> statements_;
  Position read_ = 0;
};

}  // namespace wasl
