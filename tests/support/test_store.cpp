#include "tests/support/test_store.hpp"

#include <cstdlib>
#include <stdexcept>

#include "server/store/postgres_hub_store.hpp"

namespace wasl::test {
namespace {

void run_at_server(const std::string& sql) {
  const auto connection = PostgresConnection::open(postgres_address().value());
  const Status done = connection ? (*connection)->script(sql) : tl::unexpected(connection.error());
  if (!done) throw std::runtime_error(done.error().message);
}

}  // namespace

std::optional<std::string> postgres_address() {
  const char* const address = std::getenv("WASL_POSTGRES");
  return address == nullptr ? std::nullopt : std::optional<std::string>(address);
}

StoreKind usual_store() { return postgres_address() ? StoreKind::postgres : StoreKind::sqlite; }

TestStore::TestStore(std::filesystem::path folder, StoreKind kind) : folder_(std::move(folder)) {
  if (kind == StoreKind::sqlite) return;
  schema_ = folder_.filename().string();
  run_at_server("CREATE SCHEMA \"" + schema_ + "\"");
}

TestStore::~TestStore() {
  if (schema_.empty()) return;
  try {
    run_at_server("SET client_min_messages = warning; DROP SCHEMA \"" + schema_ + "\" CASCADE");
  } catch (const std::runtime_error&) {
    return;  // it goes with the server
  }
}

std::string TestStore::address() const {
  return *postgres_address() + " options='-c search_path=\"" + schema_ + "\"'";
}

std::string TestStore::address_through(const std::string& host) const { return address() + " host=" + host; }

Result<std::unique_ptr<HubStore>> TestStore::open(StoreUse use) {
  if (schema_.empty()) return open_hub_store(folder_ / "hub.db", use);
  return use == StoreUse::read ? PostgresHubStore::open_to_read(address())
                               : PostgresHubStore::open(address());
}

}  // namespace wasl::test
