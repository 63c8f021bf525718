#pragma once
// The judge: what the records, the conflicts and the state digest of a space must be, and what an office's
// tables must then show. Written from PROTOCOL.md sections 8 and 9 and from nothing else, with no shortcut,
// so that the programs and the judge can only agree by both being right. Pure but for `compare_rows`, which
// reads.
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/base/environment.hpp"
#include "shared/model/change_set.hpp"
#include "shared/model/description.hpp"

struct sqlite3;

namespace wasl::sim {

/// A change set that takes effect at an entry: accepted or adopted there.
struct PlacedSet {
  const ChangeSet* set = nullptr;
  Position position = 0;
  Millis hub_time = 0;
  bool adopted = false;
  bool voided = false;     ///< a later entry says so: section 6.6, as if it had not been
  Position authority = 0;  ///< of the entry: up to where the log of `authority` counted
  Position voided_at = 0;
};
/// An entry of `collect`: from then on these records, by register and id, are as if they had never been.
struct PlacedList {
  Position position = 0;
  Position floor = 0;
  std::vector<std::pair<std::uint32_t, std::string>> records;
};
/// A change set without an entry (unsent, held or refused).
struct OverlaySet {
  const ChangeSet* set = nullptr;
  Millis came_in = 0;
};

struct JudgedHead {
  Dot dot;
  Value value;  ///< null at existence and for elements of a set
  Millis effective = 0;
  Stamp stamp;
};
/// What stands at one address.
struct JudgedField {
  std::vector<JudgedHead> heads;     ///< rising by dot, at least one
  std::size_t shown = 0;             ///< index in `heads`
  bool conflict = false;             ///< heads of more than one value
  const Field* described = nullptr;  ///< null: existence, or a field of a newer version
};
struct JudgedDelete {
  Dot dot;
  std::vector<Dot> listed;
};
struct JudgedRecord {
  std::uint32_t register_number = 0;
  std::string id;
  bool alive = false;
  bool revived = false;                   ///< alive against a delete
  std::map<Address, JudgedField> fields;  ///< existence too; addresses without a head are not in it
  std::vector<JudgedDelete> deletes;      ///< rising by dot
  const Register* described = nullptr;    ///< null: a register of a newer version
};
/// Of one space, dead ones too, by register and id.
using JudgedRecords = std::map<std::pair<std::uint32_t, std::string>, JudgedRecord>;
/// By the name of the space.
using JudgedSpaces = std::map<std::string, JudgedRecords>;

/// The state that follows from the log alone. @param placed in the order of the log.
/// @param schema must outlive the result.
/// @param collected in the order of the log.
JudgedRecords confirmed(const Schema& schema, const std::vector<PlacedSet>& placed,
                        const std::vector<PlacedList>& collected = {});
/// Section 21.5: every listed record that was not dead then, or not by what stands up to the floor, in words.
std::vector<std::string> wrongly_collected(const Schema& schema, const std::vector<PlacedSet>& placed,
                                           const std::vector<PlacedList>& collected);
/// The state that the office's tables show. @param overlay in the order it was sealed.
JudgedRecords shown(const Schema& schema, const std::vector<PlacedSet>& placed,
                    const std::vector<OverlaySet>& overlay, const std::vector<PlacedList>& collected = {});

Hash record_hash(const JudgedRecord& record);
/// State digest of a space. @param records as `confirmed` gives them.
Hash digest(const JudgedRecords& records);

struct JudgedConflict {
  std::uint32_t register_number = 0;
  std::string id;
  Address address;
  auto operator<=>(const JudgedConflict&) const = default;
};
/// What must be listed: the conflicts of living records in fields that the schema describes.
std::vector<JudgedConflict> conflicts(const JudgedRecords& records);

/// The value behind a commitment; nothing: the opening is missing or erased, and SQL shows NULL.
using Openings = std::function<std::optional<Value>(const Hash& commitment)>;

/// Every difference, in words, between the judged shown state and the registers' tables of a replica.db in
/// which nothing waits to be sealed. Values are compared, not their spelling.
/// @param spaces those that the office may read, and those where it wrote without a right.
/// @param language of plain text in multilingual columns.
std::vector<std::string> compare_rows(const Schema& schema, const JudgedSpaces& spaces, sqlite3* replica,
                                      const Openings& openings, std::string_view language = "und");

/// A line of an office's list of conflicts.
struct ListedConflict {
  std::string register_name, space, id, field, key;
  auto operator<=>(const ListedConflict&) const = default;
};
/// Whether the value of this record is erased by now.
using IsErased = std::function<bool(const std::string& space, const std::string& id, const Hash& commitment)>;
/// Every conflict that is listed and must not be, or must be and is not, in words. One of erased values alone
/// is not listed: section 6.7.
std::vector<std::string> compare_conflicts(
    const JudgedSpaces& spaces, const std::vector<ListedConflict>& listed,
    const IsErased& is_erased = [](const auto&, const auto&, const Hash&) { return false; });

}  // namespace wasl::sim
