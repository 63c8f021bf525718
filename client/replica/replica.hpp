#pragma once
// An office's replica: one folder with replica.db (plain tables and their bookkeeping), identity.db and
// outbox.log. Everything that writes or reads it goes through here; other programs write replica.db directly
// and are captured by its triggers.
// Thread: one at a time. Several processes may open the same folder: every call reads what it decides on
// inside its own transaction.
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/replica/arrival.hpp"
#include "client/replica/carried_work.hpp"
#include "client/replica/identity.hpp"
#include "client/replica/kept_offer.hpp"
#include "client/replica/outbox_log.hpp"
#include "client/replica/publishing.hpp"
#include "client/replica/record_table.hpp"
#include "shared/authority/authorise.hpp"
#include "shared/authority/erasure_words.hpp"
#include "shared/bundle/covering.hpp"
#include "shared/bundle/frames.hpp"
#include "shared/ledger/heads.hpp"
#include "shared/ledger/note.hpp"
#include "shared/receipt/receipt.hpp"
#include "shared/snapshot/manifest.hpp"
#include "shared/snapshot/pieces.hpp"
#include "shared/store/erasing.hpp"
#include "shared/store/stored_logs.hpp"
#include "shared/store/voiding.hpp"
#include "shared/wire/client_session.hpp"

namespace wasl {

struct Replay;

struct SealedSet {
  ChangeSet set;
  std::vector<OpeningItem> openings;
};

/// By register and id: two registers of one space may hold the same id until the hub refuses the second.
using LoadedRecords = std::map<std::pair<std::uint32_t, std::string>, LoadedRecord>;

/// One operation before it has a place: values are plain.
struct PlainOperation {
  Operation operation;
  bool personal = false;
};

struct RecordPlace {
  std::string space;
  std::uint32_t register_number = 0;
  std::string id;
  auto operator<=>(const RecordPlace&) const = default;
};
/// Operations that a sealed change set says already, with plain values.
using SaidBefore = std::multimap<RecordPlace, Operation>;

struct ConflictValue {
  std::string value;  ///< for people
  Author author;
  std::string organisation;
  Millis time = 0;  ///< effective
  bool shown = false;
  bool deleted = false;
  Level level = 0;  ///< of the mandate under which it was written
};
struct Conflict {
  std::string register_name, space, id, field, key;
  std::vector<ConflictValue> values;  ///< one a head
};

/// A grant as people read it.
struct WhyGrant {
  Hash name;
  GrantAct act;
  Author issuer;
  Hash issuer_grant;                    ///< zeros: a registrar's own right
  Position position = 0;                ///< of its entry in `authority`
  Hash change_set;                      ///< that carries it, signed by the issuer
  Standing standing = Standing::valid;  ///< now
};
/// Who wrote what is shown of a field, and the grants up to a registrar.
struct WhyField {
  std::string field, key, value;
  Author author;
  std::string organisation;
  Millis time = 0;
  Hash change_set;
  Position position = 0;         ///< 0: it has no entry yet
  bool is_before_start = false;  ///< its entry is not here: the space was begun from a snapshot behind it
  std::string space;
  std::vector<WhyGrant> grants;  ///< the one used first
  std::uint64_t statement = 0;   ///< number of the network statement that names the registrar
};

/// What a person should look at: nothing of it stops work, all of it stops a publication.
struct AttentionItem {
  std::string register_name, space, id;
  std::string kind;  ///< "missing", "rule", "revived" or "erasure"
  std::string words;
};

/// An act by which personal values of a record are erased.
struct RecordErasure {
  Hash change_set;
  Author by;
  std::string organisation;
  Position position = 0;  ///< in `authority`
  Millis time = 0;        ///< hub time of its entry
  Millis due = 0;
  ErasureReason reason = ErasureReason::requested;
  std::size_t values = 0;
  ErasureStage stage = ErasureStage::waits;
};

struct PendingSet {
  Hash name;
  std::string space;
  PendingState state = PendingState::unsent;
  Reason reason = Reason::none;
  std::string detail;
  std::vector<std::pair<std::string, std::string>> records;  ///< register, id
};

/// An own change set without entry, with its openings.
struct WaitingSet {
  SealedSet sealed;
  PendingState state = PendingState::unsent;
  Reason reason = Reason::none;
  std::string detail;
};

struct SpaceStatus {
  std::string space;
  Position position = 0;
  Millis as_of = 0;
  Position begun_at = 0;  ///< of the snapshot that vouches for what is before; 0: proved from the first entry
  /// Of what is still to come, as far as it is known.
  struct Partial {
    std::size_t pieces = 0, here = 0;  ///< of a snapshot; 0: entries come
    std::uint64_t bytes = 0;           ///< of the pieces that are to come
    bool older = false;                ///< an older state is shown meanwhile
  };
  std::optional<Partial> partial;
};
struct ReplicaStatus {
  std::string network, organisation, role, device, hub;
  std::string fingerprint;       ///< of this device, for who has to confirm it; empty: nobody has to
  std::size_t with_section = 0;  ///< of those unsent: a section's hub keeps them, on their way
  std::size_t unsent = 0, unacknowledged = 0, held = 0, refused = 0, conflicts = 0, attention = 0;
  std::uint64_t unsent_bytes = 0;  ///< about, as they travel before they are compressed
  Millis last_sync = 0;
  std::int64_t clock_offset = 0;  ///< ours minus the hub's at the last sync, milliseconds
  std::vector<SpaceStatus> spaces;
  std::vector<PendingSet> waiting;   ///< held and refused
  std::vector<std::string> notices;  ///< in words: what the office should know
  std::vector<std::string> keys;     ///< in words: which keys lie on the hub's machine
};

struct HistoryLine {
  std::string space;
  Position position = 0;  ///< 0: not yet accepted
  Hash change_set;
  Author author;
  std::string organisation;
  Millis time = 0;
  std::string register_name, id, what;
};

struct VerifyReport {
  bool ok = true;
  std::uint64_t change_sets = 0;
  std::vector<std::string> problems;
  std::vector<std::string> statements;  ///< what is proved, and by which keys, in words
  struct Space {
    std::string space;
    Position entries = 0;   ///< of the log, each checked here from `begun_at` on
    Position proved = 0;    ///< of them, those under a head that the hub signed
    Position begun_at = 0;  ///< entries that a snapshot stands for: vouched for by the hub
  };
  std::vector<Space> spaces{};
};

class Replica final : public ClientPort {
 public:
  struct Ports {
    Clock& clock;
    Random& random;
    const Schema& schema;
  };

