#include "shared/wire/snapshot_frames.hpp"

#include "shared/base/limits.hpp"
#include "shared/base/packed.hpp"
#include "shared/ledger/merkle.hpp"
#include "shared/wire/frame_form.hpp"

namespace wasl {

std::optional<SnapshotFrameKind> snapshot_frame_kind(ByteView frame_bytes) {
  if (frame_bytes.empty()) return std::nullopt;
  const auto kind = static_cast<SnapshotFrameKind>(frame_bytes[0]);
  switch (kind) {
    case SnapshotFrameKind::snapshot:
    case SnapshotFrameKind::piece:
    case SnapshotFrameKind::openings:
    case SnapshotFrameKind::begun:
    case SnapshotFrameKind::pieces:
      return kind;
  }
  return std::nullopt;
}

Bytes encode(const SnapshotFrame& snapshot) {
  Writer out = frame(SnapshotFrameKind::snapshot);
  out.sized(snapshot.manifest);
  out.fixed(snapshot.signature);
  out.varint(snapshot.backlog);
  out.varint(snapshot.consistency.size());
  for (const Hash& hash : snapshot.consistency) out.fixed(hash);
  out.raw(encode(snapshot.vouched));
  return out.take();
}

Result<SnapshotFrame> decode_snapshot(ByteView frame_bytes) {
  Reader in = body_of(frame_bytes);
  SnapshotFrame snapshot;
  snapshot.manifest = to_bytes(in.sized(limits::kFrameBytes));
  snapshot.signature = in.fixed<Signature>();
  snapshot.backlog = in.count(limits::kNumberMost);
  snapshot.consistency.resize(static_cast<std::size_t>(in.count(ledger::kProofHashesMax)));
  for (Hash& hash : snapshot.consistency) hash = in.fixed<Hash>();
  if (!in.ok()) return bad_frame("snapshot");
  WASL_LET(snapshot.vouched, decode_vouched(in.raw(in.left())));
  return snapshot;
}

Bytes encode(const PieceFrame& piece) {
  Writer out = frame(SnapshotFrameKind::piece);
  out.sized(piece.space);
  out.raw(piece.packed);
  return out.take();
}

Result<PieceFrame> decode_piece_frame(ByteView frame_bytes) {
  Reader in = body_of(frame_bytes);
  PieceFrame piece;
  piece.space = read_other_space(in);
  if (in.left() == 0 || in.left() > kPieceFrameBytes) in.fail();
  piece.packed = to_bytes(in.raw(in.left()));
  if (!in.finished()) return bad_frame("piece of a snapshot");
  return piece;
}

Bytes encode(const OpeningsFrame& openings) {
  Writer out = frame(SnapshotFrameKind::openings);
  out.sized(openings.space);
  out.raw(encode_openings(openings.openings));
  return out.take();
}

Result<OpeningsFrame> decode_openings_frame(ByteView frame_bytes) {
  Reader in = body_of(frame_bytes);
  OpeningsFrame openings;
  openings.space = read_other_space(in);
  if (!in.ok()) return bad_frame("list of openings");
  WASL_LET(openings.openings, decode_openings(in.raw(in.left())));
  if (openings.openings.empty()) return bad_frame("list of openings");
  return openings;
}

Bytes encode(const BegunFrame& begun) {
  Writer out = frame(SnapshotFrameKind::begun);
  out.sized(begun.space);
  out.varint(begun.position);
  return out.take();
}

Result<BegunFrame> decode_begun(ByteView frame_bytes) {
  Reader in = body_of(frame_bytes);
  BegunFrame begun;
  begun.space = read_other_space(in);
  begun.position = in.count(limits::kNumberMost);
  if (!in.finished()) return bad_frame("word where a space was begun");
  return begun;
}

Bytes encode(const PiecesFrame& pieces) {
  Writer out = frame(SnapshotFrameKind::pieces);
  out.sized(pieces.space);
  out.varint(pieces.names.size());
  for (const Hash& name : pieces.names) out.fixed(name);
  return out.take();
}

Result<PiecesFrame> decode_pieces(ByteView frame_bytes) {
  Reader in = body_of(frame_bytes);
  PiecesFrame pieces;
  pieces.space = read_other_space(in);
  const auto count = in.count(kPiecesOfFrame);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) pieces.names.push_back(in.fixed<Hash>());
  if (!in.finished() || pieces.names.empty()) return bad_frame("request for pieces of a snapshot");
  return pieces;
}

}  // namespace wasl
