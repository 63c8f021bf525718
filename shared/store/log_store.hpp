#pragma once
// The logs of the spaces in one SQLite file: entries, blocks of change sets, chains, openings, the records
// that have no table of their own, and the state digest. The replica and the embedded hub store share it.
// Thread: that of its Database. Every call runs inside the caller's transaction.
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shared/base/environment.hpp"
#include "shared/ledger/blinding.hpp"
#include "shared/ledger/digest.hpp"
#include "shared/ledger/merkle.hpp"
#include "shared/model/record_state.hpp"
#include "shared/sqlite/database.hpp"
#include "shared/store/log_rows.hpp"

namespace wasl {

struct SpaceInfo {
  SpaceNumber number = 0;
  std::string name;
  Position size = 0;  ///< entries stored
  Position applied =
      0;  ///< entries whose effect is in the confirmed state; a group takes effect at its last part
  Position digested = 0;  ///< entries whose records the stored buckets of the digest cover
  Position proved = 0;    ///< entries that stand under a root which the hub signed
  Position authority =
      0;  ///< size of `authority` when the hub signed that: what comes after rests on no less
  ledger::Frontier frontier;
  std::optional<ledger::BlindingKey> key;
  std::uint64_t leaf_index = 0;  ///< of the newest leaf of `heads` verified for this space
  Bytes leaf;                    ///< empty: none yet
  Millis as_of = 0;              ///< hub time of the last proof that covered this space
};

class LogStore final : public LogRows, public SourceNumbers {
 public:
  explicit LogStore(Database& database) : db_(&database) {}

  static Status create_tables(Database& database);
  /// Call first in every transaction: forgets what another process may have changed, or a rollback undone.
  Status refresh();
  /// Before reading outside a transaction what one that failed may have left behind.
  void forget();

  Result<SpaceInfo*> space(std::string_view name) override;
  Result<std::vector<std::string>> space_names() override;
  Result<bool> has_space(std::string_view name);
  Status save_space(const SpaceInfo& info);

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
  Result<ChainEnd> chain_end(const Source& source);
  /// Where these chains end in the stored log itself: chain_end() is the shorter way to the same. Errors:
  /// corrupt.
  Result<std::map<Source, ChainEnd>> ends_in_log(const SpaceInfo& info, const std::set<Source>& sources,
                                                 const NetworkId& network);
  /// Whether something is stored of entries behind the space's size: pages of two times stand in the file.
  Result<bool> has_rows_behind(const SpaceInfo& info);
  Result<Hash> root(std::string_view space, Position size) override;
  /// The right edge of the tree of the first `size` entries. @pre as above.
  Result<ledger::Frontier> frontier(std::string_view space, Position size);
  /// That the first `size` entries begin with the first `part`. @pre part <= size, and as above.
  Result<std::vector<Hash>> consistency(std::string_view space, Position part, Position size);
  /// Hashes of level 0 (leaves), or of level 6 and above, in order. @pre the space's tree has them.
  /// One proof that the entries at these positions (rising, within `size`) stand in the space's first `size`.
  Result<std::vector<Hash>> inclusion(std::string_view space, const std::vector<Position>& positions,
                                      Position size);
  Result<std::vector<Hash>> tree_nodes(std::string_view space, unsigned level, std::uint64_t first,
                                       std::size_t count);
  /// Makes the rows that roots are made of again from the stored blocks. Errors: corrupt.
  Status restore_rows(std::string_view space, const NetworkId& network);
  /// Forgets whole blocks until none holds an entry behind `size`. Records and openings stay as they are.
  Status truncate(std::string_view space, Position size, const NetworkId& network);
  Result<std::vector<Segment>> read(std::string_view space, Position from, std::size_t most_bytes,
                                    const NetworkId& network) override;

  Status put_opening(const OpeningItem& opening);
  /// Stored bytes of the blocks that hold entries behind the first `size`.
  Result<std::uint64_t> bytes_behind(std::string_view space, Position size);
  Result<std::optional<Opening>> opening(const Hash& commitment);
  /// Its page may hold it until Database::rewrite().
  Result<std::vector<Hash>> openings();  ///< the commitments of all that are stored
  Status forget_opening(const Hash& commitment);

  // Records without a table of their own: dead ones, unknown registers, and all records of a hub.
  Result<std::optional<RecordState>> parked(SpaceNumber space, std::string_view id);
  Status park(SpaceNumber space, std::string_view id, const RecordState& state);
  Status unpark(SpaceNumber space, std::string_view id);

  /// Notes the record's hash for the digest, in memory; `flush_digest` writes what was noted.
  void note_record(SpaceNumber space, std::string_view id, const Hash& hash);
  /// The record is as if it had never been: no trace of it stays in the digest.
  void note_gone(SpaceNumber space, std::string_view id) { note_record(space, id, Hash{}); }
  [[nodiscard]] std::size_t noted() const { return noted_count_; }
  /// Counts up when notes were dropped unwritten: who postpones flushing must compute them again.
  [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }
  Status flush_digest();
  Result<Hash> digest(std::string_view space);
  Status clear_state(SpaceNumber space);  ///< parked records and digest, before a rebuild

  Result<std::optional<Bytes>> meta(std::string_view key);
  Status set_meta(std::string_view key, ByteView value);

  // SourceNumbers. A failure of the database is kept and reported by health().
  std::uint64_t number_of(const Source& source) override;
  const Source& source_of(std::uint64_t number) override;
  Status health();

 private:
  Status follow_chain(SpaceNumber space, const Header& header, const Hash& name);
  Status save_chain_end(SpaceNumber space, const Source& source, const ChainEnd& end);
  Status save_nodes(SpaceNumber space, const std::vector<ledger::Node>& nodes);
  Result<Hash> node(const SpaceInfo& info, unsigned level, std::uint64_t index);
  Result<ledger::Frontier> frontier_at(const SpaceInfo& info, Position size);
  Status check_late(const Segment& segment);
  Status insert_entries(SpaceInfo& info, const Segment& segment, std::int64_t block);
  Status insert_entry(SpaceInfo& info, const ledger::Entry& entry, const Source* source, Sequence sequence,
                      std::int64_t block);

  Database* db_;
  std::int64_t data_version_ = -1;
  std::uint64_t undone_ = 0;  ///< of the database's transactions, when this was read
  std::map<std::string, SpaceInfo, std::less<>> spaces_;
  std::map<Source, std::uint64_t> numbers_;
  std::map<std::uint64_t, Source> sources_;
  std::map<Source, ChainEnd> ends_;
  struct StateDigest {
    ledger::DigestTree tree;
    bool current = false;  ///< what is stored was read since forget()
  };
  std::map<SpaceNumber, StateDigest> digests_;
  std::map<std::pair<SpaceNumber, unsigned>, std::vector<std::pair<Hash, Hash>>> noted_;
  std::size_t noted_count_ = 0;
  std::uint64_t forgotten_ = 0;
  std::optional<Error> failed_;
};

}  // namespace wasl
