#pragma once
// What the hub asks of its storage. The committer is the only writer; everything it does for one commit
// happens inside one transact(). Thread: one at a time.
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/store/shared_store.hpp"
#include "shared/store/erasing.hpp"
#include "shared/store/log_base.hpp"
#include "shared/store/log_store.hpp"
#include "shared/store/voiding.hpp"
#include "shared/wire/messages.hpp"

namespace wasl {

/// What the hub knows of a key from its sessions: bookkeeping, not history.
struct DeviceNote {
  PublicKey key;
  std::uint64_t counter = 0;  ///< highest that a hello of this key carried
  Millis last_seen = 0;
  std::optional<bool> equal;  ///< as the office found at the end of its last session
  Millis wiped = 0;           ///< when it said that its keys and files are destroyed; 0: never
  std::vector<Cursor> applied;
};

/// Numbers are in the file.
enum class KeptState : Byte {
  held = 1,       ///< waits for a person
  refused = 2,    ///< answered with a reason
  discarded = 3,  ///< taken back by its author: only the header came
  dismissed = 4,  ///< discarded by a person with that right: header and reason are kept as evidence
  adopted = 5,    ///< it has its entry by now: the header tells the author so
};

/// A change set that has no entry. Its header keeps the chain provable.
struct KeptSet {
  Header header;
  Bytes header_bytes;
  Hash name;
  Bytes body;  ///< empty when discarded, dismissed or adopted
  std::vector<OpeningItem> openings;
  std::optional<SignatureItem> run;  ///< the signature that covers it, through the headers up to `last`
  KeptState state = KeptState::held;
  Reason reason = Reason::none;
  std::string detail;
  Millis at = 0;  ///< hub time of the verdict
};

struct KeptTotals {
  std::uint64_t held = 0;
  std::uint64_t refused = 0;
  std::uint64_t bytes = 0;  ///< of both
};

/// How many wait, by when they came. Ages are the operator's: who looks daily, weekly, monthly, or not at
/// all.
struct ByAge {
  static constexpr Millis kDay = 86'400'000, kWeek = 7 * kDay, kMonth = 30 * kDay;
  std::uint64_t day = 0, week = 0, month = 0, older = 0;  ///< each without those before it
  Millis oldest = 0;                                      ///< when it came; 0: there is none
  [[nodiscard]] std::uint64_t all() const { return day + week + month + older; }
  void add(const ByAge& more);
};

struct KeptCount {
  KeptState state = KeptState::held;  ///< or refused
  Reason reason = Reason::none;
  ByAge sets;
};

class HubStore : public LogRows {
 public:
  /// Runs `work` as one transaction. Durable when it returns without error; otherwise nothing of it stays.
  virtual Status transact(const std::function<Status()>& work) = 0;
  /// The storage has failed under this object: every transact() is refused until the store is opened again.
  [[nodiscard]] virtual bool must_reopen() const = 0;
  /// Keeps the right to write where nothing is committed: to be called every second by who serves. Errors:
  /// conflict (another has taken over: must_reopen()), no_link.
  virtual Status renew() = 0;
  /// Where several processes serve one storage, or another hub leads; null: this one alone does.
  virtual SharedStore* shared() { return shared_; }
  /// @pre it outlives this.
  void share_through(SharedStore& shared) { shared_ = &shared; }
  /// Reads all that is stored, as far as the storage can check itself. Errors: corrupt.
  virtual Status check() = 0;

