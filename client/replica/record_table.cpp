#include "client/replica/record_table.hpp"

#include <algorithm>

namespace wasl {
namespace {

constexpr std::string_view kRecordTables = R"sql(
CREATE TABLE IF NOT EXISTS _wasl_hidden(space INTEGER NOT NULL, id TEXT NOT NULL, register INTEGER NOT NULL,
  clock BLOB NOT NULL, PRIMARY KEY(space, id, register)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _wasl_conflict(space INTEGER NOT NULL, id TEXT NOT NULL, register INTEGER NOT NULL,
  PRIMARY KEY(space, id, register)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _wasl_revived(space INTEGER NOT NULL, id TEXT NOT NULL, register INTEGER NOT NULL,
  PRIMARY KEY(space, id, register)) WITHOUT ROWID;
)sql";

bool may_be_in_conflict(const Record& record) {
  return !record.overlay.empty() || std::any_of(record.confirmed.heads.begin(), record.confirmed.heads.end(),
                                                [](const auto& entry) { return entry.second.size() > 1; });
}

}  // namespace

SqlValue column_value(const Statement& statement, int column) {
  switch (statement.type(column)) {
    case ColumnType::integer:
      return statement.int64(column);
    case ColumnType::real:
      return statement.real(column);
    case ColumnType::text:
      return std::string(statement.text(column));
    case ColumnType::blob:
      return to_text(statement.blob(column));
    case ColumnType::null:
      break;
  }
  return {};
}

void bind_value(Statement& statement, int index, const SqlValue& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    statement.bind(index, *integer);
  } else if (const auto* real = std::get_if<double>(&value)) {
    statement.bind(index, *real);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    statement.bind(index, std::string_view(*text));
  } else {
    statement.bind(index, nullptr);
  }
}

Status RecordTable::create_tables(Database& database) { return database.exec(kRecordTables); }

const RecordTable::Sql& RecordTable::sql_of(const Register& reg) {
  if (const auto it = sql_.find(reg.number); it != sql_.end()) return it->second;
  std::string names;
  std::string marks;
  std::string sets;
  for (const Column& column : columns_of(reg)) {
    names += ", " + column.name;
    marks += ", ?";
    sets += column.name + " = ?, ";
  }
  Sql sql;
  sql.select = "SELECT rowid, _clock" + names + " FROM " + reg.name + " WHERE id = ? AND space = ?";
  sql.insert = "INSERT INTO " + reg.name + "(id, space" + names + ", _clock) VALUES(?, ?" + marks + ", ?)";
  sql.update = "UPDATE " + reg.name + " SET " + sets + "_clock = ? WHERE rowid = ?";
  sql.update_clock = "UPDATE " + reg.name + " SET _clock = ? WHERE rowid = ?";
  sql.erase = "DELETE FROM " + reg.name + " WHERE rowid = ?";
  return sql_.emplace(reg.number, std::move(sql)).first->second;
}

Result<Row> RecordTable::read_columns(Statement& select, const Register& reg, int first_column) {
  Row row;
  const auto count = static_cast<int>(columns_of(reg).size());
  row.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) row.push_back(column_value(select, first_column + i));
  return row;
}

Result<LoadedRecord> RecordTable::load(std::uint32_t register_number, std::string_view space,
                                       std::string_view id, const std::map<std::size_t, SqlValue>* captured,
                                       const std::optional<Bytes>& captured_clock) {
  const Register* reg = schema_->find(register_number);
  LoadedRecord out;
  out.register_number = register_number;
  out.reg = reg;
  out.record.space = space;
  out.record.id = id;
  WASL_LET(const SpaceInfo* const info, store_->space(space));
  out.space = info->number;
  std::optional<Bytes> clock = captured_clock;
  if (reg != nullptr) {
    WASL_LET(auto select, db_->prepare(sql_of(*reg).select));
    select.bind_all(id, space);
    WASL_LET(const bool found, select.step());
    if (found) {
      out.rowid = select.int64(0);
      if (const ByteView kept = select.blob(1); !clock && !kept.empty() && kept[0] != 0)
        clock = to_bytes(kept);
      WASL_LET(out.row, read_columns(select, *reg, 2));
    }
  }
  if (clock && reg != nullptr) {
    Row base = out.row;
    base.resize(columns_of(*reg).size());
    if (captured != nullptr) {
      for (const auto& [column, value] : *captured) {
        if (column < base.size()) base[column] = value;
      }
    }
    const PlainValues shown = read_row(*reg, base);
    WASL_LET(out.record, decode_clock(*clock, std::string(space), std::string(id), &shown, *store_));
    WASL_TRY(store_->health());
    out.has_clock = true;
    out.may_be_listed = may_be_in_conflict(out.record);
    return out;
  }
  WASL_LET(auto select,
           db_->prepare("SELECT clock FROM _wasl_hidden WHERE space = ? AND id = ? AND register = ?"));
  select.bind_all(out.space, id, register_number);
  WASL_LET(const bool found, select.step());
  if (found) {
    WASL_LET(out.record, decode_clock(select.blob(0), std::string(space), std::string(id), nullptr, *store_));
    WASL_TRY(store_->health());
    out.has_clock = true;
    out.hidden = true;
    out.may_be_listed = true;
  }
  return out;
}

