// Frames and parts of snapshots from a peer: whatever is taken is written back as the same bytes.
#include "shared/snapshot/ground.hpp"
#include "shared/snapshot/manifest.hpp"
#include "shared/snapshot/pieces.hpp"
#include "shared/wire/snapshot_frames.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

template <class T>
void same(const Result<T>& decoded, ByteView input) {
  if (decoded) expect_same(encode(*decoded), input);
}

void frame(ByteView input) {
  const auto kind = snapshot_frame_kind(input);
  if (!kind) return;
  switch (*kind) {
    case SnapshotFrameKind::snapshot:
      return same(decode_snapshot(input), input);
    case SnapshotFrameKind::piece:
      return same(decode_piece_frame(input), input);
    case SnapshotFrameKind::openings:
      return same(decode_openings_frame(input), input);
    case SnapshotFrameKind::begun:
      return same(decode_begun(input), input);
    case SnapshotFrameKind::pieces:
      return same(decode_pieces(input), input);
  }
}

/// A piece may spell a state otherwise than we would; what we write of it says the same.
void piece(ByteView input) {
  const auto records = snapshot::decode_piece(input);
  if (!records) return;
  snapshot::Records again;
  bool refused = false;
  snapshot::Cutter cutter([&](const Bytes& raw) -> Status {
    auto part = snapshot::decode_piece(raw);
    WASL_ASSERT(part.has_value());
    std::move(part->begin(), part->end(), std::back_inserter(again));
    return {};
  });
  for (const auto& [id, state] : *records) refused = refused || !cutter.add(id, state);
  if (refused) return;  // a record larger than one may be
  WASL_ASSERT(cutter.finish().has_value());
  WASL_ASSERT(again == *records);
}

}  // namespace

WASL_FUZZ(snapshot) {
  if (input.empty()) return;
  const ByteView rest = input.subspan(1);
  switch (input[0] % 4) {
    case 0:
      return frame(rest);
    case 1:
      return piece(rest);
    case 2:
      return same(snapshot::decode_ground(rest, kPublicSpace), rest);
    default:
      return same(snapshot::decode_manifest(rest), rest);
  }
}

}  // namespace wasl::fuzz
