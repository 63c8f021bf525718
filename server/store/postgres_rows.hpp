#pragma once
// The rows of stored logs in PostgreSQL.
#include <memory>

#include "server/store/postgres_session.hpp"
#include "shared/store/row_store.hpp"

namespace wasl {

class PostgresRowStore : public RowStore {
 public:
  /// From now on spaces are as they are at this moment, until the next call; logs may have more rows by then.
  virtual Status show_this_moment() = 0;
  /// Spaces are again as they are when they are asked for.
  virtual void show_now() = 0;
};

/// Thread: that of the session, which must outlive it.
std::unique_ptr<PostgresRowStore> postgres_rows(PostgresSession& session);

}  // namespace wasl