  // ── Logs, beside LogRows ──
  virtual Status save_space(const SpaceInfo& info) = 0;
  virtual Status append(const Segment& block) = 0;
  /// That the first `size` entries begin with the first `part`. @pre the space has them.
  virtual Result<std::vector<Hash>> consistency(std::string_view space, Position part, Position size) = 0;
  virtual Result<std::vector<EntryRow>> entries(std::string_view space, Position from, Position to) = 0;
  /// Leaf hashes, or complete subtrees of 64 leaves and more, in order. @pre the space's tree has them.
  virtual Result<std::vector<Hash>> tree_nodes(std::string_view space, unsigned level, std::uint64_t first,
                                               std::size_t count) = 0;
  /// The chain's end in the log, stand-ins included.
  virtual Result<ChainEnd> chain_end(const Source& source) = 0;
  /// Stored bytes of the blocks that hold entries behind the first `size`.
  virtual Result<std::uint64_t> bytes_behind(std::string_view space, Position size) = 0;
  virtual Result<std::optional<Opening>> opening(const Hash& commitment) = 0;
  /// Deletes the listed openings of the space, of work that is held or refused too: of that also where there
  /// is no such space.
  virtual Status erase_openings(std::string_view space, const ErasedList& list, const NetworkId& network) = 0;
  /// Every commitment of the record that is here, in work that is held or refused too.
  virtual Result<std::set<Hash>> commitments_of(std::string_view space, std::string_view id,
                                                const NetworkId& network) = 0;
  /// Nothing that was deleted is left in the storage when this returns. Outside transact(). Errors: locked
  /// (call again), storage_failed.
  virtual Status rewrite() = 0;

  // ── What a snapshot is made of ──
  /// Everything that `work` reads is of one moment, and others go on writing meanwhile.
  virtual Status read_moment(const std::function<Status()>& work) = 0;
  /// The space's records in the byte order of their ids. @pre read_moment().
  virtual Status each_record(SpaceNumber space, const LogStore::RecordVisit& visit) = 0;
  virtual Result<snapshot::Ground> ground(std::string_view space) = 0;
  /// Positions that a `void` at or before `until` names.
  virtual Result<std::set<Position>> voided(std::string_view space, Position until) = 0;

  // ── What nobody needs any more: the bodies below a base (shared/store/log_base.hpp) ──
  virtual Result<std::optional<LogBase>> base(std::string_view space) = 0;
  virtual Status each_base_record(std::string_view space, const LogStore::RecordVisit& visit) = 0;
  /// Of so many entries the header alone is here.
  virtual Result<Position> let_go(std::string_view space) = 0;
  /// From now on the base is this one. @pre its pieces are here.
  virtual Status lay_base(std::string_view space, const LogBase& base) = 0;
  virtual Status add_base_piece(std::string_view space, const Hash& name, ByteView packed) = 0;
  /// Raw. Errors: corrupt.
  virtual Result<std::optional<Bytes>> base_piece(std::string_view space, const Hash& name) = 0;
  /// Of all that are here, of a base that is not laid yet too.
  virtual Result<std::vector<Hash>> base_pieces(std::string_view space) = 0;
  virtual Status drop_base_piece(std::string_view space, const Hash& name) = 0;
  virtual Status forget_opening(const Hash& commitment) = 0;
  /// The bodies of the next block. @return false: no whole block below the base is left.
  virtual Result<bool> let_block_go(std::string_view space, const NetworkId& network,
                                    const std::function<bool(const Hash&)>& stays) = 0;

  // ── Confirmed state ──
  virtual Result<std::optional<RecordState>> record(SpaceNumber space, std::string_view id) = 0;
  virtual Status save_record(SpaceNumber space, std::string_view id, const RecordState& state) = 0;
  /// That the record is in conflict, and since when; nothing: it is not.
  virtual Status note_conflict(SpaceNumber space, std::string_view id, std::optional<Millis> since) = 0;
  /// Records in conflict, by the name of their space.
  virtual Result<std::map<std::string, ByAge>> conflict_counts(Millis now) = 0;
  /// As if it had never been.
  virtual Status remove_record(SpaceNumber space, std::string_view id) = 0;
  // As in shared/store/voiding.hpp, of all that is stored.
  virtual Result<std::vector<FallenEntry>> fallen(std::string_view space, const AuthorityState& authority,
                                                  Position at, const NetworkId& network) = 0;
  virtual Result<TouchedRecords> records_without(std::string_view space, const AuthorityState& authority,
                                                 const std::vector<FallenEntry>& fallen,
                                                 const NetworkId& network) = 0;
  virtual Result<Hash> digest(std::string_view space) = 0;