  /// Errors: not_found (never joined), locked, storage_failed, corrupt.
  static Result<std::unique_ptr<Replica>> open(const std::filesystem::path& folder, Ports ports);
  /// Makes the device's key and the files in a folder that exists. A folder that has them keeps them.
  static Result<std::unique_ptr<Replica>> create(const std::filesystem::path& folder,
                                                 const NetworkAnchor& anchor, Ports ports);
  /// After must_reopen(), when the old object is gone: checks every page first. A damaged replica.db is kept
  /// aside under another name and a new one begun, which the next sync fills; `status` says so.
  /// Errors: as open(); corrupt means identity.db.
  static Result<std::unique_ptr<Replica>> reopen(const std::filesystem::path& folder, Ports ports);
  ~Replica() override;

  /// A disk has failed under this object: it is to be closed and opened again by reopen().
  [[nodiscard]] bool must_reopen() const {
    return db_.must_reopen() || identity_.must_reopen() || outbox_.must_reopen();
  }

  /// Where a long-lived process begins: see Database::settle().
  Status settle();
  Identity& identity() { return identity_; }
  Database& database() { return db_; }
  const NetworkAnchor& network() const { return anchor_; }
  Status set_url(std::string_view url);
  const PublicKey& device() const { return device_.public_key(); }
  /// The register descriptions by which the tables are made: those in force, and what this program describes
  /// beyond them. Registers of it live as long as the replica.
  const Schema& schema() const { return *schema_; }
  Result<const AuthorityState*> authority();

  // ── Writing ──
  /// Seals what programs have written. @return number of change sets made.
  Result<std::size_t> seal();
  /// Runs `write` as one transaction of ours with the triggers on, then seals it. What programs wrote before
  /// is sealed first, as their own work. A refusal by a trigger comes back as invalid_value and changes
  /// nothing.
  Status write(const std::function<Status(Database&)>& write);
  /// Ends a conflict: `value` (as SQL would show it) or the head number `take`, 0-based as `conflicts` lists
  /// them.
  struct Resolution {
    std::string register_name, id, field, key;
    std::optional<std::string> space;
    std::optional<std::size_t> take;
    std::optional<SqlValue> value;
    std::string note;
  };
  Status resolve(const Resolution& resolution);
  /// Takes an own change set that has no entry out of the overlay. Errors: not_found, conflict (has an
  /// entry).
  Status discard(const Hash& change_set);
  /// The space of the register's record with this id. Errors: not_found, conflict (several: name the space).
  Result<std::string> space_of(const Register& reg, std::string_view id,
                               const std::optional<std::string>& space);

  // ── Acts of power ──
  struct ActsSigned {
    Hash change_set;
    std::vector<Hash> grants;  ///< names of the grants among the acts, in their order
  };
  /// Seals and signs acts of a person's key under a grant of theirs; they leave with the next sync.
  /// Errors: unauthorised, with the words of the decision that the hub would give now.
  Result<ActsSigned> sign_acts(const crypto::KeyPair& person, const Hash& under,
                               const std::vector<Act>& acts);

