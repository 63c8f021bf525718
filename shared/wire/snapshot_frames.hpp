#pragma once
// The frames by which an office takes a snapshot of a space in the place of entries (PROTOCOL.md section
// 20): values and their bytes.
#include <string>
#include <vector>

#include "shared/wire/messages.hpp"

namespace wasl {

/// Beside the kinds of messages.hpp.
enum class SnapshotFrameKind : Byte {
  snapshot = 11,  ///< hub: the space can be begun from this; its entries wait for `begun`
  piece = 12,
  openings = 13,  ///< hub: of the piece that follows
  begun = 22,     ///< office: it stands there now, or wants the log from its first entry on
  pieces = 23,    ///< office: these are wanted, in this order
};
/// Nothing: it is none of these.
std::optional<SnapshotFrameKind> snapshot_frame_kind(ByteView frame);

/// In a hello's flags: the office can begin from a snapshot. An older hub passes over it.
constexpr Byte kHelloSnapshots = 128;

constexpr std::size_t kPiecesOfFrame = 64;
constexpr std::size_t kPieceFrameBytes = 1024 * 1024 - 256;  // packed: with its space it fits a frame
constexpr std::size_t kOpeningsOfFrameBytes = 256 * 1024;    // aimed at; one more opening fits behind it

struct SnapshotFrame {
  Bytes manifest;
  Signature signature;
  /// Of the entries from the office's cursor up to the manifest's position, about as they would travel; 0:
  /// they cannot be had any more.
  std::uint64_t backlog = 0;
  std::vector<Hash> consistency;  ///< of the space's log, from the cursor to the position; empty from 0 on
  Vouched vouched;                ///< the leaf that says root and digest at the manifest's position
};
Bytes encode(const SnapshotFrame& snapshot);
Result<SnapshotFrame> decode_snapshot(ByteView frame);

/// Its name is not said: who asked finds out whether these bytes have it.
struct PieceFrame {
  std::string space;
  Bytes packed;
};
Bytes encode(const PieceFrame& piece);
Result<PieceFrame> decode_piece_frame(ByteView frame);

struct OpeningsFrame {
  std::string space;
  std::vector<OpeningItem> openings;
};
Bytes encode(const OpeningsFrame& openings);
Result<OpeningsFrame> decode_openings_frame(ByteView frame);

struct BegunFrame {
  std::string space;
  Position position = 0;  ///< 0: the log is wanted, from the cursor on
};
Bytes encode(const BegunFrame& begun);
Result<BegunFrame> decode_begun(ByteView frame);

struct PiecesFrame {
  std::string space;
  std::vector<Hash> names;
};
Bytes encode(const PiecesFrame& pieces);
Result<PiecesFrame> decode_pieces(ByteView frame);

}  // namespace wasl
