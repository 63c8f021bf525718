#pragma once
// What every hub store does alike: the logs over rows, transactions, and what takes several rows. Who derives
// from it says where rows lie: those of the logs (RowStore), of `heads`, of devices and of held work.
// Thread: one at a time.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "server/store/hub_store.hpp"

namespace wasl {

class RowHubStore : public HubStore {
 public:
  Status transact(const std::function<Status()>& work) override;

  Result<SpaceInfo*> space(std::string_view name) override { return log_.space(name); }
  Result<std::vector<std::string>> space_names() override { return log_.space_names(); }
  Status save_space(const SpaceInfo& info) override { return log_.save_space(info); }
  Status append(const Segment& block) override { return log_.append(block); }
  Result<Hash> root(std::string_view space, Position size) override { return log_.root(space, size); }
  Result<std::vector<Hash>> consistency(std::string_view space, Position part, Position size) override {
    return log_.consistency(space, part, size);
  }
  Result<std::optional<EntryRow>> find(const Source& source, Sequence sequence) override {
    return log_.find(source, sequence);
  }
  Result<std::vector<EntryRow>> entries(std::string_view space, Position from, Position to) override {
    return log_.entries(space, from, to);
  }
  Result<std::vector<Hash>> tree_nodes(std::string_view space, unsigned level, std::uint64_t first,
                                       std::size_t count) override {
    return log_.tree_nodes(space, level, first, count);
  }
  Result<ChainEnd> chain_end(const Source& source) override { return log_.chain_end(source); }
  Result<std::vector<Segment>> read(std::string_view space, Position from, std::size_t most_bytes,
                                    const NetworkId& network) override {
    return log_.read(space, from, most_bytes, network);
  }
  Result<std::uint64_t> bytes_behind(std::string_view space, Position size) override {
    return log_.bytes_behind(space, size);
  }
  Result<std::optional<Opening>> opening(const Hash& commitment) override { return log_.opening(commitment); }
  Status erase_openings(std::string_view space, const ErasedList& list, const NetworkId& network) override;
  Result<std::set<Hash>> commitments_of(std::string_view space, std::string_view id,
                                        const NetworkId& network) override;

  Status read_moment(const std::function<Status()>& work) override;
  Status each_record(SpaceNumber space, const LogStore::RecordVisit& visit) override {
    return log_.each_parked(space, visit);
  }
  Result<snapshot::Ground> ground(std::string_view space) override { return log_.ground(space); }
  Result<std::set<Position>> voided(std::string_view space, Position until) override;

  Result<std::optional<LogBase>> base(std::string_view space) override { return base_of(log_, space); }
  Status each_base_record(std::string_view space, const LogStore::RecordVisit& visit) override;
  Result<Position> let_go(std::string_view space) override { return let_go_of(log_, space); }
  Status lay_base(std::string_view space, const LogBase& base) override {
    return wasl::lay_base(log_, space, base);
  }
  Status add_base_piece(std::string_view space, const Hash& name, ByteView packed) override;
  Result<std::optional<Bytes>> base_piece(std::string_view space, const Hash& name) override;
  Result<std::vector<Hash>> base_pieces(std::string_view space) override;
  Status drop_base_piece(std::string_view space, const Hash& name) override;
  Status forget_opening(const Hash& commitment) override { return log_.forget_opening(commitment); }
  Result<bool> let_block_go(std::string_view space, const NetworkId& network,
                            const std::function<bool(const Hash&)>& stays) override;

  Result<std::optional<RecordState>> record(SpaceNumber space, std::string_view id) override {
    return log_.parked(space, id);
  }
  Status save_record(SpaceNumber space, std::string_view id, const RecordState& state) override;
  Status remove_record(SpaceNumber space, std::string_view id) override;
  Status note_conflict(SpaceNumber space, std::string_view id, std::optional<Millis> since) override;
  Result<std::vector<FallenEntry>> fallen(std::string_view space, const AuthorityState& authority,
                                          Position at, const NetworkId& network) override;
  Result<TouchedRecords> records_without(std::string_view space, const AuthorityState& authority,
                                         const std::vector<FallenEntry>& fallen,
                                         const NetworkId& network) override;
  Result<Hash> digest(std::string_view space) override { return log_.digest(space); }

  Result<Bytes> heads_leaf(std::uint64_t index) override;
  Result<Hash> heads_node(unsigned level, std::uint64_t index) override;

  Status keep(const KeptSet& set) override { return insert_kept(set, false); }
  Status keep_fork(const KeptSet& set) override { return insert_kept(set, true); }

  Result<std::optional<Bytes>> meta(std::string_view key) override { return log_.meta(key); }
  Status set_meta(std::string_view key, ByteView value) override { return log_.set_meta(key, value); }

 protected:
  explicit RowHubStore(std::unique_ptr<RowStore> rows) : log_(std::move(rows)) {}

  /// Forgets what is remembered of rows that others may have changed.
  Status refresh() { return log_.refresh(); }
  void forget() {
    log_.forget();
    conflicts_.reset();
  }
  /// Errors: conflict (its network has moved to another store, or has not arrived here whole).
  Status check_in_force();
  /// What has arrived here whole is a network like any other from now on.
  Status settle_in();
  /// Puts it in the place of the block with these entries.
  virtual Status replace_block(SpaceNumber space, const StoredBlock& block) = 0;
  using RecordName = std::pair<SpaceNumber, std::string>;
  virtual Result<std::map<RecordName, Millis>> conflicts() = 0;
  /// Nothing: it is none any more.
  virtual Status save_conflict(SpaceNumber space, std::string_view id, std::optional<Millis> since) = 0;
  /// Changes nothing where one stands in its place.
  virtual Status insert_kept(const KeptSet& set, bool fork) = 0;
  /// Held and refused work of the space, and evidence of forks, that may have openings.
  virtual Result<std::vector<KeptSet>> kept_with_openings(std::string_view space) = 0;
  virtual Status save_openings(const Hash& name, const std::vector<OpeningItem>& openings) = 0;

 private:
  LogStore log_;
  std::optional<std::map<RecordName, Millis>>
      conflicts_;  ///< as stored: most records have none, and cost no row
  bool inside_ = false;
};

}  // namespace wasl
