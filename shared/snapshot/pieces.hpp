#pragma once
// The confirmed state of a space in pieces (PROTOCOL.md 20.1). Equal records make equal pieces, whoever cuts
// them. Pure values.
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/model/record_state.hpp"

namespace wasl::snapshot {

constexpr std::size_t kPieceBytes = 256 * 1024;   // raw, of several records; and of a part of the ground
constexpr std::size_t kRecordBytes = 768 * 1024;  // raw, of a record alone: with any luck a frame's share

/// BLAKE2b-256 of a piece's raw bytes.
Hash piece_name(ByteView raw);

/// By id.
using Records = std::vector<std::pair<std::string, RecordState>>;

/// Cuts records into pieces as they come.
class Cutter {
 public:
  /// @param piece takes each, raw, in order. Its errors are add()'s and finish()'s.
  explicit Cutter(std::function<Status(Bytes raw)> piece) : piece_(std::move(piece)) {}

  /// @pre ids rise in byte order, and the state exists. Errors: limit_exceeded (a record larger than a piece
  /// may be).
  Status add(std::string_view id, RecordState state);
  Status finish();

 private:
  Status cut();

  std::function<Status(Bytes raw)> piece_;
  Records records_;
  std::map<Source, std::uint64_t> sources_;  ///< of the records that wait
  std::size_t bytes_ = 0;
};

/// Errors: malformed.
Result<Records> decode_piece(ByteView raw);

/// A personal value where it stands in a record.
struct PersonalValue {
  std::uint32_t field = 0;
  Dot dot;
  Hash commitment;
};
std::vector<PersonalValue> personal_values(const RecordState& state);

}  // namespace wasl::snapshot
