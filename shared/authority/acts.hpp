#pragma once
// Acts: the operations of the space `authority`. They name keys, organisations, rights, periods and reason
// codes, never people.
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/environment.hpp"
#include "shared/base/limits.hpp"
#include "shared/base/result.hpp"
#include "shared/model/ids.hpp"
#include "shared/model/value.hpp"

namespace wasl {

/// A set of rights; `read` is by whole space.
using Rights = std::uint32_t;
constexpr Rights kRead = 1;
constexpr Rights kWrite = 2;
constexpr Rights kReview = 4;
constexpr Rights kPublish = 8;
constexpr Rights kGrant = 16;
constexpr Rights kAdmin = 32;

/// A node of the tree of organisations. Sections and associations bring a space of their id.
struct OrganisationAct {
  std::string id;
  std::string kind;
  std::string parent;  ///< empty at the top
  std::string name;
  bool operator==(const OrganisationAct&) const = default;
};

enum class GrantKind : Byte { device = 1, invitation = 2, person = 3 };

/// Stands in a clause for all spaces, those to come too.
constexpr std::string_view kEverySpace = "*";

/// A clause holds for those records only whose field of this name has one of these values.
struct LabelLimit {
  std::string name;           ///< of a field that the register's description calls a label
  std::vector<Value> values;  ///< rising, at least one
  bool operator==(const LabelLimit&) const = default;
};

/// What one clause allows: these rights, in these spaces, on these registers (none named: all), on records
/// with these labels (none named: all records).
struct Clause {
  Rights rights = 0;
  std::vector<std::string> spaces;
  std::vector<std::uint32_t> registers;
  std::vector<LabelLimit> labels{};  ///< by name rising
  bool operator==(const Clause&) const = default;
};

/// Rank of a mandate: 1 is the highest, 0 no mandate and the lowest.
using Level = std::uint32_t;

constexpr std::uint32_t kNeedsAcceptance = 1;  ///< void until its grantee accepts it
constexpr std::uint32_t kWhileHeld = 2;        ///< valid only as long as the grant under which it was issued
constexpr std::uint32_t kNeedsConfirmation =
    4;  ///< void until somebody has compared its grantee's fingerprint
constexpr std::uint32_t kGrantFlags = kNeedsAcceptance | kWhileHeld | kNeedsConfirmation;

struct GrantAct {
  GrantKind kind = GrantKind::device;
  PublicKey grantee;
  std::string organisation;  ///< of a person also empty: the network as a whole
  std::string role;          ///< a label for people
  std::vector<Clause> clauses;
  Millis from = 0;
  Millis until = 0;  ///< 0: no end
  std::uint32_t depth = 0;
  std::uint32_t flags = 0;
  Level level = 0;
  std::string mandate{};  ///< SPACE#ID of its record, or empty
  std::string reason{};   ///< a code, or empty

  /// Of an invitation the flag speaks of what it passes on.
  [[nodiscard]] bool needs_confirmation() const {
    return (flags & kNeedsConfirmation) != 0 && kind != GrantKind::invitation;
  }
  bool operator==(const GrantAct&) const = default;
};

/// Its grantee takes up what was offered.
struct AcceptAct {
  Hash grant;
  bool operator==(const AcceptAct&) const = default;
};

enum class EndReason : Byte { laid_down = 1, withdrawn = 2, replaced = 3, mandate_over = 4 };
std::string_view to_word(EndReason reason);
/// A grant ends here: for its grantee, for who works under it, and for what was issued under it "while held".
struct EndAct {
  Hash grant;
  EndReason reason = EndReason::withdrawn;
  bool operator==(const EndAct&) const = default;
};

/// The key that took up an invitation is that of the device that was meant: somebody compared its
/// fingerprint.
struct ConfirmAct {
  Hash grant;
  bool operator==(const ConfirmAct&) const = default;
};

/// A device takes up an invitation: signed by the invitation's key, and by the device for its own.
struct EnrolAct {
  PublicKey device;
  PublicKey sealing_key;  ///< X25519, for sealed bundles
  Signature proof;        ///< by the device key over `enrol_message`
  bool operator==(const EnrolAct&) const = default;
};
Bytes enrol_message(const NetworkId& network, const PublicKey& invitation, const PublicKey& sealing_key);

enum class RevocationReason : Byte { lost = 1, left = 2, compromised = 3 };
struct RevokeAct {
  PublicKey key;
  RevocationReason reason = RevocationReason::left;
  Millis since = 0;  ///< compromised: entries from this hub time on are voided
  bool operator==(const RevokeAct&) const = default;
};

constexpr std::size_t kNamesOfAct = 256;  // change sets or commitments that one act names: one commit

enum class DiscardReason : Byte { unwanted = 1, duplicate = 2, mistaken = 3, harmful = 4 };
/// Ends the waiting of others' held or refused work: the hub keeps header and reason as evidence.
struct DiscardAct {
  std::string space;
  std::vector<Hash> names;
  DiscardReason reason = DiscardReason::unwanted;
  bool operator==(const DiscardAct&) const = default;
};

/// The device hands over what it has not sent, and then destroys its keys and files.
struct WipeAct {
  PublicKey device;
  bool operator==(const WipeAct&) const = default;
};

/// The only act outside `authority`: others' work takes effect in this space under the adopter's rights.
struct AdoptAct {
  std::vector<Hash> names;  ///< of change sets, in the order in which they take effect
  bool operator==(const AdoptAct&) const = default;
};

/// How a record is named where everybody reads it: nobody can tell whose it is who does not know its id.
Hash record_mark(const NetworkId& network, std::string_view space, std::string_view id);

enum class ErasureReason : Byte { requested = 1, consent_withdrawn = 2, no_longer_needed = 3, unlawful = 4 };
std::string_view to_word(ErasureReason reason);
/// The openings of these commitments of a record go, wherever they are, 72 hours of hub time after the entry.
struct EraseAct {
  std::string space;
  Hash record;                    ///< record_mark()
  std::vector<Hash> commitments;  ///< rising
  ErasureReason reason = ErasureReason::requested;
  bool operator==(const EraseAct&) const = default;
};

/// Takes back the erasures of a change set that are not in force yet.
struct WithdrawErasureAct {
  Hash change_set;
  bool operator==(const WithdrawErasureAct&) const = default;
};

constexpr std::size_t kDescriptionBytes = limits::kValueBytes - 16;  // the act is a value

/// A register description that comes into force: the file itself, because what shows and checks needs its
/// words too.
struct DescriptionAct {
  std::string json;
  bool operator==(const DescriptionAct&) const = default;
};

using Act = std::variant<OrganisationAct, GrantAct, EnrolAct, RevokeAct, AcceptAct, EndAct, DiscardAct,
                         WipeAct, AdoptAct, ConfirmAct, DescriptionAct, EraseAct, WithdrawErasureAct>;

Value encode_act(const Act& act);
/// Errors: malformed, unsupported (an act of a newer version).
Result<Act> decode_act(const Value& value);

/// The name of a grant covers what it grants: a header that names it commits its author to those very rights.
Hash grant_name(const NetworkId& network, const Dot& dot, const Value& act);

}  // namespace wasl