  // ── Erasure ──
  /// Carries out the erasures that are known to be in force, and what was cut off of earlier ones. Errors:
  /// locked (another program has the file; call again), storage_failed, corrupt. Cost: nothing when none is
  /// due; else a pass over the spaces' logs and a copy of the file.
  Status carry_out_erasures();
  /// Whether by the clock one is in force that no session has confirmed: a sync is due.
  Result<bool> awaits_erasure();
  /// In the order of the log.
  Result<std::vector<RecordErasure>> erasures_of(const std::string& space, std::string_view id);
  /// Every personal value of the record that is known here, by its commitment, and that no erasure lists.
  Result<std::set<Hash>> erasable(const std::string& space, std::string_view id);

  // ── Publishing ──
  /// What would be written to publish a record in an outer space as it is shown now. Errors: not_found,
  /// invalid_value (a field or space that cannot be), conflict (several records: name the space).
  Result<PublicationDraft> draft_publication(const PublicationRequest& request);
  /// What would be written to withdraw it. Errors: as above; not_found when it is not published there.
  Result<PublicationDraft> draft_withdrawal(const PublicationRequest& request);
  /// Signs a draft by a person's key, under a grant of theirs; it leaves with the next sync. @return the
  /// change set's name. Errors: as sign_acts.
  Result<Hash> sign_publication(const crypto::KeyPair& person, const Hash& under,
                                const PublicationDraft& draft);
  /// Editions that lists leave out.
  struct EditionsAside {
    std::set<RecordPlace> withdrawn;
    std::set<RecordPlace> held;  ///< this office holds the record that they show
  };
  Result<EditionsAside> editions_aside(const Register& reg);

  // ── Reading ──
  Result<std::vector<Conflict>> conflicts();
  Result<ReplicaStatus> status();
  /// Spaces that this office reads and of which not everything is here that it has heard of.
  Result<std::map<std::string, SpaceStatus::Partial>> partial_spaces();
  /// Missing required fields, broken rules across fields, records that an edit brought back against a delete.
  Result<std::vector<AttentionItem>> attention();
  /// The own change set without an entry whose name begins so. Errors: not_found, conflict (several).
  Result<Hash> find_pending(std::string_view hex_prefix);
  /// What others propose for fields that a mandate decides.
  Result<std::vector<Conflict>> proposals();
  /// Who wrote what is shown of a record, and why they might.
  Result<std::vector<WhyField>> why(const std::string& register_name, const std::string& id,
                                    const std::optional<std::string>& space);
  /// The grant whose name begins so. Errors: not_found, conflict (several).
  Result<Hash> find_grant(std::string_view hex_prefix);
  /// By the hub's clock, as the last welcome told it: our own may stand anywhere.
  Result<Millis> hub_time();
  Result<std::vector<HistoryLine>> history(const std::optional<std::string>& register_name,
                                           const std::optional<std::string>& id);
  /// What the record says by accepted changes, with everything that proves it to somebody who trusts the
  /// network's statement alone. Errors: not_found (no such record, or nothing of it is accepted yet),
  /// conflict (several: name the space), no_link (not proved yet: sync first).
  Result<Receipt> receipt(const Register& reg, std::string_view id, const std::optional<std::string>& space);
  /// Chains, signatures, roots, digests and rows against all signed history; no network.
  Result<VerifyReport> verify();
  /// Spaces that were begun from a snapshot are begun anew, and the next sync takes their logs from the first
  /// entry on. @return them. What this office wrote in them stays, as work that waits.
  Result<std::vector<std::string>> want_whole_logs();
  /// Of a register, or all: positions behind which a space's history is here, where it is not all of it.
  Result<std::vector<std::pair<std::string, Position>>> history_begins();
  /// Computes confirmed state anew from signed history. @return names of the records that differed.
  Result<std::vector<std::string>> rebuild(std::string_view space);

  // ── A session ──
  /// @param thin the line is: what the hub sends is packed as short as can be.
  Result<Bytes> make_hello(bool live, const Hash& binding, bool estimate = false, bool thin = false);
  /// The hub knows a later session number of this key: the folder is an older copy, or its clock was wrong.
  /// Further ahead at each call, until the hub lets it in.
  Status on_counter_used();
  /// For `join`: the same, as the invitation's key.
  Result<Bytes> make_invitation_hello(const crypto::KeyPair& invitation, const Hash& binding);
  /// The change set by which this device takes up an invitation. Errors: unauthorised (unknown, used or
  /// over).
  Result<Segment> make_enrolment(const crypto::KeyPair& invitation);
  Result<PublicKey> on_statements(const std::vector<SignedStatement>& statements) override;
  Status on_welcome(const Welcome& welcome) override;
  Result<std::optional<Return>> next_return() override;
  Result<std::optional<Segment>> next_push(std::size_t most_bytes) override;
  void rewind_push() override {
    pushed_ = {};
    acts_pushed_ = 0;
    carried_pushed_.clear();
  }
  Status on_verdicts(const std::vector<VerdictItem>& verdicts) override;
  /// Errors: caught, bad_signature, malformed, storage_failed.
  Status on_entries(Segment segment) override;
  Result<std::vector<Bytes>> on_snapshot_frame(ByteView frame) override;
  Result<std::optional<bool>> on_proof(const Proof& proof) override;
  Status on_section(const PublicKey& device) override;
  Status on_kept(const Segment& work) override;
  std::vector<Cursor> applied_cursors() override;
  Status on_order(const Segment& order) override;
  Status wipe() override;
  Status on_session_end(std::optional<bool> equal) override;
  Status on_lie(const Error& seen, ByteView frame) override;
  KnownLogs* known_logs() override { return frames_alone_ ? nullptr : &logs_; }
  void on_not_rebuilt() override { ask_alone_ = true; }