Result<LoadedRecord> RecordTable::load_row(std::uint32_t register_number, std::string_view space,
                                           std::string_view id) {
  const Register* reg = schema_->find(register_number);
  LoadedRecord out;
  out.register_number = register_number;
  out.reg = reg;
  out.record.space = space;
  out.record.id = id;
  WASL_LET(const SpaceInfo* const info, store_->space(space));
  out.space = info->number;
  if (reg == nullptr) return out;
  WASL_LET(auto select, db_->prepare(sql_of(*reg).select));
  select.bind_all(id, space);
  WASL_LET(const bool found, select.step());
  if (!found) return out;
  out.rowid = select.int64(0);
  WASL_LET(out.row, read_columns(select, *reg, 2));
  return out;
}

Result<std::optional<RecordState>> RecordTable::confirmed_elsewhere(const LoadedRecord& loaded) {
  if (registers_of_id_.empty()) {
    registers_of_id_ = "SELECT register FROM _wasl_hidden WHERE space = ?1 AND id = ?2";
    for (const Register& reg : schema_->registers())
      registers_of_id_ += " UNION ALL SELECT " + std::to_string(reg.number) + " FROM " + reg.name +
                          " WHERE id = ?2 AND space = ?3";
  }
  WASL_LET(auto select, db_->prepare(registers_of_id_));
  select.bind_all(loaded.space, loaded.record.id, loaded.record.space);
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return std::optional<RecordState>();
    const auto number = static_cast<std::uint32_t>(select.int64(0));
    if (number == loaded.register_number) continue;
    WASL_LET(LoadedRecord other, load(number, loaded.record.space, loaded.record.id));
    if (other.record.confirmed.exists()) return std::optional(std::move(other.record.confirmed));
  }
}

Status RecordTable::erase_from(std::string_view table, const LoadedRecord& loaded) {
  WASL_LET(auto erase, db_->prepare("DELETE FROM " + std::string(table) +
                                    " WHERE space = ? AND id = ? AND register = ?"));
  erase.bind_all(loaded.space, loaded.record.id, loaded.register_number);
  return erase.run();
}

Status RecordTable::remove(LoadedRecord& loaded) {
  if (loaded.rowid) {
    WASL_LET(auto erase, db_->prepare(sql_of(*loaded.reg).erase));
    erase.bind_all(*loaded.rowid);
    WASL_TRY(erase.run());
  }
  if (loaded.reg != nullptr) WASL_TRY(save_elements(loaded, {}));
  WASL_TRY(erase_from("_wasl_hidden", loaded));
  return erase_from("_wasl_conflict", loaded);
}

Result<Value> RecordTable::open(const Hash& commitment) {
  WASL_LET(const auto opening, store_->opening(commitment));
  return opening ? opening->value : Value::null();
}

Result<ShownValues> RecordTable::shown_of(const RecordState& state, const Register& reg) {
  std::optional<Error> failed;
  ShownValues shown = shown_values(state, reg, [&](const Hash& commitment) {
    auto value = open(commitment);
    if (!value) failed = value.error();
    return value ? *value : Value::null();
  });
  if (failed) return tl::unexpected(*failed);
  return shown;
}

