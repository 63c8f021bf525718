#pragma once
// The hub's storage in one SQLite file: the rows of the logs, and beside them the log `heads`, devices, and
// what is held or refused.
#include <filesystem>
#include <memory>

#include "server/store/row_hub_store.hpp"
#include "shared/sqlite/database.hpp"

namespace wasl {

/// Made before the rows that lie in it, and closed after them.
struct HubDatabase {
  Database db;
};

class SqliteHubStore final : private HubDatabase, public RowHubStore {
 public:
  /// Errors: not_found (no file and `create` is off), storage_failed, corrupt, locked.
  static Result<std::unique_ptr<HubStore>> open(const std::filesystem::path& file, bool create);
  /// Nothing is written; every call sees what was committed by then.
  static Result<std::unique_ptr<HubStore>> open_to_read(const std::filesystem::path& file);

  [[nodiscard]] bool must_reopen() const override { return db.must_reopen(); }
  Status renew() override { return {}; }  // the lock on the folder holds by itself
  Status check() override { return db.check(); }
  Status rewrite() override { return db.rewrite(); }

  Result<std::uint64_t> heads_size() override;
  Result<std::vector<Bytes>> heads_leaves(std::uint64_t first, std::size_t count) override;
  Result<std::vector<Hash>> heads_nodes(unsigned level, std::uint64_t first, std::size_t count) override;
  Status append_heads(std::uint64_t index, ByteView leaf, const std::vector<ledger::Node>& nodes) override;

  Result<std::optional<DeviceNote>> device(const PublicKey& key) override;
  Result<bool> use_counter(const PublicKey& key, std::uint64_t counter, Millis now) override;
  Status note_done(const PublicKey& key, const std::optional<bool>& equal, const std::vector<Cursor>& applied,
                   Millis now) override;
  Status note_wiped(const PublicKey& key, Millis now) override;
  Status note_meta(std::string_view key, ByteView value) override;

  Result<std::optional<KeptSet>> kept(const Source& source, Sequence sequence) override;
  Result<std::vector<KeptSet>> kept_from(const Source& source, Sequence from) override;
  Result<std::vector<KeptSet>> kept_list(bool refused_too) override;
  Result<std::vector<KeptSet>> find_kept(ByteView first, std::optional<Byte> half) override;
  Result<std::optional<KeptSet>> kept_named(const Hash& name) override;
  Result<std::vector<KeptSet>> waiting_in(std::string_view space) override;
  Result<std::vector<KeptSet>> decided_of(const PublicKey& author) override;
  Status decide(const Hash& name, KeptState state, Reason reason, std::string_view detail) override;
  Result<KeptTotals> kept_totals(const PublicKey& author) override;
  Result<std::vector<KeptCount>> kept_counts(Millis now) override;
  Result<std::map<std::string, ByAge>> conflict_counts(Millis now) override;
  Result<std::uint64_t> fork_count(const PublicKey& author) override;
  Result<std::uint64_t> chain_count(const PublicKey& author) override;

 private:
  explicit SqliteHubStore(Database database);
  Status replace_block(SpaceNumber space, const StoredBlock& block) override;
  Status insert_kept(const KeptSet& set, bool fork) override;
  Result<std::vector<KeptSet>> kept_with_openings(std::string_view space) override;
  Result<std::map<RecordName, Millis>> conflicts() override;
  Status save_conflict(SpaceNumber space, std::string_view id, std::optional<Millis> since) override;
  Status save_openings(const Hash& name, const std::vector<OpeningItem>& openings) override;
};

}  // namespace wasl
