#pragma once
// The one decision: may this change set stand at this place of the log? Pure; the hub asks when it gives a
// position, every replica asks again, and all get the same answer.
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/authority/authority_state.hpp"
#include "shared/model/record_state.hpp"

namespace wasl {

enum class Outcome : Byte { accepted = 1, held = 2, refused = 3, later = 4 };

/// Numbers are on the wire and never reused.
enum class Reason : Byte {
  none = 0,
  expired = 1,           ///< held: the grant's period is over; one renewal adopts it
  depends = 2,           ///< held: builds on work that has no place in the log
  gone = 3,              ///< held: an update of a record whose creation is unknown
  revoked = 4,           ///< held: the key was revoked
  no_grant = 10,         ///< refused: the grant named is unknown or of another key
  no_right = 11,         ///< refused: the grant does not cover this act in this space on this register
  lineage = 12,          ///< refused: a plain write that names heads of several values
  ledger = 13,           ///< refused: a ledger's entry is never changed or deleted
  fork = 14,             ///< refused: another change set stands at this place of the chain
  malformed = 15,        ///< refused: bytes that no honest program writes
  invitation_used = 16,  ///< refused: somebody used this invitation before
  bad_signature = 17,    ///< refused
  wrong_schema = 18,     ///< refused: written under a description that is not in force
  too_much_held = 19,    ///< later
  busy = 20,             ///< later
  void_act = 21,         ///< refused: the act names what does not exist or widens rights
  unsupported = 22,      ///< refused: of a newer version than whoever judges
  taken_back = 23,  ///< refused: its author discarded it before; an older copy of the office offers it again
  gap = 24,         ///< later: what stands before it in its chain is not here
  seen = 25,        ///< refused: the log that it names is not this one
  too_many_chains = 26,  ///< refused: the device has begun as many chains as a device may
  discarded_by = 27,     ///< refused: a person with that right has discarded it
  with_section = 28,     ///< later: a section's hub keeps it and carries it on; it has no place in the log
};
std::string_view to_word(Reason reason);
/// In plain English, with what to do.
std::string_view explain(Reason reason);

struct Verdict {
  Outcome outcome = Outcome::accepted;
  Reason reason = Reason::none;
  std::string detail;  ///< which operation, in words

  static Verdict accept() { return {}; }
  static Verdict hold(Reason reason, std::string detail = {}) {
    return {Outcome::held, reason, std::move(detail)};
  }
  static Verdict refuse(Reason reason, std::string detail = {}) {
    return {Outcome::refused, reason, std::move(detail)};
  }
};

/// The confirmed state of a record of the change set's space just before the entry; null when unknown.
using RecordLookup = std::function<const RecordState*(std::string_view id)>;

/// Whether the change set at this place of a chain has an entry in the space's log.
using LogLookup = std::function<bool(const Source& source, Sequence sequence)>;

/// Root of the first `size` entries of the change set's space or of `authority`; nothing when there were not
/// so many when it got its place.
using RootLookup = std::function<std::optional<Hash>(std::string_view space, Position size)>;

/// What lay before the change set.
struct Before {
  RecordLookup record;
  LogLookup in_log;
  RootLookup root;
};

/// @param at the entry's position in `authority`: what is newer does not count.
/// @param schema by which the caller judges as long as `authority` has published none.
/// @param hub_time the entry's time; periods are judged by it and by nothing else.
Verdict authorise(const ChangeSet& set, const AuthorityState& authority, Position at, const Schema& schema,
                  Millis hub_time, const Before& before);

/// What the change set adopts; nothing for any other.
std::optional<AdoptAct> adoption_of(const ChangeSet& set);

/// Whether others' work may take effect under the rights of whoever adopts it: the rules of records, asked of
/// the adopter's grant. @param adopter header of the change set that names it.
Verdict authorise_adoption(const ChangeSet& adopted, const Header& adopter, const AuthorityState& authority,
                           Position at, const Schema& schema, Millis hub_time, const Before& before);

}  // namespace wasl
