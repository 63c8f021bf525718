#pragma once
// What both ends of a link hold alike: entries of logs that stand. A frame may refer to them instead of
// saying again what they say (PROTOCOL.md section 5.3). Pure: whoever stores logs implements it.
#include <memory>
#include <optional>
#include <string_view>

#include "shared/model/operation_places.hpp"

namespace wasl {

/// A change set that has its place in a log, as far as others refer to it.
struct LoggedSet {
  Header header;
  Hash name;
  OperationPlaces places;
};

/// An answer of nothing may also mean that the store failed: whoever needs it asks for the whole form.
class KnownLogs {
 public:
  virtual ~KnownLogs() = default;
  /// Where the change set has its place in the space's log; 0: it has none.
  virtual Position find(std::string_view space, const Source& source, Sequence sequence) = 0;
  /// The change set that has its place there; null: there is none.
  virtual std::shared_ptr<const LoggedSet> at(std::string_view space, Position position) = 0;
  /// Root of the space's first `size` entries; nothing when there are fewer.
  virtual std::optional<Hash> root(std::string_view space, Position size) = 0;
};

}  // namespace wasl