  // ── The log `heads` ──
  virtual Result<std::uint64_t> heads_size() = 0;
  virtual Result<Bytes> heads_leaf(std::uint64_t index) = 0;
  virtual Result<Hash> heads_node(unsigned level, std::uint64_t index) = 0;
  /// So many, in order. @pre the log has them.
  virtual Result<std::vector<Bytes>> heads_leaves(std::uint64_t first, std::size_t count) = 0;
  virtual Result<std::vector<Hash>> heads_nodes(unsigned level, std::uint64_t first, std::size_t count) = 0;
  virtual Status append_heads(std::uint64_t index, ByteView leaf, const std::vector<ledger::Node>& nodes) = 0;

  // ── Devices ──
  virtual Result<std::optional<DeviceNote>> device(const PublicKey& key) = 0;
  // What sessions write down, whichever process holds them: each call is durable by itself, or with the
  // transaction around it.
  /// @return false: this key has used the counter, or a higher one, before.
  virtual Result<bool> use_counter(const PublicKey& key, std::uint64_t counter, Millis now) = 0;
  virtual Status note_done(const PublicKey& key, const std::optional<bool>& equal,
                           const std::vector<Cursor>& applied, Millis now) = 0;
  virtual Status note_wiped(const PublicKey& key, Millis now) = 0;
  /// As set_meta().
  virtual Status note_meta(std::string_view key, ByteView value) = 0;

  // ── Held and refused ──
  /// One place of a chain holds one: a second call changes nothing.
  virtual Status keep(const KeptSet& set) = 0;
  /// Evidence of a second change set at one place. One piece a chain is enough: a second call changes
  /// nothing.
  virtual Status keep_fork(const KeptSet& set) = 0;
  virtual Result<std::optional<KeptSet>> kept(const Source& source, Sequence sequence) = 0;
  /// From this sequence on, in order.
  virtual Result<std::vector<KeptSet>> kept_from(const Source& source, Sequence from) = 0;
  /// Everything that waits: held, and on request refused. In the order in which it came.
  virtual Result<std::vector<KeptSet>> kept_list(bool refused_too) = 0;
  /// Held or refused ones whose names begin so; at most a few.
  virtual Result<std::vector<KeptSet>> find_kept(ByteView first, std::optional<Byte> half) = 0;
  virtual Result<std::optional<KeptSet>> kept_named(const Hash& name) = 0;
  /// Held in the space for want of what they build on.
  virtual Result<std::vector<KeptSet>> waiting_in(std::string_view space) = 0;
  /// Of the author's, what a person has decided.
  virtual Result<std::vector<KeptSet>> decided_of(const PublicKey& author) = 0;
  /// What was held or refused is so no more: body and openings go.
  virtual Status decide(const Hash& name, KeptState state, Reason reason, std::string_view detail) = 0;
  virtual Result<KeptTotals> kept_totals(const PublicKey& author) = 0;
  /// Of all authors, without reading the work.
  virtual Result<std::vector<KeptCount>> kept_counts(Millis now) = 0;
  /// Chains of the author at which a second history was pushed: its folder was copied or restored.
  virtual Result<std::uint64_t> fork_count(const PublicKey& author) = 0;
  /// Chains of the author that have something here, in a log or beside it.
  virtual Result<std::uint64_t> chain_count(const PublicKey& author) = 0;

  virtual Result<std::optional<Bytes>> meta(std::string_view key) = 0;
  virtual Status set_meta(std::string_view key, ByteView value) = 0;

 private:
  SharedStore* shared_ = nullptr;
};

}  // namespace wasl
