#pragma once
// The port under LogStore: the rows that stored logs are made of, and what changes them together. What a row
// means is said above it; here is only where it lies. Thread: one at a time. Errors of every call:
// storage_failed, corrupt (a row that nobody can have written).
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/ledger/merkle.hpp"
#include "shared/store/space_info.hpp"
#include "shared/wire/segment.hpp"

namespace wasl {

struct StoredEntry {
  SpaceNumber space = 0;
  Position position = 0;
  ledger::Entry entry;
  std::optional<std::uint64_t> source;  ///< its chain, by number
  std::optional<Sequence> sequence;     ///< without a chain: the position that a `void` names
};

struct StoredBlock {
  Position first = 0;
  Position last = 0;
  std::size_t raw_bytes = 0;  ///< before compression
  ByteView data;              ///< holds during the call that gives or takes it
};

struct StoredStandIn {
  Source source;
  Sequence sequence = 0;
  Hash name;
};

struct StoredOpening {
  Bytes salt;
  Bytes value;
};

/// Leaving the scope without a commit that succeeded takes everything back.
class RowTransaction {
 public:
  virtual ~RowTransaction() = default;
  virtual Status commit() = 0;
};

class RowStore {
 public:
  virtual ~RowStore() = default;

  /// Everything until the commit happens together, and only one such scope is open anywhere.
  virtual Result<std::unique_ptr<RowTransaction>> begin() = 0;
  /// Everything read until the scope ends is of one moment; others go on writing. It commits nothing.
  virtual Result<std::unique_ptr<RowTransaction>> begin_reading() = 0;

  /// Another version than before: somebody else has committed, or something of ours was taken back.
  struct Version {
    std::int64_t committed = 0;
    std::uint64_t undone = 0;
    bool operator==(const Version&) const = default;
  };
  virtual Result<Version> version() = 0;

  // ── Spaces ──
  virtual Result<std::optional<SpaceInfo>> space(std::string_view name) = 0;
  /// Of the name and the frontier. @return its number.
  virtual Result<SpaceNumber> add_space(const SpaceInfo& info) = 0;
  virtual Status save_space(const SpaceInfo& info) = 0;
  virtual Result<std::vector<std::string>> space_names() = 0;

  // ── Chains, by a short number ──
  virtual Result<std::optional<std::uint64_t>> source_number(const Source& source) = 0;
  virtual Result<std::uint64_t> add_source(const Source& source) = 0;
  virtual Result<std::optional<Source>> source(std::uint64_t number) = 0;
  /// The default for a chain without any.
  virtual Result<ChainEnd> chain_end(const Source& source) = 0;
  virtual Status save_chain_end(std::uint64_t source, SpaceNumber space, const ChainEnd& end) = 0;
  virtual Result<std::optional<Hash>> stand_in(const Source& source, Sequence sequence) = 0;
  /// Takes the place of an older one.
  virtual Status save_stand_in(SpaceNumber space, std::uint64_t source, Sequence sequence, const Hash& name,
                               std::int64_t block) = 0;
  /// The chains of the space that have something in its log.
  virtual Result<std::vector<std::pair<Source, ChainEnd>>> chain_ends(SpaceNumber space) = 0;
  /// Headers that stand in the space's log and have no entry.
  virtual Result<std::vector<StoredStandIn>> lone_stand_ins(SpaceNumber space) = 0;

  // ── Entries ──
  virtual Result<std::optional<StoredEntry>> find(const Source& source, Sequence sequence) = 0;
  /// By position.
  virtual Result<std::vector<StoredEntry>> entries(SpaceNumber space, Position from, Position to) = 0;
  /// Those of `accept` since a hub time, by position.
  virtual Result<std::vector<StoredEntry>> accepted_of(const Author& author, SpaceNumber space,
                                                       Millis since) = 0;
  virtual Result<std::vector<std::pair<Position, Hash>>> adopted(SpaceNumber space) = 0;
  /// What the entries of `void` up to `until` name.
  virtual Result<std::vector<Position>> voided(SpaceNumber space, Position until) = 0;
  virtual Status add_entries(std::span<const StoredEntry> entries, std::int64_t block) = 0;

