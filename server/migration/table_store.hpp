#pragma once
// A hub's store as tables of rows: read through once, or written anew. Thread: one at a time. Errors of every
// call: storage_failed, no_link, conflict (another has taken the database over).
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "server/migration/stored_tables.hpp"
#include "shared/store/row_store.hpp"

namespace wasl {

class TableStore {
 public:
  virtual ~TableStore() = default;
  /// Every row, a page in memory at a time.
  virtual Status each(const StoredTable& table, const std::function<Status(StoredRow)>& visit) = 0;
  /// Rows that are not there yet, as one durable change.
  virtual Status put(const StoredTable& table, std::span<const StoredRow> rows) = 0;
  /// No row is left.
  virtual Status clear() = 0;
  /// To be called between long works: others may take over who is silent.
  virtual Status stay() = 0;
  /// The same rows, as logs are made of them. This must outlive it.
  virtual std::unique_ptr<RowStore> rows() = 0;
  /// Numbers of blocks are the table's, and not each space's own.
  [[nodiscard]] virtual bool numbers_blocks_together() const = 0;
  /// What was written lies in the file or the database itself, durably.
  virtual Status settle() = 0;
};

/// Errors: not_found, locked, corrupt.
Result<std::unique_ptr<TableStore>> open_sqlite_tables(const std::filesystem::path& file);
/// Takes the right to write. Errors: locked (a hub serves it), no_link, unsupported.
Result<std::unique_ptr<TableStore>> open_postgres_tables(const std::string& where);

}  // namespace wasl
