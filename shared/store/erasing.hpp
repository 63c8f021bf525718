#pragma once
// What erasures take away from stored and arriving work: the openings of personal values. Bodies, signatures,
// roots and digests hold commitments and stay as they are.
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/authority/authority_state.hpp"
#include "shared/store/log_store.hpp"
#include "shared/wire/segment.hpp"

namespace wasl {

/// Commitments, each with the mark of the record that it was listed for: another's value is not touched,
/// whatever an act lists.
using ErasedList = std::set<std::pair<Hash, Hash>>;

/// What erasures at positions of `authority` behind `after` and up to `until`, in force by `hub_time`, list
/// in the spaces.
std::map<std::string, ErasedList> erased_by(const AuthorityState& authority, Position after, Position until,
                                            Millis hub_time);

/// Whether the operation's personal value is erased by then.
bool is_erased(const AuthorityState& authority, const Header& header, const Operation& op, Millis hub_time);
/// Takes out of the list what of the change set is erased. @return whether there was any.
bool drop_erased(const AuthorityState& authority, const ChangeSet& set, Millis hub_time,
                 std::vector<OpeningItem>& openings);
/// The same for all that a segment brings.
void drop_erased(const AuthorityState& authority, Millis hub_time, Segment& segment);

/// Of a change set, the openings that the list names and that are those of its own values.
std::vector<Hash> listed_openings(const ErasedList& list, const ChangeSet& set,
                                  const std::vector<OpeningItem>& openings);

/// A record by register and id.
using RecordKey = std::pair<std::uint32_t, std::string>;
/// Deletes what is listed and stored for the space's log. @return the records whose values they were.
/// Errors: corrupt. Cost: one pass over the space's log.
Result<std::set<RecordKey>> erase_openings(LogStore& store, const SpaceInfo& info, const ErasedList& list,
                                           const NetworkId& network);

/// Every commitment that the space's log holds for the record.
Result<std::set<Hash>> commitments_of(LogStore& store, const SpaceInfo& info, std::string_view id,
                                      const NetworkId& network);
/// The change set's, added to `out`: of one record, or all.
void add_commitments(const ChangeSet& set, std::string_view id, std::set<Hash>& out);
void add_commitments(const ChangeSet& set, std::set<Hash>& out);
/// All that the space's log holds. Cost: one pass over it.
Status add_commitments(LogStore& store, const SpaceInfo& info, const NetworkId& network, std::set<Hash>& out);

}  // namespace wasl