  // ── Bundles: what a session would carry, in frames that stand alone ──
  /// A hello for no connection: where this office stands. Pushes that follow are next_push()'s.
  Result<Bytes> make_bundle_hello();
  /// All network statements that this office holds, from number 1 on.
  Result<std::vector<SignedStatement>> signed_statements();
  struct CoveredPart {
    Covered covered;
    Position last = 0;
    std::size_t entries = 0;
    bool has_openings = false;
  };
  /// Proved entries of a space from this position on, as many as a frame holds; nothing: there are none.
  Result<std::optional<CoveredPart>> next_covered(const std::string& space, Position from);
  /// The proof of the space's newest leaf; nothing: none is held, or entries under it are missing.
  Result<std::optional<Vouched>> vouched(const std::string& space);
  /// What of another's bundle is tried in turn: statements, covered entries and proofs with `authority`
  /// first, then the answer. Errors are those of a session: caught says that what the hub signed contradicts
  /// itself.
  Status begin_import();
  Result<Arrival> take_statements(const std::vector<SignedStatement>& statements);
  Result<Arrival> take_covered(const Covered& covered);
  Result<Arrival> take_vouched(const Vouched& vouched);
  /// A snapshot, its openings or its pieces, in this order.
  Result<Arrival> take_snapshot_frame(const Bytes& frame);
  Result<Arrival> take_answer(const Answer& answer);
  /// Others' work; the own is known.
  Result<std::vector<Arrival>> take_push(const Segment& push);
  /// @return equal to the newest that the hub has proved; unknown: something is missing, or not proved.
  Result<std::optional<bool>> end_import();

  /// Makes the tables of the registers once the office knows its organisation, and makes them follow newer
  /// descriptions.
  Status prepare_tables();
  Status note_enrolled();

 private:
  Replica(std::filesystem::path folder, Ports ports, Identity identity, Database db, NetworkAnchor anchor,
          crypto::KeyPair device);
  static constexpr std::int64_t kNothingPushed = INT64_MIN;
  /// Pending numbers handed out in this session, of the chains of bulk imports and of all others.
  struct Pushed {
    std::int64_t interactive = kNothingPushed;
    std::int64_t bulk = kNothingPushed;
    unsigned frames = 0;
  };
  Result<std::optional<Segment>> next_push_of(bool bulk, std::size_t most_bytes);

  Status prepare();
  Status catch_up_authority();
  Result<const Grant*> own_grant();
  Result<bool> waits_for_grant();
  Result<bool> is_unconfirmed();

  Result<std::vector<Conflict>> fields_of_several_values(
      const std::function<bool(const Field&, const RecordState&, const Address&)>& wanted);

  // describing.cpp
  void use(Schema schema);
  Status follow_tables();
  struct Wanted;
  [[nodiscard]] Wanted wanted_here() const;
  Status remake_tables();

  // explaining.cpp
  struct FoundSet {
    Header header;
    Hash name;
    Position position = 0;  ///< 0: it waits
  };
  Result<std::optional<FoundSet>> find_set(const std::string& space, const Source& source, Sequence sequence);
  Result<std::vector<WhyGrant>> chain_of_grants(const Hash& used);

  // erasing.cpp
  Result<Millis> proved_time();
  Status note_proved_time();
  Result<Millis> newest_leaf_time();
  Result<Position> erased_up_to();
  Result<bool> must_rewrite();
  Status erase(Position after, Position until, Millis now);
  Status forget_orphans();
  Status erase_waiting(const std::string& space, const ErasedList& list, std::set<RecordKey>& records);
  Status finish_erasing();
  Status try_erasing();
  Status rewrite_outbox();
  Status blank_evidence();
  Status remove_copies();
  Result<std::size_t> left_behind(const LoadedRecord& loaded, const Hash& mark);
  Status forgive_erased(std::vector<AttentionItem>& out, std::size_t from);
  Status add_erasures(const Register& reg, const std::string& space, const std::string& id,
                      std::vector<HistoryLine>& out);
  Status add_left_behind(std::vector<AttentionItem>& out);
  // publishing.cpp
  struct Edition {
    RecordState state;  ///< confirmed, and what persons of this office signed since
    bool is_known = false;
  };
  Result<Edition> edition_of(std::uint32_t register_number, const std::string& space, const std::string& id);
  Result<std::vector<PublicationStop>> stops_of(const Register& reg, const std::string& space,
                                                const std::string& id,
                                                const std::vector<const Field*>& chosen);
  Result<std::optional<Value>> published_reference(const Value& value, const Field& field,
                                                   const std::string& outer);
  Result<std::vector<Value>> names_of_change_sets(const std::string& space,
                                                  const std::set<std::pair<Source, Sequence>>& places);

