#pragma once
// What a snapshot consists of (PROTOCOL.md 20.1). Pure values.
#include <string>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/model/ids.hpp"

namespace wasl::snapshot {

constexpr std::size_t kPiecesMost = 30'000;  // their names fill a frame; 1 GB of state and more

struct Manifest {
  std::string space;
  Position position = 0;     ///< of the space's log: the state behind this entry
  std::uint64_t leaf = 0;    ///< index in `heads` of the leaf that says root and digest there
  std::uint64_t bytes = 0;   ///< of all pieces, as they travel
  std::vector<Hash> ground;  ///< the parts of the ground, in order
  std::vector<Hash> pieces;  ///< in the order of the records' ids

  bool operator==(const Manifest&) const = default;
};

Bytes encode(const Manifest& manifest);
/// Errors: malformed.
Result<Manifest> decode_manifest(ByteView bytes);
/// What the hub's log key signs of it.
Bytes manifest_message(const NetworkId& network, ByteView manifest);

}  // namespace wasl::snapshot
