#include "tests/sim/world/other_program.hpp"

#include <sqlite3.h>

#include <utility>

namespace wasl::sim {

sqlite3* OtherProgram::open() {
  if (db_ == nullptr && sqlite3_open_v2(file_.c_str(), &db_, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK)
    close();
  return db_;
}

void OtherProgram::close() { sqlite3_close(std::exchange(db_, nullptr)); }

std::optional<std::string> OtherProgram::run(sqlite3* db, const std::string& sql) {
  if (db == nullptr) return "no file";
  const int code = sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr);
  const std::string words = code == SQLITE_OK ? "" : sqlite3_errmsg(db);
  if (sqlite3_get_autocommit(db) == 0) sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return std::nullopt;
  return words;
}

std::optional<std::vector<std::vector<std::string>>> OtherProgram::rows(sqlite3* db,
                                                                        const std::string& query) {
  std::vector<std::vector<std::string>> out;
  sqlite3_stmt* select = nullptr;
  if (db == nullptr || sqlite3_prepare_v2(db, query.c_str(), -1, &select, nullptr) != SQLITE_OK)
    return std::nullopt;
  while (sqlite3_step(select) == SQLITE_ROW) {
    std::vector<std::string> row;
    for (int i = 0; i < sqlite3_column_count(select); ++i) {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(select, i));
      row.emplace_back(text == nullptr ? "" : text);
    }
    out.push_back(std::move(row));
  }
  sqlite3_finalize(select);
  return out;
}

}  // namespace wasl::sim