  // acting.cpp
  /// Of a person in a space.
  Result<ChangeSet> sign_by_person(const crypto::KeyPair& person, const Hash& under, const std::string& space,
                                   std::vector<Operation> operations, const RecordLookup& record);
  Result<std::optional<Segment>> next_acts();
  Result<bool> rule_acts(const VerdictItem& item, std::vector<SignedAct>& acts);
  Status settle_acts(bool equal);

  // recovering.cpp
  Status recover_outbox();
  Status clear_outbox();
  struct UnknownOfOutbox {
    std::vector<WaitingSet> missing;
    std::vector<std::pair<ChangeSet, PendingState>> given_up;
    std::vector<ChangeSet> replaced;
    [[nodiscard]] bool empty() const { return missing.empty() && given_up.empty() && replaced.empty(); }
  };
  Result<UnknownOfOutbox> unknown_of_outbox();
  Result<Sequence> own_chain_end(const Source& source);
  Status retire(const Header& header);
  Result<std::vector<WaitingSet>> lift_later(const std::vector<WaitingSet>& missing);
  Status take_in(const WaitingSet& waiting);
  Status check_restored();
  static Result<std::unique_ptr<Replica>> open_verified(const std::filesystem::path& folder, Ports ports);
  static Status drop_half_made(const std::filesystem::path& folder, std::vector<std::string>& copies);
  static Status set_aside(const std::filesystem::path& folder, Clock& clock, const Error& damage);

  // verifying.cpp
  using WaitingValues = std::map<Dot, Value>;  ///< of the operations that wait, as they were sealed
  Result<std::vector<std::string>> check_other_rows(const std::string& space, const Replay& replay,
                                                    const WaitingValues& waiting);
  Result<std::optional<std::string>> flaw_of(const LoadedRecord& loaded, const WaitingValues& waiting);
  Result<bool> lists_are(const LoadedRecord& loaded, const std::set<Address>& elements);
  Status check_own_chains(const Segment& segment);
  Status check_start_openings(const SpaceInfo& info, std::vector<std::string>& wrong);
  Status check_stored_openings(const ChangeSet& set, std::vector<std::string>& wrong);
  Status tell_what_is_proved(VerifyReport& report);
  Status tell_evidence(VerifyReport& report);
  Status check_own_state(const std::string& space, const std::map<std::string, LoadedRecord>& records);

  // salvaging.cpp
  Status salvage();
  Status salvage(const std::string& name);

  // sealing.cpp
  Status check_removed(std::uint32_t reg, const std::string& space, const std::string& id);
  Result<std::vector<SealedSet>> seal_captured(bool foreign, const SaidBefore& said = {});
  Result<std::vector<SealedSet>> seal_operations(const std::string& space,
                                                 std::vector<PlainOperation> operations, bool bulk,
                                                 std::optional<GroupId>& group, Millis written,
                                                 LoadedRecords& records, const Grant* grant = nullptr);
  /// Those of this device, as far as its log of `authority` says.
  struct Grants {
    const Grant* own = nullptr;        ///< of its enrolment
    std::vector<const Grant*> usable;  ///< good now
    Millis now = 0;
  };
  Result<Grants> grants_now();
  [[nodiscard]] const Grant* grant_for(const Grants& grants, const std::string& space,
                                       const std::vector<PlainOperation>& operations,
                                       const RecordState& before) const;
  static Level level_in(const Grants& grants, const std::string& space, const Register& reg);
  Status make_durable(const std::vector<SealedSet>& sealed);
  Status withdraw(const ChangeSet& set, PendingState state);
  Status lift(const ChangeSet& set);
  /// Both or neither: what a command reports as failed must not come back from outbox.log.
  Status commit(Transaction& transaction, const std::vector<SealedSet>& sealed);
  Status commit_logged(Transaction& transaction);
  struct OwnChain {
    Source source;
    Sequence last = 0;
    Hash name;
  };
  Result<OwnChain> own_chain(std::string_view space, bool bulk);
  Status insert_pending(const SealedSet& sealed);
  Result<Stamp> next_stamp(Millis written);
  Result<Value> resolve_reference(const Value& written, std::string_view space, const Field& field);
  Result<bool> offer_again(const ChainId& chain, Sequence before);
  Result<std::set<ChainId>> misnamed(const std::vector<VerdictItem>& verdicts);
  struct Resealed {
    std::vector<SealedSet> made;
    std::vector<ChangeSet> replaced;
  };
  Status reseal(const ChainId& chain, Sequence from, std::string_view why, Resealed& out);
  Status commit_resealed(Transaction& transaction, const Resealed& resealed);
  Status restore_overlay(LoadedRecord& loaded);
  Status restore_carried(LoadedRecord& loaded);

