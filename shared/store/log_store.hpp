#pragma once
// The logs of the spaces, over the rows that somebody stores: entries, blocks of change sets, chains,
// openings, the records that have no table of their own, and the state digest. Replica and hub share it.
// Thread: that of its rows. Every call runs inside the caller's transaction.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shared/store/log_rows.hpp"
#include "shared/store/row_store.hpp"
#include "shared/store/space_info.hpp"
#include "shared/store/stored_chains.hpp"
#include "shared/store/stored_digests.hpp"

namespace wasl {

class LogStore final : public LogRows, public SourceNumbers {
 public:
  explicit LogStore(std::unique_ptr<RowStore> rows) : rows_(std::move(rows)) {}

  /// Call first in every transaction: forgets what another process may have changed, or a rollback undone.
  Status refresh();
  /// Before reading outside a transaction what one that failed may have left behind.
  void forget();

  Result<SpaceInfo*> space(std::string_view name) override;
  Result<std::vector<std::string>> space_names() override { return rows_->space_names(); }
  Result<bool> has_space(std::string_view name);
  Status save_space(const SpaceInfo& info) { return rows_->save_space(info); }

  /// Appends verified entries at the end of the space's log. @pre `segment.first` is size + 1 and no OwnItem
  /// is left. Errors: malformed (a chain breaks), storage_failed.
  Status append(const Segment& segment);
  Result<std::optional<EntryRow>> find(const Source& source, Sequence sequence) override;
  /// Name of the change set whose header alone stands in the log at this place of a chain.
  Result<std::optional<Hash>> stand_in(const Source& source, Sequence sequence);
  /// The entries of `accept` that an author's change sets have in the space from a hub time on.
  Result<std::vector<EntryRow>> accepted_of(const Author& author, SpaceNumber space, Millis since);
  /// The space's entries of `adopt`, by position.
  Result<std::map<Position, Hash>> adopted(SpaceNumber space);
  /// Positions that a `void` at or before `until` names.
  Result<std::set<Position>> voided(SpaceNumber space, Position until);
  Result<std::vector<EntryRow>> entries(std::string_view space, Position from, Position to);
  Result<ChainEnd> chain_end(const Source& source) { return chains_.end(source); }
  /// Whether the change set at this place of a chain has an entry that stands before where the log begins.
  static bool stands_before(const SpaceInfo& info, const Source& source, Sequence sequence) {
    return info.start && info.start->ground.has_entry(source, sequence);
  }
  /// Whether it has one, here or there.
  Result<bool> has_entry(std::string_view space, const Source& source, Sequence sequence);
  /// Where these chains end in the stored log itself: chain_end() is the shorter way to the same. Errors:
  /// corrupt.
  Result<std::map<Source, ChainEnd>> ends_in_log(const SpaceInfo& info, const std::set<Source>& sources,
                                                 const NetworkId& network);
  /// Whether something is stored of entries behind the space's size: pages of two times stand in the file.
  Result<bool> has_rows_behind(const SpaceInfo& info) {
    return rows_->has_rows_behind(info.number, info.size);
  }
  Result<Hash> root(std::string_view space, Position size) override;
  /// The right edge of the tree of the first `size` entries. @pre as above.
  Result<ledger::Frontier> frontier(std::string_view space, Position size);
  /// That the first `size` entries begin with the first `part`. @pre part <= size, and as above.
  Result<std::vector<Hash>> consistency(std::string_view space, Position part, Position size);
  /// One proof that the entries at these positions (rising, within `size`) stand in the space's first `size`.
  Result<std::vector<Hash>> inclusion(std::string_view space, const std::vector<Position>& positions,
                                      Position size);
  /// Hashes of level 0 (leaves), or of level 6 and above, in order. @pre the space's tree has them.
  Result<std::vector<Hash>> tree_nodes(std::string_view space, unsigned level, std::uint64_t first,
                                       std::size_t count);
  // ── What others may begin from ──
  using RecordVisit = std::function<Status(const std::string& id, RecordState& state)>;
  /// Records without a table, in the byte order of their ids. @pre begin_reading() of the rows.
  Status each_parked(SpaceNumber space, const RecordVisit& visit);
  /// What the space's log would go on from. @pre it is here from its first entry on, and has one.
  Result<snapshot::Ground> ground(std::string_view space);

