#pragma once
// The hub's storage in one SQLite file: the shared LogStore, and beside it the log `heads`, devices, and what
// is held or refused.
#include <filesystem>
#include <memory>

#include "server/store/hub_store.hpp"
#include "shared/sqlite/database.hpp"

namespace wasl {

class SqliteHubStore final : public HubStore {
 public:
  /// Errors: not_found (no file and `create` is off), storage_failed, corrupt, locked.
  static Result<std::unique_ptr<SqliteHubStore>> open(const std::filesystem::path& file, bool create);

  /// For who only looks, while another process may be serving: nothing is written, every call sees what was
  /// committed by then.
  static Result<std::unique_ptr<SqliteHubStore>> open_to_read(const std::filesystem::path& file);

  Status transact(const std::function<Status()>& work) override;
  [[nodiscard]] bool must_reopen() const override { return db_.must_reopen(); }
  /// Reads every page. Errors: corrupt.
  Status check() { return db_.check(); }

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
  Status rewrite() override { return db_.rewrite(); }

  Result<std::optional<RecordState>> record(SpaceNumber space, std::string_view id) override {
    return log_.parked(space, id);
  }
  Status save_record(SpaceNumber space, std::string_view id, const RecordState& state) override;
  Status remove_record(SpaceNumber space, std::string_view id) override;
  Result<std::vector<FallenEntry>> fallen(std::string_view space, const AuthorityState& authority,
                                          Position at, const NetworkId& network) override;
  Result<TouchedRecords> records_without(std::string_view space, const AuthorityState& authority,
                                         const std::vector<FallenEntry>& fallen,
                                         const NetworkId& network) override;
  Result<Hash> digest(std::string_view space) override { return log_.digest(space); }

  Result<std::uint64_t> heads_size() override;
  Result<Bytes> heads_leaf(std::uint64_t index) override;
  Result<Hash> heads_node(unsigned level, std::uint64_t index) override;
  Result<std::vector<Bytes>> heads_leaves(std::uint64_t first, std::size_t count) override;
  Result<std::vector<Hash>> heads_nodes(unsigned level, std::uint64_t first, std::size_t count) override;
  Status append_heads(std::uint64_t index, ByteView leaf, const std::vector<ledger::Node>& nodes) override;

  Result<std::optional<DeviceNote>> device(const PublicKey& key) override;
  Status save_device(const DeviceNote& note) override;

  Status keep(const KeptSet& set) override { return insert_kept(set, false); }
  Status keep_fork(const KeptSet& set) override { return insert_kept(set, true); }
  Result<std::optional<KeptSet>> kept(const Source& source, Sequence sequence) override;
  Result<std::vector<KeptSet>> kept_from(const Source& source, Sequence from) override;
  Result<std::vector<KeptSet>> kept_list(bool refused_too) override;
  Result<std::vector<KeptSet>> find_kept(ByteView first, std::optional<Byte> half) override;
  Result<std::optional<KeptSet>> kept_named(const Hash& name) override;
  Result<std::vector<KeptSet>> waiting_in(std::string_view space) override;
  Result<std::vector<KeptSet>> decided_of(const PublicKey& author) override;
  Status decide(const Hash& name, KeptState state, Reason reason, std::string_view detail) override;
  Result<KeptTotals> kept_totals(const PublicKey& author) override;
  Result<std::uint64_t> fork_count(const PublicKey& author) override;
  Result<std::uint64_t> chain_count(const PublicKey& author) override;

  Result<std::optional<Bytes>> meta(std::string_view key) override { return log_.meta(key); }
  Status set_meta(std::string_view key, ByteView value) override { return log_.set_meta(key, value); }

 private:
  explicit SqliteHubStore(Database database) : db_(std::move(database)), log_(db_) {}
  Status insert_kept(const KeptSet& set, bool fork);
  Result<std::vector<KeptSet>> kept_with_openings(std::string_view space);

  Database db_;
  LogStore log_;
  bool inside_ = false;
};

}  // namespace wasl
