#pragma once
// The rows of stored logs in an SQLite file, beside whatever else its owner keeps there.
#include <memory>

#include "shared/sqlite/database.hpp"
#include "shared/store/row_store.hpp"

namespace wasl {

/// What a newer program has made of the tables this one does not understand: nothing is touched, and the
/// words say what to do. To be asked before anything else of the file. Errors: unsupported.
Status check_stored_format(Database& database);
/// Tables `_wasl_…`, where they are missing.
Status create_log_tables(Database& database);
/// The one of them that files made before there were snapshots lack.
Status create_piece_table(Database& database);
/// Thread: that of the database, which must outlive it.
std::unique_ptr<RowStore> sqlite_rows(Database& database);

}  // namespace wasl
