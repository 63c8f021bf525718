#include "server/migration/table_store.hpp"
#include "server/store/postgres_rows.hpp"
#include "server/store/postgres_session.hpp"

namespace wasl {
namespace {

// One that was killed counts as alive for so long.
constexpr std::chrono::seconds kPatience{PostgresSession::kFenceSeconds + 1};

StoredValue value_of(const PgRows& rows, int row, int at, const StoredColumn& column) {
  if (rows.is_null(row, at)) return std::monostate();
  switch (column.kind) {
    case ColumnKind::number:
      return rows.int64(row, at);
    case ColumnKind::text:
      return std::string(rows.text(row, at));
    case ColumnKind::blob:
      return to_bytes(rows.blob(row, at));
  }
  return std::monostate();
}

void add(PgValues& values, const StoredValue& value, ColumnKind kind) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return values.add(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return values.add(std::string_view(*text));
  if (const auto* blob = std::get_if<Bytes>(&value)) return values.add(ByteView(*blob));
  if (kind == ColumnKind::number) return values.add(std::optional<std::int64_t>());
  if (kind == ColumnKind::text) return values.add(std::optional<std::string_view>());
  values.add(std::optional<ByteView>());
}

/// "$1, $2, …"
std::string places(std::size_t count) {
  std::string out;
  for (std::size_t i = 1; i <= count; ++i) out += (i == 1 ? "$" : ", $") + std::to_string(i);
  return out;
}

class PostgresTables final : public TableStore {
 public:
  explicit PostgresTables(std::unique_ptr<PostgresSession> session) : session_(std::move(session)) {}

  Status each(const StoredTable& table, const std::function<Status(StoredRow)>& visit) override {
    std::string names, key;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      names += (i == 0 ? "" : ", ") + table.columns[i].name;
      if (i < table.key) key += (i == 0 ? "" : ", ") + table.columns[i].name;
    }
    const std::string from = "SELECT " + names + " FROM " + table.postgres;
    const std::string order = " ORDER BY " + key + " LIMIT " + std::to_string(table.page);
    const std::string behind = " WHERE (" + key + ") > (" + places(table.key) + ")";
    PgValues last;
    for (bool first = true;; first = false) {
      WASL_LET(const PgRows page, session_->query(from + (first ? "" : behind) + order, last));
      for (int i = 0; i < page.count(); ++i) {
        StoredRow row;
        for (std::size_t c = 0; c < table.columns.size(); ++c)
          row.push_back(value_of(page, i, static_cast<int>(c), table.columns[c]));
        if (i + 1 == page.count()) {
          last = PgValues();
          for (std::size_t c = 0; c < table.key; ++c) add(last, row[c], table.columns[c].kind);
        }
        WASL_TRY(visit(std::move(row)));
      }
      if (page.count() < table.page) return {};
      WASL_TRY(stay());
    }
  }

  Status put(const StoredTable& table, std::span<const StoredRow> rows) override {
    std::string names;
    for (const StoredColumn& column : table.columns) names += (names.empty() ? "" : ", ") + column.name;
    const std::string insert =
        "INSERT INTO " + table.postgres + "(" + names + ") VALUES(" + places(table.columns.size()) + ")";
    return changed([&]() -> Status {
      for (const StoredRow& row : rows) {
        PgValues values;
        for (std::size_t i = 0; i < row.size(); ++i) add(values, row[i], table.columns[i].kind);
        WASL_TRY(session_->run(insert, values));
      }
      return {};
    });
  }

  Status clear() override {
    return changed([&]() -> Status {
      for (const CopiedTable& one : copied_tables())
        WASL_TRY(session_->run("TRUNCATE " + one.table.postgres));
      return {};
    });
  }

  Status stay() override { return session_->renew(); }
  std::unique_ptr<RowStore> rows() override { return postgres_rows(*session_); }
  [[nodiscard]] bool numbers_blocks_together() const override { return false; }
  Status settle() override { return {}; }

 private:
  Status changed(const std::function<Status()>& work) {
    WASL_TRY(session_->begin());
    Status done = work();
    if (done) done = session_->commit();
    if (!done) session_->roll_back();
    return done;
  }

  std::unique_ptr<PostgresSession> session_;
};

}  // namespace

Result<std::unique_ptr<TableStore>> open_postgres_tables(const std::string& where) {
  WASL_LET(auto session, PostgresSession::open_to_write(where, kPatience));
  return std::unique_ptr<TableStore>(new PostgresTables(std::move(session)));
}

}  // namespace wasl
