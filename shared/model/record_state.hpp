#pragma once
// A record's confirmed state as a pure function of the operations that its space's log accepted
// (engine rule: heads follow from lineage alone; policy decides what is shown).
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "shared/model/change_set.hpp"
#include "shared/model/description.hpp"
#include "shared/model/ids.hpp"

namespace wasl {

/// A value of a field that no known write supersedes.
struct Head {
  Dot dot;
  Stamp stamp;
  Millis effective = 0;  ///< min(stamp, hub time of the entry): the only time that ranks
  Value value;
  std::uint32_t level = 0;  ///< of the mandate under which it was written; 1 is the highest, 0 none
  bool operator==(const Head&) const = default;
};

struct Deletion {
  Dot dot;
  Stamp stamp;
  Millis effective = 0;
  std::vector<Dot> saw;  ///< rising
  bool operator==(const Deletion&) const = default;
};

/// When and by whom an operation was placed.
struct Placement {
  Dot dot;
  Stamp stamp;
  Millis effective = 0;
  std::uint32_t level = 0;
};

struct RecordState {
  std::uint32_t register_number = 0;
  std::map<Address, std::vector<Head>> heads;  ///< each list rising by dot, never empty
  std::vector<Deletion> deletions;             ///< rising by dot

  bool operator==(const RecordState&) const = default;

  /// Something is known of it; a delete alone stays when the creation that it saw was voided.
  [[nodiscard]] bool exists() const { return !heads.empty() || !deletions.empty(); }
  /// Dead when every head, creation and set elements included, is listed by some delete.
  [[nodiscard]] bool is_alive() const;
  /// Alive although somebody deleted it: an edit met the delete.
  [[nodiscard]] bool is_revived() const { return !deletions.empty() && is_alive(); }
  [[nodiscard]] bool holds(const Dot& dot) const;

  /// Applies one operation. A repeated one changes nothing. @return whether anything changed.
  bool apply(const Operation& operation, const Placement& placement);

  /// The winning head; nullptr when the address has none. @pre the field is no set.
  [[nodiscard]] const Head* shown(const Address& address, Policy policy = Policy::latest) const;
  /// Whether the element stands in its set.
  [[nodiscard]] bool has_element(const Address& address, Policy policy = Policy::set) const;
  /// Heads of more than one value; on a field of policy `authority` among those of the highest level.
  [[nodiscard]] bool is_conflict(const Address& address, Policy policy = Policy::latest) const;
  /// What others propose for a field of policy `authority`: heads of a lower level than the shown one's, and
  /// of another value.
  [[nodiscard]] std::vector<const Head*> proposals(const Address& address) const;
  /// What a plain write names: every known head whose value equals the shown one, and no other. On a field of
  /// policy `authority` that shows a higher level than the writer's: the writer's own newest proposal.
  [[nodiscard]] std::vector<Dot> authority_lineage(const Address& address, const Author& author,
                                                   std::uint32_t level) const;
  /// What a plain write names: every known head whose value equals the shown one, and no other.
  [[nodiscard]] std::vector<Dot> plain_lineage(const Address& address, Policy policy = Policy::latest) const;
  /// Every known head of the address (resolutions, removals), or of the record (deletes).
  [[nodiscard]] std::vector<Dot> all_dots(const Address& address) const;
  [[nodiscard]] std::vector<Dot> all_dots() const;
};

/// Whether mandate `a` stands above mandate `b`.
inline bool stands_above(std::uint32_t a, std::uint32_t b) { return a != 0 && (b == 0 || a < b); }

/// Ranks: effective time, then stamp, then dot. @return whether `a` wins over `b`.
bool outranks(const Head& a, const Head& b);

/// Covers existence and heads, nothing that a register's description decides.
Hash record_hash(std::string_view id, const RecordState& state);

/// Chains have short numbers inside one file; never on the wire.
class SourceNumbers {
 public:
  virtual ~SourceNumbers() = default;
  virtual std::uint64_t number_of(const Source& source) = 0;
  virtual const Source& source_of(std::uint64_t number) = 0;
};

/// Where a value is left out of the packed state because the row beside it holds it.
using ValueInRow = std::function<bool(const Address&, const Head&)>;
using ValueFromRow = std::function<Value(const Address&)>;

void encode_state(Writer& out, const RecordState& state, SourceNumbers& sources,
                  const ValueInRow& in_row = {});
Result<RecordState> decode_state(Reader& in, SourceNumbers& sources, const ValueFromRow& from_row = {});

}  // namespace wasl