Status RecordTable::save(LoadedRecord& loaded, Millis now, Changed changed) {
  const bool had_row = loaded.rowid.has_value();
  RecordState room;
  const RecordState& state = loaded.record.shown(room);
  if (loaded.reg != nullptr && state.is_alive()) {
    WASL_LET(const ShownValues shown, shown_of(state, *loaded.reg));
    WASL_TRY(save_row(loaded, shown, now));
    if (changed.elements || !had_row) WASL_TRY(save_elements(loaded, shown));
    if (loaded.hidden) {
      WASL_TRY(erase_from("_wasl_hidden", loaded));
      loaded.hidden = false;
    }
  } else {
    if (loaded.rowid) {
      WASL_LET(auto erase, db_->prepare(sql_of(*loaded.reg).erase));
      erase.bind_all(*loaded.rowid);
      WASL_TRY(erase.run());
      loaded.rowid.reset();
    }
    if (loaded.reg != nullptr) WASL_TRY(save_elements(loaded, {}));
    WASL_TRY(save_hidden(loaded, now));
  }
  WASL_TRY(note_conflicts(loaded, state));
  WASL_TRY(note_revived(loaded, state));
  if (changed.confirmed && loaded.record.confirmed.exists()) {
    store_->note_record(loaded.space, loaded.record.id,
                        record_hash(loaded.record.id, loaded.record.confirmed));
  } else if (changed.confirmed) {
    store_->note_gone(loaded.space, loaded.record.id);
  }
  return store_->health();
}

Status RecordTable::save_row(LoadedRecord& loaded, const ShownValues& shown, Millis now) {
  const Row row = render_row(*loaded.reg, shown.values);
  const PlainValues said = read_row(*loaded.reg, row);
  const Bytes clock = encode_clock(loaded.record, &said, *store_, now);
  const Sql& sql = sql_of(*loaded.reg);
  if (loaded.rowid && row == loaded.row) {
    WASL_LET(auto update, db_->prepare(sql.update_clock));
    update.bind_all(ByteView(clock), *loaded.rowid);
    WASL_TRY(update.run());
  } else if (loaded.rowid) {
    WASL_LET(auto update, db_->prepare(sql.update));
    int index = 0;
    for (const SqlValue& value : row) bind_value(update, ++index, value);
    update.bind(++index, ByteView(clock));
    update.bind(++index, *loaded.rowid);
    WASL_TRY(update.run());
  } else {
    WASL_LET(auto insert, db_->prepare(sql.insert));
    insert.bind_all(loaded.record.id, loaded.record.space);
    int index = 2;
    for (const SqlValue& value : row) bind_value(insert, ++index, value);
    insert.bind(++index, ByteView(clock));
    WASL_TRY(insert.run());
    loaded.rowid = db_->last_insert_id();
  }
  loaded.row = row;
  loaded.has_clock = true;
  return {};
}

Status RecordTable::save_elements(const LoadedRecord& loaded, const ShownValues& shown) {
  for (const Field& field : loaded.reg->fields) {
    if (field.is_set()) WASL_TRY(save_elements_of(field, loaded, shown));
  }
  return {};
}

Status RecordTable::save_elements_of(const Field& field, const LoadedRecord& loaded,
                                     const ShownValues& shown) {
  const std::string table = loaded.reg->name + "_" + field.name;
  std::vector<SqlValue> wanted;
  for (auto it = shown.elements.lower_bound({field.number, {}});
       it != shown.elements.end() && it->field == field.number; ++it) {
    wanted.push_back(render_element(element_of(it->key)));
  }
  std::vector<SqlValue> there;
  {
    WASL_LET(auto select, db_->prepare("SELECT value FROM " + table + " WHERE record = ? AND space = ?"));
    select.bind_all(loaded.record.id, loaded.record.space);
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      there.push_back(column_value(select, 0));
    }
  }
  for (const SqlValue& value : there) {
    if (std::find(wanted.begin(), wanted.end(), value) != wanted.end()) continue;
    WASL_LET(auto erase,
             db_->prepare("DELETE FROM " + table + " WHERE record = ? AND space = ? AND value = ?"));
    erase.bind_all(loaded.record.id, loaded.record.space);
    bind_value(erase, 3, value);
    WASL_TRY(erase.run());
  }
  for (const SqlValue& value : wanted) {
    if (std::find(there.begin(), there.end(), value) != there.end()) continue;
    WASL_LET(auto insert,
             db_->prepare("INSERT OR IGNORE INTO " + table + "(record, space, value) VALUES(?, ?, ?)"));
    insert.bind_all(loaded.record.id, loaded.record.space);
    bind_value(insert, 3, value);
    WASL_TRY(insert.run());
  }
  return {};
}

void RecordTable::use(const Schema& schema) {
  schema_ = &schema;
  sql_.clear();
  registers_of_id_.clear();
}

