#pragma once
// Who may do what, as a pure function of the log of the space `authority`.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shared/authority/acts.hpp"
#include "shared/authority/statement.hpp"
#include "shared/model/description.hpp"
#include "shared/model/record_state.hpp"

namespace wasl {

struct Ending {
  Position position = 0;
  Author by;
  EndReason reason = EndReason::withdrawn;
};

struct Grant {
  Hash name;
  GrantAct act;
  Author issuer;
  Hash parent;            ///< the grant under which it was issued; zeros: a registrar's
  Position position = 0;  ///< in the log of `authority`
  Millis issued = 0;      ///< hub time of that entry
  Position fell = 0;      ///< of the revocation that took it with it; 0: it stands
  std::optional<Position> accepted{};
  std::optional<Position> confirmed{};
  std::optional<Ending> ended{};

  [[nodiscard]] bool has_fallen(Position at) const { return fell != 0 && fell <= at; }
};

/// How a grant stands at a position of `authority` and a hub time.
enum class Standing {
  valid,
  not_accepted,   ///< offered: its grantee has not accepted it
  not_confirmed,  ///< taken up, and nobody has compared the key's fingerprint yet
  not_begun,
  over,   ///< its period, or that of the grant on which it hangs
  ended,  ///< by an act, with the grant on which it hangs, or because its issuer's key was compromised by
          ///< then
};

struct Device {
  PublicKey key;
  PublicKey sealing_key;
  std::string organisation;
  std::string role;
  Hash grant;                ///< of its enrolment
  std::vector<Hash> grants;  ///< all, in the order they were given
  Position enrolled = 0;
  std::optional<RevokeAct> revoked;  ///< as revoked last
  Position wiped = 0;                ///< of the order to wipe it; 0: none
};

struct PlacedStatement {
  NetworkStatement statement;
  Hash hash;
  Position position = 0;  ///< in the log of `authority`
};

struct Revocation {
  RevokeAct act;
  Author by;
  Position position = 0;
  Millis time = 0;
};

/// From the entry of an erasure until it takes effect, in hub time: so long it can be withdrawn.
constexpr Millis kErasureDelay = Millis{72} * 3'600'000;

struct Erasure {
  EraseAct act;
  Hash change_set;  ///< that carries it
  Author by;
  Hash grant;  ///< that it was signed under
  Position position = 0;
  Millis time = 0;                      ///< hub time of its entry
  std::optional<Position> withdrawn{};  ///< or fallen, with the key that signed it

  [[nodiscard]] Millis due() const { return time + kErasureDelay; }
  [[nodiscard]] bool is_in_force(Millis hub_time) const { return !withdrawn && hub_time >= due(); }
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
  /// @pre the entry was accepted: `authorise` said yes at this position, by its hub time.
  void apply_statement(const NetworkStatement& statement, const Hash& hash, Position position = 1);
  Status apply(const ChangeSet& set, Position position, Millis hub_time);

  // `at` asks as of a position of `authority`: what came later does not count.
  [[nodiscard]] const NetworkStatement& statement(Position at = kLatest) const {
    return placed(at).statement;
  }
  [[nodiscard]] const Hash& statement_hash(Position at = kLatest) const { return placed(at).hash; }
  [[nodiscard]] bool is_registrar(const PublicKey& key, Position at = kLatest) const;
  /// The hub's, by this statement or an earlier one: no grant to such a key is ever valid.
  [[nodiscard]] bool was_log_key(const PublicKey& key, Position at = kLatest) const;
  /// The register descriptions in force; null as long as none is published: then those whose hash the
  /// statement names are.
  [[nodiscard]] const Schema* schema(Position at = kLatest) const;
  /// The same, or else these.
  [[nodiscard]] const Schema& schema_or(const Schema& unpublished, Position at = kLatest) const;
  const Schema& schema_or(Schema&& unpublished, Position at = kLatest) const = delete;
  /// The newest, and what `own` describes beyond them.
  [[nodiscard]] Schema schema_with(const Schema& own) const;
  /// The newest of them; it outlives this state.
  [[nodiscard]] std::shared_ptr<const Schema> newest_schema() const;
  [[nodiscard]] const OrganisationAct* organisation(std::string_view id) const;
  [[nodiscard]] const std::map<std::string, OrganisationAct>& organisations() const { return organisations_; }
  [[nodiscard]] const Grant* grant(const Hash& name, Position at = kLatest) const;
  [[nodiscard]] const std::map<Hash, Grant>& grants() const { return grants_; }
  [[nodiscard]] const Device* device(const PublicKey& key) const;
  [[nodiscard]] const std::map<PublicKey, Device>& devices() const { return devices_; }
  [[nodiscard]] const Person* person(const PublicKey& key) const;
  [[nodiscard]] const std::map<PublicKey, Person>& persons() const { return persons_; }
  [[nodiscard]] const Grant* invitation(const PublicKey& key) const;
  [[nodiscard]] bool is_used(const PublicKey& invitation) const { return used_.contains(invitation); }
  /// In the order of the log: a key may be revoked again, for a worse reason.
  [[nodiscard]] const std::vector<Revocation>& revocations() const { return revocations_; }
  /// Of these that stand at or before `at`, whether one voids work of this author under this grant.
  [[nodiscard]] bool is_voided(const Author& author, const Hash& grant, Millis hub_time, Position at) const;
  [[nodiscard]] bool is_revoked(const PublicKey& key, Position at = kLatest) const;
  /// In the order of the log, which is that in which they come into force. Withdrawn ones too.
  [[nodiscard]] const std::vector<Erasure>& erasures() const { return erasures_; }
  /// Of the record with this mark.
  [[nodiscard]] std::vector<const Erasure*> erasures_of(const Hash& record) const;
  /// What erasures of that record list that are not withdrawn, in force or not.
  [[nodiscard]] std::set<Hash> listed(const Hash& record) const;
  /// Whether an erasure that is in force by then lists this commitment of the record with this mark.
  [[nodiscard]] bool is_erased(const Hash& record, const Hash& commitment, Millis hub_time) const;
  [[nodiscard]] Standing standing(const Grant& grant, Position at, Millis now) const;
  /// The device's or person's grants, in the order they were given.
  [[nodiscard]] std::vector<const Grant*> grants_of(const PublicKey& key) const;
  /// Organisation of a device, or of a person by the first grant.
  [[nodiscard]] std::string organisation_of(const PublicKey& key) const;
  /// Of the mandate under which a change set that names this grant was written.
  [[nodiscard]] Level level_of(const Hash& grant) const;

