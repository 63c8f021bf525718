#pragma once
// Held and refused work, and what devices have applied, as every hub store keeps them in its rows.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/store/hub_store.hpp"

namespace wasl {

/// A row of held work. Views hold during the call that takes it.
struct KeptColumns {
  ByteView header, name, body, openings;
  std::optional<Sequence> run_last;
  ByteView signature;  ///< with `run_last`
  std::int64_t state = 0, reason = 0;
  std::string_view detail;
  Millis at = 0;
};
/// Errors: corrupt.
Result<KeptSet> decode_kept(const KeptColumns& row);

Bytes encode_applied(const std::vector<Cursor>& cursors);
std::vector<Cursor> decode_applied(ByteView bytes);

/// The names that begin so: the least and the greatest.
std::pair<Bytes, Bytes> names_between(ByteView first, std::optional<Byte> half);

tl::unexpected<Error> damaged_hub(std::string_view what);

/// The five columns of a ByAge, in the SQL of both; $1, $2 and $3 are a day, a week and a month ago. @param
/// at the column of times, in milliseconds.
std::string by_age_columns(std::string_view at);

}  // namespace wasl
