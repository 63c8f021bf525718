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

/// What one clause allows: these rights, in these spaces, on these registers (none named: all).
struct Clause {
  Rights rights = 0;
  std::vector<std::string> spaces;
  std::vector<std::uint32_t> registers;
  bool operator==(const Clause&) const = default;
};

struct GrantAct {
  GrantKind kind = GrantKind::device;
  PublicKey grantee;
  std::string organisation;  ///< of a person also empty: the network as a whole
  std::string role;          ///< a label for people
  std::vector<Clause> clauses;
  Millis from = 0;
  Millis until = 0;  ///< 0: no end
  std::uint32_t depth = 0;
  bool operator==(const GrantAct&) const = default;
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

using Act = std::variant<OrganisationAct, GrantAct, EnrolAct, RevokeAct>;

Value encode_act(const Act& act);
/// Errors: malformed, unsupported (an act of a newer version).
Result<Act> decode_act(const Value& value);

/// The name of a grant covers what it grants: a header that names it commits its author to those very rights.
Hash grant_name(const NetworkId& network, const Dot& dot, const Value& act);

}  // namespace wasl