  /// Spaces that the key may read now, `authority` first; empty for an unknown or revoked key.
  [[nodiscard]] std::vector<std::string> readable(const PublicKey& key, Millis hub_time) const;
  /// Whether the key's grant lets it read the space, at whatever time.
  [[nodiscard]] bool reads(const PublicKey& key, std::string_view space) const;
  /// Spaces that exist: the three open ones, and one a section or association.
  [[nodiscard]] std::vector<std::string> spaces() const;
  /// Whether the organisation is the other one, or stands below it in the tree.
  [[nodiscard]] bool lies_below(std::string_view organisation, std::string_view upper) const;
  /// The innermost space of an organisation: its own, else the nearest one above, else `network`.
  [[nodiscard]] std::string own_space(std::string_view organisation) const;
  /// The space of the section above an organisation (or its own), else `network`.
  [[nodiscard]] std::string section_space(std::string_view organisation) const;

 private:
  [[nodiscard]] const PlacedStatement& placed(Position at) const;

  Status apply_description(const DescriptionAct& description, Position position);

  std::vector<PlacedStatement> statements_;
  /// From this position of `authority` on; unchanging, so copies of the state share it.
  std::vector<std::pair<Position, std::shared_ptr<const Schema>>> schemas_;
  std::map<std::string, OrganisationAct> organisations_;
  std::map<Hash, Grant> grants_;
  std::map<PublicKey, Hash> invitations_;
  std::set<PublicKey> used_;
  std::map<PublicKey, Device> devices_;
  std::map<PublicKey, Person> persons_;
  std::map<PublicKey, Position> revoked_;
  std::vector<Revocation> revocations_;
  std::vector<Erasure> erasures_;
  std::multimap<Hash, std::size_t> erasures_of_;  ///< by record; places in the list

  void let_grants_fall(const RevokeAct& revoke, Position position);
  void let_erasures_fall(Position position, Millis hub_time);
  void withdraw_erasures(const Hash& change_set, Position position);
  [[nodiscard]] Standing standing(const Grant& grant, Position at, Millis now, unsigned hops) const;
};

/// By its name, or because the clause names every space.
bool names_space(const Clause& clause, std::string_view space);

/// Whether a clause's labels hold for the record in question.
using LabelsHold = std::function<bool(const Clause&)>;

/// Whether the grant covers `right` in this space on this register at hub time `now`, whatever a record's
/// labels: clauses that are limited by labels count for nothing here.
bool covers(const GrantAct& grant, Rights right, std::string_view space, std::uint32_t register_number,
            Millis now);
/// Likewise, with the clauses whose labels hold.
bool covers(const GrantAct& grant, Rights right, std::string_view space, std::uint32_t register_number,
            Millis now, const LabelsHold& labels_hold);
/// Whether `inner` gives nothing that `outer` does not: no earlier, no longer, less deep, under no higher
/// mandate, "while held" if `outer` is, and each clause within one clause of `outer` that has the rights
/// `with` too.
bool attenuates(const GrantAct& inner, const GrantAct& outer, Rights with = 0);
/// Whether the clause lies within the other: no more rights, spaces, registers, and no fewer limits.
bool lies_within(const Clause& inner, const Clause& outer);

}  // namespace wasl
