#pragma once
// The rows of stored logs in PostgreSQL.
#include <memory>

#include "server/store/postgres_session.hpp"
#include "shared/store/row_store.hpp"

namespace wasl {

/// Thread: that of the session, which must outlive it.
std::unique_ptr<RowStore> postgres_rows(PostgresSession& session);

}  // namespace wasl
