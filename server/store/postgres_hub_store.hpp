#pragma once
// The hub's storage in PostgreSQL: the rows of the logs, and beside them the log `heads`, devices, and what
// is held or refused. One hub writes at a time (postgres_session.hpp).
#include <chrono>
#include <memory>
#include <string>

#include "server/store/postgres_shared.hpp"
#include "server/store/row_hub_store.hpp"

namespace wasl {

/// Made before the rows that it reads, and closed after them.
struct StoreSession {
  std::unique_ptr<PostgresSession> session;
  PostgresRowStore* of_logs;
};

class PostgresHubStore final : private StoreSession, public RowHubStore {
 public:
  /// @param patience how long it waits for another that holds it. Errors: as PostgresSession's.
  static Result<std::unique_ptr<HubStore>> open(const std::string& where,
                                                std::chrono::milliseconds patience = {});
  /// Without the right to write, which shared() may take later.
  static Result<std::unique_ptr<HubStore>> open_to_share(const std::string& where);
  static Result<std::unique_ptr<HubStore>> open_to_read(const std::string& where);

  SharedStore* shared() override { return session->may_write() ? &shared_ : nullptr; }
  Status renew() override { return session->renew(); }
  [[nodiscard]] bool must_reopen() const override { return session->is_deposed(); }
  /// PostgreSQL checks its pages itself as it reads them: this reads what a hub begins with.
  Status check() override;
  /// What was deleted leaves the tables. Copies of the database's log are the operator's.
  Status rewrite() override;

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
  PostgresHubStore(std::unique_ptr<PostgresSession> session, std::unique_ptr<PostgresRowStore> rows);
  static std::unique_ptr<PostgresHubStore> over(std::unique_ptr<PostgresSession> session);
  Status replace_block(SpaceNumber space, const StoredBlock& block) override;
  Status insert_kept(const KeptSet& set, bool fork) override;
  Result<std::vector<KeptSet>> kept_with_openings(std::string_view space) override;
  Result<std::map<RecordName, Millis>> conflicts() override;
  Status save_conflict(SpaceNumber space, std::string_view id, std::optional<Millis> since) override;
  Status save_openings(const Hash& name, const std::vector<OpeningItem>& openings) override;
  template <class... Values>
  Result<std::vector<KeptSet>> kept_where(std::string_view condition, const Values&... values);
  template <class... Values>
  Result<std::uint64_t> number(std::string_view sql, const Values&... values);

  PostgresShared shared_;
};

}  // namespace wasl
