#pragma once
// The tables of a hub in PostgreSQL, and how an older version's become this one's.
#include "server/store/postgres_connection.hpp"

namespace wasl {

/// Makes what is missing; several processes may do it at once. Errors: unsupported (a newer program's).
Status migrate_tables(PostgresConnection& connection);
/// Errors: not_found (no hub's), unsupported (another version's).
Status check_tables(PostgresConnection& connection);

/// Whether this is a server which splits tables by their keys itself (CockroachDB), and that has neither
/// partitions by hash nor VACUUM: what was deleted leaves its storage by itself.
Result<bool> splits_tables_by_key(PostgresConnection& connection);

}  // namespace wasl