  // ── Complete subtrees that are kept ──
  /// So many from `first` on, in order; fewer where some are missing.
  virtual Result<std::vector<Hash>> nodes(SpaceNumber space, unsigned level, std::uint64_t first,
                                          std::size_t count) = 0;
  virtual Status add_nodes(SpaceNumber space, std::span<const ledger::Node> nodes) = 0;

  // ── Blocks ──
  /// @return its number.
  virtual Result<std::int64_t> add_block(SpaceNumber space, const StoredBlock& block) = 0;
  /// In order, from the one that holds `from`, until a visit says false or fails. A visit asks nothing here.
  virtual Status each_block(SpaceNumber space, Position from,
                            const std::function<Result<bool>(const StoredBlock&)>& visit) = 0;
  virtual Result<std::vector<std::int64_t>> block_numbers(SpaceNumber space) = 0;
  virtual Result<std::uint64_t> bytes_behind(SpaceNumber space, Position size) = 0;
  /// Whether an entry, a block or a subtree reaches behind `size`.
  virtual Result<bool> has_rows_behind(SpaceNumber space, Position size) = 0;
  /// Entries, headers that stand alone, blocks and subtrees.
  virtual Status drop_behind(SpaceNumber space, Position size) = 0;
  /// What is made of the blocks: entries and subtrees.
  virtual Status drop_derived(SpaceNumber space) = 0;

  // ── Openings ──
  virtual Result<std::optional<StoredOpening>> opening(const Hash& commitment) = 0;
  /// Changes nothing where one is.
  virtual Status add_opening(const Hash& commitment, const Salt& salt, ByteView value) = 0;
  virtual Status drop_opening(const Hash& commitment) = 0;
  virtual Result<std::vector<Hash>> openings() = 0;

  // ── Records without a table, packed, and the buckets of the digest ──
  virtual Result<std::optional<Bytes>> parked(SpaceNumber space, std::string_view id) = 0;
  virtual Status park(SpaceNumber space, std::string_view id, ByteView state) = 0;
  virtual Status unpark(SpaceNumber space, std::string_view id) = 0;
  /// In the byte order of ids, until a visit fails. @pre begin_reading().
  virtual Status each_parked(SpaceNumber space,
                             const std::function<Status(std::string_view id, ByteView state)>& visit) = 0;
  virtual Result<std::optional<Bytes>> bucket(SpaceNumber space, unsigned bucket) = 0;
  virtual Result<std::vector<std::pair<unsigned, Hash>>> bucket_hashes(SpaceNumber space) = 0;
  virtual Status save_bucket(SpaceNumber space, unsigned bucket, const Hash& hash, ByteView data) = 0;
  /// Parked records and buckets.
  virtual Status drop_state(SpaceNumber space) = 0;

  // ── Pieces of a snapshot from which an office began, or is about to; a hub keeps none in its rows ──
  virtual Result<std::optional<Bytes>> piece(SpaceNumber /*space*/, const Hash& /*name*/) {
    return std::optional<Bytes>();
  }
  virtual Status add_piece(SpaceNumber space, const Hash& name, ByteView packed) = 0;
  virtual Result<std::vector<Hash>> piece_names(SpaceNumber /*space*/) { return std::vector<Hash>(); }
  virtual Status drop_piece(SpaceNumber /*space*/, const Hash& /*name*/) { return {}; }

  // ── Small values by name ──
  virtual Result<std::optional<Bytes>> meta(std::string_view key) = 0;
  virtual Status set_meta(std::string_view key, ByteView value) = 0;
};

/// A row that nobody can have written.
tl::unexpected<Error> damaged_row(std::string_view what);

}  // namespace wasl