  // proving.cpp
  struct ShownLeaf {
    std::uint64_t index = 0;
    ledger::HeadsLeaf leaf;
  };
  using ShownLeaves = std::map<Bytes, ShownLeaf>;  ///< by the space's name in `heads`
  /// Keeps it as evidence. @return the error that says so.
  tl::unexpected<Error> accuse(std::string what, ByteView ours, ByteView theirs);
  /// No lie yet, and no evidence: a hub that leaves it out is caught by its leaf.
  tl::unexpected<Error> lost_on_the_way(std::string what);
  Result<std::optional<bool>> take_proof(const Proof& proof);
  Result<bool> is_behind(const Proof& proof, const CheckpointAnchor& known);
  Result<ledger::Checkpoint> check_checkpoint(const Proof& proof, const CheckpointAnchor& known);
  Result<ShownLeaves> check_leaves(const Proof& proof, const ledger::Checkpoint& checkpoint);
  /// @return the spaces whose newest leaf it brought.
  Result<std::set<std::string>> take_checkpoint(const Proof& proof, const CheckpointAnchor& known);
  Status take_leaf(SpaceInfo& info, const ShownLeaf& shown, const Proof& proof);
  Status check_next_leaf(SpaceInfo& info, const ShownLeaf& shown, const Proof& proof, bool overtaken);
  Result<bool> is_overtaken();
  Status check_against_leaf(SpaceInfo& info, std::string_view note, bool overtaken, bool fresh);
  Result<bool> is_root(const SpaceInfo& info, const ledger::HeadsLeaf& leaf);
  Status forget_leaf(SpaceInfo& info);
  Status check_promises(std::string_view note);
  Result<std::optional<bool>> compare_states(std::vector<std::string>& differing);
  Status heal(const std::vector<std::string>& differing, std::optional<bool>& equal);
  /// Forgets entries that stand under no root which the hub signed. What this office wrote of them is unsent
  /// again.
  Status drop_unproved();
  Status drop_unproved(const std::string& space, std::vector<SealedSet>& own);
  Status restore_pending(const std::vector<SealedSet>& own);
  Result<Seen> proved(std::string_view space);
  Result<std::optional<bool>> was_proved(const Header& header);
  Result<bool> repair_rows(const std::string& space, Position size);
  Result<bool> repair_end(const std::string& space);
  Status restore_rows(const std::string& space);
  Result<bool> has_unproved();

  struct Witnessed {
    std::size_t have = 0;
    std::size_t of = 0;
    [[nodiscard]] bool is_enough() const { return have >= ledger::witnesses_needed(of); }
  };
  /// How many of the network's witnesses have cosigned the note. Errors: bad_signature (one that is false).
  Result<Witnessed> witnessed_by(std::string_view note);

  // receipts.cpp
  Status keep_head(const std::string& space, const ShownLeaf& shown, const Proof& proof,
                   const ledger::Checkpoint& checkpoint);
  Result<ProvedHead> kept_head(const std::string& space);
  Result<ProvedSet> proved_set(const std::string& space, Position position);
  Result<std::vector<ProvedStatement>> proved_statements(Position size);
  Result<std::set<Position>> places_of_grants(const std::vector<ProvedSet>& changes);

  // syncing.cpp
  Status begin_session();

  // bundling.cpp, importing.cpp, carrying.cpp
  Result<std::optional<Proof>> kept_proof(const SpaceInfo& info);
  Status check_epoch();
  Result<std::optional<Arrival>> check_covered(const Covered& covered, const Segment& segment);
  Result<bool> voids_are_true(const Segment& segment, const SpaceInfo& info);
  Result<Arrival> take_bundled_snapshot(const Bytes& frame);
  Result<Arrival> begin_bundled(const std::string& space);
  Status keep_key(const std::string& space, const std::optional<ledger::BlindingKey>& key);
  Result<bool> proof_can_be_judged(const Answer& answer);
  Status take_verdicts(const Answer& answer);
  Result<std::optional<Segment>> next_carried();
  void note_later(const std::vector<VerdictItem>& verdicts);
  Status forget_carried(const std::vector<VerdictItem>& verdicts);
  Status settle_carried();
  [[nodiscard]] bool may_be_told(std::string_view space) const;
  /// Others' work that has no entry, over what is confirmed.
  Status show_carried(const Segment& run);
  Result<bool> may_show(const ChangeSet& set);
  Status lay_over(const ChangeSet& set, const Segment& run, const std::string& name);
  /// Takes it out again: what was confirmed stands as it stood.
  Status hide_carried(const std::string& name);
  Status settle_shown();
  Status erase_carried(const ErasedList& list, const std::string& space);
  /// What another program of this office has learnt of the network meanwhile.
  Status refresh_anchor();
  Status take_welcome(const Welcome& welcome);
  Status note_with_section(const ChainId& chain, Sequence first, Sequence last);

