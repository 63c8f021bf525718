#pragma once
// A program that knows nothing of Wasl and writes replica.db with SQL. It keeps the file open, as a
// spreadsheet does. Thread: one.
#include <optional>
#include <string>
#include <vector>

struct sqlite3;

namespace wasl::sim {

class OtherProgram {
 public:
  explicit OtherProgram(std::string file) : file_(std::move(file)) {}
  ~OtherProgram() { close(); }
  OtherProgram(const OtherProgram&) = delete;
  OtherProgram& operator=(const OtherProgram&) = delete;

  /// @return nothing when the file cannot be opened.
  sqlite3* open();
  void close();
  /// @return why it was not saved, in SQLite's words.
  static std::optional<std::string> run(sqlite3* db, const std::string& sql);
  /// @return nothing when the file cannot be asked.
  static std::optional<std::vector<std::vector<std::string>>> rows(sqlite3* db, const std::string& query);

 private:
  std::string file_;
  sqlite3* db_ = nullptr;
};

}  // namespace wasl::sim
