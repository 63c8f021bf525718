#pragma once
// Loads and saves records: the register's row with its clock, or the hidden table for what has no row (dead
// records, registers of a newer version). Keeps the digest and the list of conflicts up to date.
// Thread: that of its Database; inside the caller's transaction, with triggers off.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/replica/record.hpp"
#include "shared/sqlite/database.hpp"
#include "shared/store/log_store.hpp"

namespace wasl {

/// A record as loaded, with what its row showed.
struct LoadedRecord {
  Record record;
  std::uint32_t register_number = 0;
  const Register* reg = nullptr;  ///< null: a register this program does not know
  SpaceNumber space = 0;
  std::optional<std::int64_t> rowid;
  Row row;  ///< as in the table, when there is one
  bool has_clock = false;
  bool hidden = false;         ///< stands in the hidden table
  bool may_be_listed = false;  ///< may stand in the list of conflicts
};

class RecordTable {
 public:
  RecordTable(Database& database, LogStore& store, const Schema& schema)
      : db_(&database), store_(&store), schema_(&schema) {}

  static Status create_tables(Database& database);
  /// From here on these registers have tables.
  void use(const Schema& schema);
  /// Fills columns and tables of fields that are new, from clocks that have carried them.
  Status show_fields(const Register& reg, const std::set<std::uint32_t>& fields);
  /// Shows the records of a register whose table is new.
  Status show_hidden(const Register& reg, Millis now);

  /// @param captured columns as they were when the clock was written, where a program has changed them since.
  Result<LoadedRecord> load(std::uint32_t register_number, std::string_view space, std::string_view id,
                            const std::map<std::size_t, SqlValue>* captured = nullptr,
                            const std::optional<Bytes>& captured_clock = std::nullopt);
  /// The row alone, for a record whose clock cannot be read.
  Result<LoadedRecord> load_row(std::uint32_t register_number, std::string_view space, std::string_view id);
  /// The confirmed state of this id in another register: in one space an id belongs to one.
  Result<std::optional<RecordState>> confirmed_elsewhere(const LoadedRecord& loaded);
  /// Forgets a record that never had an entry and has no overlay left.
  Status remove(LoadedRecord& loaded);
  /// Shows the record (row, set rows, or none) and writes its clock.
  struct Changed {
    bool confirmed = false;  ///< the digest must follow
    bool elements = true;    ///< set rows may differ
  };
  Status save(LoadedRecord& loaded, Millis now, Changed changed);

  /// Spaces in which the register shows this id, in rowid order.
  Result<std::vector<std::string>> spaces_of(const Register& reg, std::string_view id);
  Result<Value> open(const Hash& commitment);

 private:
  Result<Row> read_columns(Statement& select, const Register& reg, int first_column);
  Status save_row(LoadedRecord& loaded, const ShownValues& shown, Millis now);
  Status save_elements(const LoadedRecord& loaded, const ShownValues& shown);
  Status save_elements_of(const Field& field, const LoadedRecord& loaded, const ShownValues& shown);
  Status show_fields(const Register& reg, const std::set<std::uint32_t>& fields, const std::string& space,
                     const std::string& id);
  Result<ShownValues> shown_of(const RecordState& state, const Register& reg);
  /// Takes the record out of a table that is keyed by space, id and register.
  Status erase_from(std::string_view table, const LoadedRecord& loaded);
  Status save_hidden(const LoadedRecord& loaded, Millis now);
  Status note_conflicts(const LoadedRecord& loaded, const RecordState& state);
  Status note_revived(const LoadedRecord& loaded, const RecordState& state);

  struct Sql {
    std::string select, insert, update, update_clock, erase;
  };
  const Sql& sql_of(const Register& reg);

  Database* db_;
  LogStore* store_;
  const Schema* schema_;
  std::map<std::uint32_t, Sql> sql_;
  std::string registers_of_id_;  // one statement for all registers: some 4 µs for an id that none has
};

SqlValue column_value(const Statement& statement, int column);
void bind_value(Statement& statement, int index, const SqlValue& value);

}  // namespace wasl