  // epochs.cpp
  /// What this office has proved of the logs, and the hub has lost.
  Status plan_returns(const std::vector<CommonLog>& common);
  /// Keeps of each log what the hub has too; what this office wrote of the rest waits to be sent again.
  Status enter_epoch(const std::vector<CommonLog>& common);
  Status add_openings(Segment& segment);
  Result<bool> is_common(const SpaceInfo& info, const CommonLog& common);
  /// Of what this replica holds; 0: nothing yet.
  Result<std::uint64_t> epoch_held();
  Status note_epoch();

  // beginning.cpp
  /// A space that is about to be begun from a snapshot, as far as this session has come.
  struct Beginning {
    snapshot::Manifest manifest;
    Way way;
    bool only_way = false;     ///< the entries in whose place it stands cannot be had
    std::deque<Hash> missing;  ///< not asked for yet
    std::deque<Hash> asked;
    std::map<Hash, Opening> openings;  ///< of the piece that comes next
  };
  struct OpenedSnapshot {
    snapshot::Manifest manifest;
    ledger::HeadsLeaf leaf;
  };
  Result<OpenedSnapshot> open_snapshot(const SnapshotFrame& frame);
  Result<bool> may_skip(const SpaceInfo& info, const OpenedSnapshot& opened, const SnapshotFrame& frame);
  Status check_goes_on(const SpaceInfo& info, const OpenedSnapshot& opened, const SnapshotFrame& frame);
  Result<std::uint64_t> keep_own_pieces(const SpaceInfo& info, const snapshot::Manifest& manifest);
  Result<bool> wants_log_before(const SpaceInfo& info, const snapshot::Ground& ground, bool only_way);
  Status prepare_beginning(const snapshot::Manifest& manifest, const SnapshotFrame& frame);
  Status resume_beginnings();
  Status take_openings(ByteView frame);
  /// @return the space.
  Result<std::string> take_piece(ByteView frame);
  Status check_piece_openings(const std::string& space, const snapshot::Records& records,
                              std::map<Hash, Opening>& openings);
  Result<bool> may_begin(const SpaceInfo& info);
  Result<std::vector<Bytes>> go_on_beginning(const std::string& space);
  Result<std::vector<Bytes>> go_on_with_the_next();

  // taking_over.cpp
  Status begin_space(const std::string& space);
  Result<Bytes> check_snapshot(const SpaceInfo& info, const KeptOffer& offer);
  Result<Bytes> check_kept_snapshot(const KeptOffer& offer);
  Status take_steps(const KeptOffer& offer, const std::function<Result<bool>(SpaceInfo&)>& work);
  Status show_piece(const SpaceInfo& info, const Hash& name, std::set<RecordKey>& shown);
  Status hide_others(const KeptOffer& offer, const std::set<RecordKey>& shown);
  Status settle_placed(const KeptOffer& offer, const snapshot::Ground& ground);
  Result<std::vector<ChangeSet>> placed_before(const std::string& space, const snapshot::Ground& ground);
  Result<bool> stand_at(SpaceInfo& info, const KeptOffer& offer, ByteView ground);
  Status renew_digest(const SpaceInfo& info);
  Status forget_shown(SpaceInfo& info);
  /// All that stand in tables here, confirmed or not.
  Result<std::vector<RecordKey>> records_of(const SpaceInfo& info);
  Status drop_pieces(const SpaceInfo& info);
  Status finish_begun();
  /// What came behind a snapshot cannot be told without what was before it.
  Status begin_anew(const std::string& space);
  /// Whether what the space was begun from, if it was, can be read.
  Result<bool> can_replay(const std::string& space);
  Result<bool> began_somewhere();

  // applying.cpp
  /// The one decision, asked again.
  Result<Verdict> judge(const ChangeSet& set, const ledger::Entry& entry, Position position,
                        const std::map<std::string, LoadedRecord>& records,
                        const std::map<std::string, RecordState>& elsewhere, const Header* adopter);
  Result<bool> fill_own_items(Segment& segment);
  enum class Taken { known, appended, not_ours, reaches_before_start };
  Result<Taken> append_entries(Segment& segment);
  Status check_openings(const Segment& segment);
  /// Errors: locked, when another program of this office took back what this session stands on.
  Status check_held();
  Status check_order(const Segment& segment, const SpaceInfo& info);
  Status apply_stored();
  Status settle_in();
  Status apply_space(const std::string& space, const Segment* fresh);
  Status apply_set(const ChangeSet& set, const ledger::Entry& entry, Position position);
  [[nodiscard]] const Schema& schema_in_force() const;

