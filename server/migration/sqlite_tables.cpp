#include "server/migration/table_store.hpp"
#include "shared/sqlite/database.hpp"
#include "shared/store/sqlite_rows.hpp"

namespace wasl {
namespace {

StoredValue value_of(const Statement& row, int at, const StoredColumn& column) {
  const bool is_null = row.is_null(at);
  if (is_null && column.may_be_null) return std::monostate();
  switch (column.kind) {
    case ColumnKind::number:
      return row.int64(at);
    case ColumnKind::text:
      return std::string(row.text(at));
    case ColumnKind::blob:
      return to_bytes(row.blob(at));
  }
  return std::monostate();
}

void bind(Statement& statement, int at, const StoredValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return statement.bind(at, *number);
  if (const auto* text = std::get_if<std::string>(&value)) return statement.bind(at, std::string_view(*text));
  if (const auto* blob = std::get_if<Bytes>(&value)) return statement.bind(at, ByteView(*blob));
  statement.bind(at, nullptr);
}

class SqliteTables final : public TableStore {
 public:
  explicit SqliteTables(Database database) : db_(std::move(database)) {}

  Status each(const StoredTable& table, const std::function<Status(StoredRow)>& visit) override {
    std::string names, key;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      names += (i == 0 ? "" : ", ") + table.columns[i].name;
      if (i < table.key) key += (i == 0 ? "" : ", ") + table.columns[i].name;
    }
    const std::string& from = table.sqlite_from.empty() ? table.sqlite : table.sqlite_from;
    WASL_LET(auto select, db_.prepare("SELECT " + names + " FROM " + from + " ORDER BY " + key));
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) return {};
      StoredRow row;
      for (std::size_t i = 0; i < table.columns.size(); ++i)
        row.push_back(value_of(select, static_cast<int>(i), table.columns[i]));
      WASL_TRY(visit(std::move(row)));
    }
  }

  Status put(const StoredTable& table, std::span<const StoredRow> rows) override {
    std::string names, places;
    for (const StoredColumn& column : table.columns) {
      if (column.joined_in_sqlite) continue;
      names += (names.empty() ? "" : ", ") + column.name;
      places += places.empty() ? "?" : ", ?";
    }
    WASL_LET(auto transaction, Transaction::begin(db_));
    WASL_LET(auto insert,
             db_.prepare("INSERT INTO " + table.sqlite + "(" + names + ") VALUES(" + places + ")"));
    for (const StoredRow& row : rows) {
      int at = 0;
      for (std::size_t i = 0; i < row.size(); ++i)
        if (!table.columns[i].joined_in_sqlite) bind(insert, ++at, row[i]);
      WASL_TRY(insert.run());
    }
    return transaction.commit();
  }

  Status clear() override {
    WASL_LET(auto transaction, Transaction::begin(db_));
    for (const CopiedTable& one : copied_tables()) WASL_TRY(db_.exec("DELETE FROM " + one.table.sqlite));
    return transaction.commit();
  }

  Status stay() override { return {}; }  // the lock on the folder holds by itself
  std::unique_ptr<RowStore> rows() override { return sqlite_rows(db_); }
  [[nodiscard]] bool numbers_blocks_together() const override { return true; }
  Status settle() override { return db_.settle(); }

 private:
  Database db_;
};

}  // namespace

Result<std::unique_ptr<TableStore>> open_sqlite_tables(const std::filesystem::path& file) {
  WASL_LET(Database database, Database::open({.path = file}));
  return std::unique_ptr<TableStore>(new SqliteTables(std::move(database)));
}

}  // namespace wasl
