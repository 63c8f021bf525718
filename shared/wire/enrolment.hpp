#pragma once
// The change set by which a device takes up an invitation (PROTOCOL.md section 6.4). Pure.
#include "shared/authority/authority_state.hpp"
#include "shared/base/environment.hpp"
#include "shared/crypto/crypto.hpp"
#include "shared/wire/segment.hpp"

namespace wasl {

struct Enrolment {
  NetworkId network;
  const crypto::KeyPair& invitation;
  const crypto::KeyPair& device;
  PublicKey sealing_key;
  Hash schema;
  Seen seen;  ///< of `authority`, as the hub proved it
};
/// A push, signed by the invitation's key. Errors: unauthorised (unknown to the network), conflict (used).
Result<Segment> make_enrolment(const Enrolment& enrolment, const AuthorityState& authority, Millis now,
                               Random& random);

}  // namespace wasl
