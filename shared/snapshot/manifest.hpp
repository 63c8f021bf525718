#pragma once
// What a snapshot consists of (PROTOCOL.md 20.1). Pure values.
#include <string>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/model/ids.hpp"

namespace wasl::snapshot {

constexpr std::size_t kPiecesMost = 28'000;  // they fill a frame; 1 GB of state and more

/// A piece, or a part of the ground.
struct Part {
  Hash name;
  std::uint64_t bytes = 0;  ///< as it travels

  bool operator==(const Part&) const = default;
};

struct Manifest {
  std::string space;
  Position position = 0;     ///< of the space's log: the state behind this entry
  std::uint64_t leaf = 0;    ///< index in `heads` of the leaf that says root and digest there
  std::vector<Part> ground;  ///< in order
  std::vector<Part> pieces;  ///< in the order of the records' ids

  bool operator==(const Manifest&) const = default;
  [[nodiscard]] std::vector<Part> parts() const;  ///< of the ground first
  [[nodiscard]] std::uint64_t bytes() const;      ///< of all of them
};

std::vector<Hash> names_of(const std::vector<Part>& parts);

Bytes encode(const Manifest& manifest);
/// Errors: malformed.
Result<Manifest> decode_manifest(ByteView bytes);
/// By which one is told from another.
Hash manifest_name(ByteView manifest);
/// What the hub's log key signs of it.
Bytes manifest_message(const NetworkId& network, ByteView manifest);

}  // namespace wasl::snapshot
