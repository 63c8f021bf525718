#pragma once
// Where a test's hub keeps its rows: hub.db in its folder, or a schema of its own in the PostgreSQL that the
// variable WASL_POSTGRES names in libpq's words (tests/system/postgres_test.py starts one).
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "server/store/open_store.hpp"

namespace wasl::test {

enum class StoreKind { sqlite, postgres };

/// Null: there is none to test with.
std::optional<std::string> postgres_address();
/// PostgreSQL where the variable WASL_POSTGRES is set.
StoreKind usual_store();

class TestStore {
 public:
  TestStore(std::filesystem::path folder, StoreKind kind);
  TestStore(const TestStore&) = delete;
  TestStore& operator=(const TestStore&) = delete;
  /// Takes the schema away.
  ~TestStore();

  Result<std::unique_ptr<HubStore>> open(StoreUse use);
  /// Of the schema. @pre it is PostgreSQL's.
  [[nodiscard]] std::string address() const;
  /// The same through another socket folder or host.
  [[nodiscard]] std::string address_through(const std::string& host) const;

 private:
  std::filesystem::path folder_;
  std::string schema_;  ///< empty: SQLite
};

}  // namespace wasl::test
