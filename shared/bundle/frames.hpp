#pragma once
// The frames that only bundles hold (PROTOCOL.md section 17.3): those of a session, each with what makes it
// stand alone where no session says who speaks. Values and their bytes.
#include <optional>
#include <vector>

#include "shared/wire/messages.hpp"

namespace wasl {

/// Their first byte; the others are FrameKind's.
constexpr Byte kCoveredFrame = 32;
constexpr Byte kAnswerFrame = 33;
constexpr Byte kHelloFrame = 34;

/// Entries, with the leaf of `heads` under which they stand: whoever carries them need not be believed.
struct Covered {
  Vouched vouched;
  std::vector<Hash> consistency;  ///< from the last entry's position to the leaf's size, in the space's log
  Bytes entries;                  ///< the frame of a session
};
Bytes encode(const Covered& covered);
Result<Covered> decode_covered(ByteView frame);

/// What the hub says to one device, signed by the log key: what became of its work, and that `heads` goes on
/// from the checkpoint that the device named.
struct Answer {
  PublicKey device;
  Millis hub_time = 0;
  Seen base;  ///< the checkpoint from which the proof goes on
  Proof proof;
  std::vector<VerdictItem> verdicts;
};
Bytes encode(const Answer& answer, const NetworkId& network, const crypto::KeyPair& log_key);
/// Errors: malformed, bad_signature.
Result<Answer> decode_answer(ByteView frame, const NetworkId& network, const PublicKey& log_key);

/// A hello (section 7.1), made for a bundle: its binding is bundle_binding().
Bytes encode_hello_frame(ByteView hello);
Result<Hello> decode_hello_frame(ByteView frame);
/// In the place of a channel's: a hello that was carried in a bundle opens no session, and the other way.
Hash bundle_binding(const NetworkId& network);

}  // namespace wasl
