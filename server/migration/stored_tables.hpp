#pragma once
// The tables of a hub's store, named alike for SQLite and PostgreSQL, and their rows as plain values: what a
// store is made of when it is carried into another kind.
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "shared/base/bytes.hpp"

namespace wasl {

enum class ColumnKind { number, text, blob };

struct StoredColumn {
  std::string name;
  ColumnKind kind = ColumnKind::number;
  bool may_be_null = false;
  bool joined_in_sqlite = false;  ///< SQLite keeps it in another table alone
};

using StoredValue = std::variant<std::monostate, std::int64_t, std::string, Bytes>;
using StoredRow = std::vector<StoredValue>;  ///< in the order of the columns

struct StoredTable {
  std::string sqlite, postgres;  ///< its name there
  std::vector<StoredColumn> columns;
  std::size_t key = 1;        ///< so many columns, from the first, name a row
  int page = 1'000;           ///< rows that may be in memory at once
  std::string sqlite_from{};  ///< what SQLite reads instead of the table; empty: the table
};

enum class TableUse { meta, rows, heads_leaf, block, entry, stand_in };
struct CopiedTable {
  StoredTable table;
  TableUse use = TableUse::rows;
};

/// Everything but who leads and what waits between processes, which is no part of a network.
const std::vector<CopiedTable>& copied_tables();
/// Names of blocks alone: (space, number).
const StoredTable& block_names();

/// The same for the same row, whichever store it was read from.
Hash hash_of(const StoredRow& row);
std::size_t bytes_of(const StoredRow& row);

}  // namespace wasl
