#pragma once
// A record of the replica: confirmed state, the office's own overlay, and what the tables show of both. The
// clock is its packed form in the row's trailing column. Pure.
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/replica/row_codec.hpp"
#include "shared/authority/acts.hpp"
#include "shared/model/record_state.hpp"

namespace wasl {

/// An own operation, or one that came without an entry: unsealed work never gets here.
struct OverlayOperation {
  Operation operation;
  Dot dot;
  Sequence sequence = 0;  ///< of the change set it stands in
  Source source;          ///< likewise; differs from the dot's after re-sealing
  Stamp stamp;
  Millis came_in = 0;
  Level level = 0;  ///< of the mandate under which it was written
};

/// A shown value that a remote change replaced lately: putting it back is a suspected stale write.
struct ReplacedValue {
  Address address;
  std::uint64_t value_hash = 0;
  Millis at = 0;

  /// Whoever puts it back a day later means it.
  [[nodiscard]] bool is_fresh(Millis now) const;
};

struct Record {
  std::string space;
  std::string id;
  RecordState confirmed;
  std::vector<OverlayOperation> overlay;
  std::vector<ReplacedValue> replaced;

  /// Confirmed state with the overlay laid over it. @param room where it is made when there is an overlay.
  [[nodiscard]] const RecordState& shown(RecordState& room) const;
  [[nodiscard]] bool exists() const { return confirmed.exists() || !overlay.empty(); }
  void drop_overlay(const Source& source, Sequence sequence);
  void drop_overlay(const Dot& dot);
};

std::uint64_t value_hash(const Value& plain);

/// @param row what the table shows beside this clock (nullptr: hidden record, everything is in the clock).
Bytes encode_clock(const Record& record, const PlainValues* row, SourceNumbers& sources, Millis now);
Result<Record> decode_clock(ByteView clock, std::string space, std::string id, const PlainValues* row,
                            SourceNumbers& sources);

/// The values that a person sees: winning heads by address, commitments replaced by what `open` gives (NULL
/// when it is erased). Set elements are in `elements`.
struct ShownValues {
  PlainValues values;
  std::set<Address> elements;
};
ShownValues shown_values(const RecordState& state, const Register& reg,
                         const std::function<Value(const Hash&)>& open);

}  // namespace wasl