Status RecordTable::show_fields(const Register& reg, const std::set<std::uint32_t>& fields) {
  if (fields.empty()) return {};
  std::vector<std::pair<std::string, std::string>> places;
  {
    WASL_LET(auto select, db_->prepare("SELECT space, id FROM " + reg.name));
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      places.emplace_back(select.text(0), select.text(1));
    }
  }
  for (const auto& [space, id] : places) WASL_TRY(show_fields(reg, fields, space, id));
  return {};
}

/// The other columns may hold what a program wrote and nobody sealed, so they and the clock stay as they are.
Status RecordTable::show_fields(const Register& reg, const std::set<std::uint32_t>& fields,
                                const std::string& space, const std::string& id) {
  WASL_LET(const LoadedRecord loaded, load(reg.number, space, id));
  RecordState room;
  const RecordState& state = loaded.record.shown(room);
  const bool any = std::any_of(state.heads.begin(), state.heads.end(),
                               [&](const auto& entry) { return fields.contains(entry.first.field); });
  if (!any || !loaded.rowid) return {};
  WASL_LET(const ShownValues shown, shown_of(state, reg));
  const Row row = render_row(reg, shown.values);
  const auto columns = columns_of(reg);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!fields.contains(columns[i].field->number)) continue;
    WASL_LET(auto update,
             db_->prepare("UPDATE " + reg.name + " SET " + columns[i].name + " = ? WHERE rowid = ?"));
    bind_value(update, 1, row[i]);
    update.bind(2, *loaded.rowid);
    WASL_TRY(update.run());
  }
  for (const Field& field : reg.fields) {
    if (field.is_set() && fields.contains(field.number)) WASL_TRY(save_elements_of(field, loaded, shown));
  }
  return {};
}

Status RecordTable::show_hidden(const Register& reg, Millis now) {
  std::vector<std::pair<std::string, std::string>> places;
  {
    WASL_LET(auto select, db_->prepare("SELECT s.name, h.id FROM _wasl_hidden h JOIN _wasl_space s ON "
                                       "s.no = h.space WHERE h.register = ?"));
    select.bind_all(reg.number);
    for (;;) {
      WASL_LET(const bool found, select.step());
      if (!found) break;
      places.emplace_back(select.text(0), select.text(1));
    }
  }
  for (const auto& [space, id] : places) {
    WASL_LET(LoadedRecord loaded, load(reg.number, space, id));
    WASL_TRY(save(loaded, now, {}));
  }
  return {};
}

Status RecordTable::save_hidden(const LoadedRecord& loaded, Millis now) {
  if (!loaded.record.exists()) return erase_from("_wasl_hidden", loaded);
  const Bytes clock = encode_clock(loaded.record, nullptr, *store_, now);
  WASL_LET(auto insert, db_->prepare("INSERT INTO _wasl_hidden VALUES(?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                                     "clock = excluded.clock"));
  insert.bind_all(loaded.space, loaded.record.id, loaded.register_number, ByteView(clock));
  return insert.run();
}

Status RecordTable::note_conflicts(const LoadedRecord& loaded, const RecordState& state) {
  const bool conflict =
      state.is_alive() && std::any_of(state.heads.begin(), state.heads.end(), [&](const auto& entry) {
        return entry.second.size() > 1 && state.is_conflict(entry.first);
      });
  if (!conflict && !loaded.may_be_listed) return {};
  if (!conflict) return erase_from("_wasl_conflict", loaded);
  WASL_LET(auto insert, db_->prepare("INSERT OR IGNORE INTO _wasl_conflict VALUES(?, ?, ?)"));
  insert.bind_all(loaded.space, loaded.record.id, loaded.register_number);
  return insert.run();
}

/// Readers check again: a record whose delete was taken back leaves its note behind.
Status RecordTable::note_revived(const LoadedRecord& loaded, const RecordState& state) {
  if (state.deletions.empty()) return {};
  if (!state.is_revived()) return erase_from("_wasl_revived", loaded);
  WASL_LET(auto insert, db_->prepare("INSERT OR IGNORE INTO _wasl_revived VALUES(?, ?, ?)"));
  insert.bind_all(loaded.space, loaded.record.id, loaded.register_number);
  return insert.run();
}

Result<std::vector<std::string>> RecordTable::spaces_of(const Register& reg, std::string_view id) {
  std::vector<std::string> spaces;
  WASL_LET(auto select, db_->prepare("SELECT space FROM " + reg.name + " WHERE id = ? ORDER BY rowid"));
  select.bind_all(id);
  for (;;) {
    WASL_LET(const bool found, select.step());
    if (!found) return spaces;
    spaces.emplace_back(select.text(0));
  }
}

}  // namespace wasl
