#pragma once
// What the hub asks of a push before it is judged, over a link or from a bundle. Pure.
#include "shared/authority/authority_state.hpp"
#include "shared/wire/segment.hpp"

namespace wasl {

/// Carrying needs no trust: each run is its author's by the signature. But the author is somebody: a device
/// of the network, revoked or not, or a person. An invitation carries its own enrolment alone.
bool may_carry(const AuthorityState& authority, const PublicKey& carrier, const PublicKey& author);

/// Who carries a header alone could else take back what is not theirs: its author says so under a signature.
bool is_taken_back(const StandInItem& item, const NetworkId& network);

/// A push holds change sets of those whom the key may carry, without entries, every header is covered by a
/// signature that is right, and where a body is missing its author took it back. Errors: malformed,
/// unauthorised, bad_signature.
Status check_push(const Segment& push, const PublicKey& carrier, const AuthorityState& authority,
                  const NetworkId& network);

}  // namespace wasl