  // ── A log that begins behind entries which are not here ──
  /// @pre nothing of the space's log is here, and its records are what the pieces say. @param ground as its
  /// bytes. Errors: malformed.
  Status begin_at(SpaceInfo& info, ByteView ground, const std::vector<Hash>& pieces);
  /// Nothing of the log is here any more, what it began from neither. Records and openings stay as they are.
  Status forget_log(SpaceInfo& info);
  /// The records from which the log began, by id. Errors: corrupt (a piece is missing or damaged).
  Status each_start_record(const SpaceInfo& info, const RecordVisit& visit);
  /// Those of all pieces that are kept of the space, of a snapshot that is still under way too.
  Status each_kept_record(const SpaceInfo& info, const RecordVisit& visit);
  Result<std::optional<Bytes>> piece(SpaceNumber space, const Hash& name);  ///< raw. Errors: corrupt

  /// Makes the rows that roots are made of again from the stored blocks. Errors: corrupt.
  Status restore_rows(std::string_view space, const NetworkId& network);
  /// Forgets whole blocks until none holds an entry behind `size`. Records and openings stay as they are.
  Status truncate(std::string_view space, Position size, const NetworkId& network);
  Result<std::vector<Segment>> read(std::string_view space, Position from, std::size_t most_bytes,
                                    const NetworkId& network) override;
  /// Stored bytes of the blocks that hold entries behind the first `size`.
  Result<std::uint64_t> bytes_behind(std::string_view space, Position size);

  Status put_opening(const OpeningItem& opening);
  Result<std::optional<Opening>> opening(const Hash& commitment);
  /// The commitments of all that are stored.
  Result<std::vector<Hash>> openings() { return rows_->openings(); }
  /// What held it may go on holding it until the storage is rewritten.
  Status forget_opening(const Hash& commitment) { return rows_->drop_opening(commitment); }

  // Records without a table of their own: dead ones, unknown registers, and all records of a hub.
  Result<std::optional<RecordState>> parked(SpaceNumber space, std::string_view id);
  Status park(SpaceNumber space, std::string_view id, const RecordState& state);
  Status unpark(SpaceNumber space, std::string_view id) { return rows_->unpark(space, id); }

  /// Notes the record's hash for the digest, in memory; `flush_digest` writes what was noted.
  void note_record(SpaceNumber space, std::string_view id, const Hash& hash) {
    digests_.note(space, id, hash);
  }
  /// The record is as if it had never been: no trace of it stays in the digest.
  void note_gone(SpaceNumber space, std::string_view id) { digests_.note(space, id, Hash{}); }
  [[nodiscard]] std::size_t noted() const { return digests_.noted(); }
  /// Counts up when notes were dropped unwritten: who postpones flushing must compute them again.
  [[nodiscard]] std::uint64_t forgotten() const { return digests_.forgotten(); }
  Status flush_digest() { return digests_.flush(); }
  Result<Hash> digest(std::string_view space);
  Status clear_state(SpaceNumber space);  ///< parked records and digest, before a rebuild

  Result<std::optional<Bytes>> meta(std::string_view key) { return rows_->meta(key); }
  Status set_meta(std::string_view key, ByteView value) { return rows_->set_meta(key, value); }

  // SourceNumbers. A failure of the rows is kept and reported by health().
  std::uint64_t number_of(const Source& source) override { return chains_.number_of(source); }
  const Source& source_of(std::uint64_t number) override { return chains_.source_of(number); }
  Status health() { return chains_.health(); }

  [[nodiscard]] RowStore& rows() { return *rows_; }

 private:
  EntryRow with_source(const StoredEntry& stored);
  Result<std::shared_ptr<const LogStart>> start_of(const SpaceInfo& info);
  Result<ledger::Frontier> edge(const SpaceInfo& info, Position size);
  Status check_late(const Segment& segment);
  Status note_collected(const SpaceInfo& info, const SegmentItem& item);
  Status insert_entries(SpaceInfo& info, const Segment& segment, std::int64_t block);

  std::unique_ptr<RowStore> rows_;
  std::optional<RowStore::Version> version_;  ///< of what is remembered
  std::map<std::string, SpaceInfo, std::less<>> spaces_;
  StoredChains chains_{*rows_};
  StoredDigests digests_{*rows_};
};

}  // namespace wasl
