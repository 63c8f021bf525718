#pragma once
// The SQL of a register: its table, a table for each set field, and the triggers that refuse wrong values and
// note what changed. Pure functions of the description, so that an office can compare what its file holds
// with what it should hold and put back what is missing. Runs on SQLite 3.40 and later.
//
// What any program may do with the tables, and what comes of it:
//   INSERT            an id is made (UUIDv7) unless given; noted as `inserted`
//   UPDATE            noted as `updated` when a field column really changed; id, space and _clock are refused
//   DELETE            noted as `removed` with the old row; its set rows go without notes
//   REPLACE, UPSERT   (and OR IGNORE) on an id that exists: the old row is noted as `replaced` beforehand,
//                     whatever happens then. A note may thus find nothing changed; it is harmless.
//   set rows          INSERT INTO project_theme(record, value): the space is the record's; an element that is
//                     there already is no error and no note; noted as `set_added` and `set_removed`
//   editions          refused: they and the marks `published` and `edition_of` are written by publishing
//   ledger registers  INSERT only; an identical second INSERT does nothing
// REPLACE under `PRAGMA recursive_triggers=ON` fires the delete trigger too: set rows then go unnoted, and
// the comparison of rows with their clock finds them.
// A connection that writes with these triggers must keep `PRAGMA trusted_schema=ON` (the default):
// SQLite 3.40 takes its own JSON functions for unsafe in triggers.
#include <string>
#include <string_view>
#include <vector>

#include "shared/model/description.hpp"

namespace wasl::sql {

/// `kind` of a row of _wasl_capture.
enum class CaptureKind : Byte {
  inserted = 1,  ///< mask: bit k for the k-th field column that is not NULL
  updated = 2,   ///< mask: bit k for the k-th field column that changed; old: JSON array of k, old value, …
  removed = 3,   ///< old: JSON array of all field columns; clock: the old row's
  replaced = 4,  ///< the same, of the row that an INSERT met
  set_added = 5,  ///< old: JSON array of field number and value; id and space are the record's
  set_removed = 6,
};

/// One object of the schema. sqlite_schema holds `sql` under `name` letter by letter.
struct Statement {
  std::string name;
  std::string sql;
};

/// _wasl_capture(seq, register, space, id, kind, mask, at, old, clock); `at` is Unix time in milliseconds by
/// the machine's clock. Never emptied while its highest seq is needed: SQLite may give a freed highest seq
/// again.
Statement capture_table();

/// Columns of the register's table between `space` and `_clock`, in the order of the bits of `mask`.
std::vector<std::string> field_columns(const Register& content);
/// What `_clock` holds until the row is sealed, as an SQL expression.
std::string empty_clock(const Register& content);
/// Name of the table that holds a set field.
std::string set_table(const Register& content, const Field& field);

/// Tables first. @param default_space a space's name: where an INSERT that names none goes.
std::vector<Statement> table_statements(const Register& content, std::string_view default_space);
/// What adds a field's columns to a table that stands already; nothing for a set. Named by the column.
std::vector<Statement> column_statements(const Register& content, const Field& field);
/// @param default_space as above; only saves a comparison, other spaces are accepted too.
std::vector<Statement> trigger_statements(const Register& content, std::string_view default_space);

/// 'text' with quotes doubled.
std::string quoted(std::string_view text);

}  // namespace wasl::sql