  // deciding.cpp
  /// Whoever adopted what has its entry at `position`. Errors: caught, when nobody did.
  struct Adopter {
    std::string space;
    Position position = 0;
    Header header;
    std::vector<Hash> names;
  };
  Result<Adopter> adopter_of(const std::string& space, Position position, const ChangeSet& adopted);
  /// @return whether the entries that an adoption promises are here; nothing of it takes effect before.
  Result<bool> is_whole(const SpaceInfo& info, Position position, const ChangeSet& set);
  Result<std::vector<FallenEntry>> due_voids(const SpaceInfo& info, const ledger::Entry& next);
  /// @return whether all of them are here.
  Result<bool> check_voids(const SpaceInfo& info, const std::vector<FallenEntry>& due);
  /// Takes back what fell, a slice at a time; the space stands behind its voids at the end.
  Status apply_voids(const std::string& space);
  Result<std::set<std::pair<std::uint32_t, std::string>>> touched_at(const SpaceInfo& info,
                                                                     const std::set<Position>& positions);

  // collecting.cpp
  Status apply_collection(const SpaceInfo& info, const ledger::Entry& entry,
                          const ledger::Collection& collection, Position position);

  Status settle_digest(SpaceInfo& info);
  Status apply_authority_item(const SegmentItem& item, Position position);
  /// The roots have spoken: nothing older is believed from here on.
  Status note_statement(const OpenedStatement& opened);
  Result<std::vector<std::string>> keys_at_hub();

  Result<std::vector<std::string>> readable_spaces();
  Result<std::vector<std::string>> spoken_spaces();
  Result<std::uint64_t> leaves_proved();
  Result<bool> digest_matches(std::string_view space);
  std::string organisation_of(const Author& author) const;

  std::filesystem::path folder_;
  struct PortPointers {
    Clock* clock;
    Random* random;
    const Schema* schema;
  } ports_;
  const Schema* schema_;                                  ///< by which the tables are made
  std::vector<std::unique_ptr<const Schema>> described_;  ///< all that were in use
  std::shared_ptr<const Schema> described_by_;            ///< what `authority` had published then
  Identity identity_;
  Database db_;
  LogStore store_;
  RecordTable records_;
  OutboxLog outbox_;
  CarriedWork carried_;
  NetworkAnchor anchor_;
  crypto::KeyPair device_;
  AuthorityState authority_;
  Position authority_applied_ = 0;
  /// Per space: since which position the store's notes for the digest are complete, and the store's count
  /// then.
  std::map<SpaceNumber, std::pair<std::uint64_t, Position>> noted_;
  /// Per space: by how many revocations nothing is left to void.
  std::map<SpaceNumber, std::size_t> settled_voids_;
  std::optional<Adopter> adopter_;  ///< of the adoption that is being applied
  bool tables_ready_ = false;
  bool notes_wait_ = false;    ///< what programs wrote cannot be sealed yet
  bool outbox_known_ = false;  ///< what outbox.log holds was looked at, and stands here too
  Pushed pushed_;
  std::size_t acts_pushed_ = 0;           ///< signed acts handed out in this session
  std::set<std::string> carried_pushed_;  ///< runs of others handed out in this session
  std::set<ChainId> carried_gaps_;        ///< others' chains of which the hub lacks something before
  std::optional<Seen> session_base_;      ///< the checkpoint that this session's proofs start from
  std::uint64_t leaves_before_ = 0;       ///< up to which checkpoint this replica had the leaves before it
  std::map<ChainId, Sequence> staged_;    ///< what the hub holds already, by its welcome
  std::map<ChainId, Sequence> staged_of_others_;  ///< likewise, of what this office carries
  std::vector<std::string> hidden_soon_;          ///< runs of others that the hub has not accepted
  std::optional<PublicKey> section_;  ///< it is a section's hub that answers, with this device's key
  std::map<std::string, Position>
      unproved_;                          ///< entries beyond what was proved that this session's hello named
  std::map<std::string, Position> held_;  ///< entries that this session knows to be here
  std::set<std::string> offered_;         ///< spaces that this session's welcome lets us read
  std::map<ChainId, Sequence>
      promised_;  ///< up to where the hub has said "accepted" to this session's knowledge
  std::vector<std::pair<std::string, Position>> returns_;  ///< what to bring back: from where on
  std::map<std::string, Beginning> beginnings_;            ///< of this session
  std::optional<Millis> welcomed_at_;                      ///< hub time of this session's welcome
  StoredLogs logs_{store_, anchor_.network};
  bool ask_alone_ = false;            ///< until a session ends well, hellos ask for frames that stand alone
  bool frames_alone_ = false;         ///< the hello of this session did
  bool asked_in_full_ = false;        ///< the hub was asked to leave nothing out
  bool evidence_is_settled_ = false;  ///< of what is wrong now all is kept, or it proves nothing
  std::map<std::pair<std::string, Position>, Hash> roots_;  ///< of this apply: most change sets name the same
};

}  // namespace wasl
