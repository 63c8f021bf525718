#pragma once
// The hub's share of bundles: what it takes from one goes the way of a push, what it gives is what a session
// would give, with the proof beside each frame. Thread: the hub's.
#include <optional>
#include <string>
#include <vector>

#include "server/hub/hub.hpp"
#include "shared/bundle/frames.hpp"

namespace wasl {

/// What was decided about the work that one frame brought.
struct TakenPush {
  std::uint64_t sets = 0;
  std::vector<VerdictItem> verdicts;  ///< fewer than `sets`: the rest of a group is still to come
};
/// Work without entries, whoever wrote it. Errors: malformed, bad_signature, unauthorised (of a key that the
/// network does not know), later (the hub recovers).
Result<TakenPush> take_bundled_push(Hub& hub, ByteView frame);

/// Where a device stands, by a bundle of its own: the next bundle for it goes on from there. An older one
/// changes nothing. @return whether it names a history that this hub has not signed: then the hub, or the
/// office, was restored from a copy. Errors: malformed, bad_signature, wrong_network, unauthorised.
Result<bool> note_bundled_hello(Hub& hub, ByteView frame);
Result<std::optional<Hello>> bundled_hello(Hub& hub, const PublicKey& device);

struct CoveredFrame {
  Bytes frame;
  Position last = 0;
  std::size_t entries = 0;
  bool has_openings = false;
};
/// Entries of a space from here on. @pre the log has them.
Result<CoveredFrame> covered_frame(Hub& hub, const std::string& space, Position from);
/// The proof of the space's newest leaf; nothing of a space without entries.
Result<std::optional<Bytes>> vouched_frame(Hub& hub, const std::string& space);
/// What became of the device's held and refused work, and that `heads` goes on from its checkpoint.
Result<std::vector<Bytes>> answer_frames(Hub& hub, const PublicKey& device);

}  // namespace wasl
