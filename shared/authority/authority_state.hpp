#pragma once
// Who may do what, as a pure function of the log of the space `authority`.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shared/authority/acts.hpp"
#include "shared/authority/statement.hpp"
#include "shared/model/change_set.hpp"

namespace wasl {

struct Grant {
  Hash name;
  GrantAct act;
  Author issuer;
  Hash parent;            ///< the grant under which it was issued; zeros: a registrar's
  Position position = 0;  ///< in the log of `authority`
  Millis issued = 0;      ///< hub time of that entry
  Position fell = 0;      ///< of the revocation that took it with it; 0: it stands
  [[nodiscard]] bool has_fallen(Position at) const { return fell != 0 && fell <= at; }
};

struct Device {
  PublicKey key;
  PublicKey sealing_key;
  std::string organisation;
  std::string role;
  Hash grant;
  Position enrolled = 0;
  std::optional<RevokeAct> revoked;
};

struct Revocation {
  RevokeAct act;
  Author by;
  Position position = 0;
  Millis time = 0;
};

/// A key under which a person acts.
struct Person {
  PublicKey key;
  std::vector<Hash> grants;  ///< in the order they were given
};

/// The newest position: "as things stand".
constexpr Position kLatest = ~Position{0};

class AuthorityState {
 public:
  /// @pre the entry was accepted: `authorise` said yes at this position.
  void apply_statement(const NetworkStatement& statement, const Hash& hash);
  Status apply(const ChangeSet& set, Position position, Millis hub_time);

  [[nodiscard]] const NetworkStatement& statement() const { return statement_; }
  [[nodiscard]] const Hash& statement_hash() const { return statement_hash_; }
  // `at` asks as of a position of `authority`: what came later does not count.
  [[nodiscard]] bool is_registrar(const PublicKey& key) const;
  [[nodiscard]] const OrganisationAct* organisation(std::string_view id) const;
  [[nodiscard]] const std::map<std::string, OrganisationAct>& organisations() const { return organisations_; }
  [[nodiscard]] const Grant* grant(const Hash& name, Position at = kLatest) const;
  [[nodiscard]] const Device* device(const PublicKey& key) const;
  [[nodiscard]] const std::map<PublicKey, Device>& devices() const { return devices_; }
  [[nodiscard]] const Person* person(const PublicKey& key) const;
  [[nodiscard]] const std::map<PublicKey, Person>& persons() const { return persons_; }
  [[nodiscard]] const Grant* invitation(const PublicKey& key) const;
  [[nodiscard]] bool is_used(const PublicKey& invitation) const { return used_.contains(invitation); }
  /// In the order of the log: a key may be revoked again, for a worse reason.
  [[nodiscard]] const std::vector<Revocation>& revocations() const { return revocations_; }
  [[nodiscard]] bool is_revoked(const PublicKey& key, Position at = kLatest) const;

  /// Spaces that the key may read now, `authority` first; empty for an unknown or revoked key.
  [[nodiscard]] std::vector<std::string> readable(const PublicKey& key, Millis hub_time) const;
  /// Whether the key's grant lets it read the space, at whatever time.
  [[nodiscard]] bool reads(const PublicKey& key, std::string_view space) const;
  /// Spaces that exist: the three open ones, and one a section or association.
  [[nodiscard]] std::vector<std::string> spaces() const;
  /// The clauses of a role in an organisation, innermost space first; nothing for an unknown role.
  [[nodiscard]] std::optional<std::vector<Clause>> clauses_of_role(std::string_view role,
                                                                   std::string_view organisation) const;
  /// The innermost space of an organisation: its own, else the nearest one above, else `network`.
  [[nodiscard]] std::string own_space(std::string_view organisation) const;
  /// The space of the section above an organisation (or its own), else `network`.
  [[nodiscard]] std::string section_space(std::string_view organisation) const;

 private:
  NetworkStatement statement_;
  Hash statement_hash_;
  std::map<std::string, OrganisationAct> organisations_;
  std::map<Hash, Grant> grants_;
  std::map<PublicKey, Hash> invitations_;
  std::set<PublicKey> used_;
  std::map<PublicKey, Device> devices_;
  std::map<PublicKey, Person> persons_;
  std::map<PublicKey, Position> revoked_;
  std::vector<Revocation> revocations_;

  void let_grants_fall(const RevokeAct& revoke, Position position);
};

/// Whether the grant covers `right` in this space on this register at hub time `now`.
bool covers(const GrantAct& grant, Rights right, std::string_view space, std::uint32_t register_number,
            Millis now);
/// Whether every clause of `inner` lies within some clause of `outer`.
bool attenuates(const GrantAct& inner, const GrantAct& outer);

}  // namespace wasl
