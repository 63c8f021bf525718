// What programs wrote into a replica.db that was then found damaged, and nobody had sealed: read from the
// copy kept aside, as far as it can be read, and written again over what the hub has sent since.
#include <algorithm>

#include "client/replica/objects.hpp"
#include "client/replica/replica.hpp"
#include "shared/sql/table_ddl.hpp"
#include "shared/sqlite/disk.hpp"

namespace wasl {
namespace {

using sql::CaptureKind;

/// What the notes of one record say was touched, and what the damaged file holds there.
struct Salvaged {
  const Register* reg = nullptr;
  std::uint64_t columns = 0;  ///< by bit, of those that the damaged file has
  std::set<const Field*> sets;
  std::optional<std::vector<std::pair<std::string, SqlValue>>> row;  ///< what was touched; none: deleted
  std::map<const Field*, std::vector<SqlValue>> elements;
};
using SalvagedRecords = std::map<std::pair<std::string, std::string>, Salvaged>;  ///< by space and id
struct SalvagedWork {
  std::map<std::uint32_t, SalvagedRecords> registers;
  bool complete = true;  ///< every note could be read
};

void fold_note(Salvaged& record, CaptureKind kind, std::uint64_t mask) {
  switch (kind) {
    case CaptureKind::inserted:
    case CaptureKind::updated:
      record.columns |= mask;
      break;
    case CaptureKind::removed:
    case CaptureKind::replaced:
      record.columns = UINT64_MAX;
      [[fallthrough]];
    case CaptureKind::set_added:
    case CaptureKind::set_removed:
      for (const Field& field : record.reg->fields) {
        if (field.is_set()) record.sets.insert(&field);
      }
      break;
  }
}

/// As many notes as can be read. Errors: corrupt (not even where they begin), storage_failed (nothing is said
/// about the file by a disk that does not answer).
Result<SalvagedWork> read_notes(Database& damaged, const Schema& schema) {
  SalvagedWork work;
  WASL_LET(auto select,
           damaged.prepare("SELECT register, space, id, kind, mask FROM _wasl_capture ORDER BY seq"));
  for (;;) {
    const auto found = select.step();
    if (!found && found.error().code != Errc::corrupt) return tl::unexpected(found.error());
    work.complete = found.has_value();
    if (!found || !*found) return work;
    const Register* reg = schema.find(static_cast<std::uint32_t>(select.int64(0)));
    if (reg == nullptr) continue;
    Salvaged& record =
        work.registers[reg->number][{std::string(select.text(1)), std::string(select.text(2))}];
    record.reg = reg;
    fold_note(record, static_cast<CaptureKind>(select.int64(3)), static_cast<std::uint64_t>(select.int64(4)));
  }
}

std::string listed(const std::vector<std::string>& names, std::string_view suffix) {
  std::string out;
  for (const std::string& name : names) out += ", " + name + std::string(suffix);
  return out;
}

/// Without the index: one of a damaged file may lead to a row that bears another id. What the register has
/// got since the file was made is not in it.
Status read_record(Database& damaged, const std::string& space, const std::string& id, Salvaged& record) {
  const Register& reg = *record.reg;
  WASL_LET(const auto known, columns_in(damaged, reg.name));
  auto columns = sql::field_columns(reg);
  std::erase_if(columns, [&](const std::string& column) { return !known.contains(column); });
  WASL_LET(auto select, damaged.prepare("SELECT 1" + listed(columns, "") + " FROM " + reg.name +
                                        " NOT INDEXED WHERE space = ? AND id = ?"));
  select.bind_all(space, id);
  WASL_LET(const bool found, select.step());
  if (!found) return {};
  record.row.emplace();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if ((record.columns >> i & 1U) != 0)
      record.row->emplace_back(columns[i], column_value(select, static_cast<int>(i) + 1));
  }
  for (auto it = record.sets.begin(); it != record.sets.end();) {
    WASL_LET(const auto made, columns_in(damaged, sql::set_table(reg, **it)));
    it = made.empty() ? record.sets.erase(it) : std::next(it);
  }
  for (const Field* field : record.sets) {
    WASL_LET(auto elements, damaged.prepare("SELECT value FROM " + sql::set_table(reg, *field) +
                                            " WHERE record = ? AND (space = ? OR space IS NULL)"));
    elements.bind_all(id, space);
    for (;;) {
      WASL_LET(const bool more, elements.step());
      if (!more) break;
      record.elements[field].push_back(column_value(elements, 0));
    }
  }
  return {};
}

/// Parameters: space, id, then the columns' values.
std::string update_of(const Register& reg, const std::vector<std::string>& columns) {
  std::string set;
  for (std::size_t i = 0; i < columns.size(); ++i)
    set += (i > 0 ? ", " : "") + columns[i] + " = ?" + std::to_string(i + 3);
  return "UPDATE " + reg.name + " SET " + set + " WHERE space = ?1 AND id = ?2";
}
std::string insert_of(const Register& reg, const std::vector<std::string>& columns) {
  std::string marks;
  for (std::size_t i = 0; i < columns.size(); ++i) marks += ", ?" + std::to_string(i + 3);
  return "INSERT INTO " + reg.name + "(space, id" + listed(columns, "") + ") VALUES(?1, ?2" + marks + ")";
}

/// One statement, as a program would write it: an entry of a ledger is made whole or not at all.
Status write_row(Database& db, const std::string& space, const std::string& id, const Salvaged& record) {
  const Register& reg = *record.reg;
  std::vector<std::string> columns;
  for (const auto& [column, value] : *record.row) columns.push_back(column);
  bool there = false;
  {
    WASL_LET(auto select, db.prepare("SELECT 1 FROM " + reg.name + " WHERE space = ? AND id = ?"));
    select.bind_all(space, id);
    WASL_LET(there, select.step());
  }
  if (there && columns.empty()) return {};
  WASL_LET(auto write, db.prepare(there ? update_of(reg, columns) : insert_of(reg, columns)));
  write.bind_all(space, id);
  for (std::size_t i = 0; i < columns.size(); ++i)
    bind_value(write, static_cast<int>(i) + 3, (*record.row)[i].second);
  return write.run();
}

Status write_elements(Database& db, const std::string& space, const std::string& id, const Salvaged& record) {
  for (const Field* field : record.sets) {
    const std::string table = sql::set_table(*record.reg, *field);
    WASL_LET(auto erase, db.prepare("DELETE FROM " + table + " WHERE record = ? AND space = ?"));
    erase.bind_all(id, space);
    WASL_TRY(erase.run());
    const auto elements = record.elements.find(field);
    if (elements == record.elements.end()) continue;
    for (const SqlValue& value : elements->second) {
      WASL_LET(auto insert, db.prepare("INSERT INTO " + table + "(record, space, value) VALUES(?, ?, ?)"));
      insert.bind_all(id, space);
      bind_value(insert, 3, value);
      WASL_TRY(insert.run());
    }
  }
  return {};
}

Status write_record(Database& db, const std::string& space, const std::string& id, const Salvaged& record) {
  WASL_LET(auto savepoint, Savepoint::begin(db));
  if (record.row) {
    WASL_TRY(write_row(db, space, id, record));
    WASL_TRY(write_elements(db, space, id, record));
  } else {
    WASL_LET(auto erase, db.prepare("DELETE FROM " + record.reg->name + " WHERE space = ? AND id = ?"));
    erase.bind_all(space, id);
    WASL_TRY(erase.run());
  }
  return savepoint.commit();
}

}  // namespace

/// Called when the replica is equal with the hub again: what the notes touched is then a change to what is
/// shown, and no second opinion about all of the record.
Status Replica::salvage() {
  if (!tables_ready_) return {};
  WASL_LET(std::vector<std::string> copies, identity_.damaged_copies());
  const std::size_t listed = copies.size();
  WASL_TRY(drop_half_made(folder_, copies));
  if (copies.size() < listed) WASL_TRY(identity_.set_damaged_copies(copies));
  while (!copies.empty()) {
    WASL_TRY(salvage(copies.front()));
    copies.erase(copies.begin());
    WASL_TRY(identity_.set_damaged_copies(copies));
  }
  return {};
}

Status Replica::salvage(const std::string& name) {
  OpenOptions options;
  options.path = folder_ / name;
  options.read_only = true;
  auto damaged = Database::open(options);
  auto work = damaged ? read_notes(*damaged, *schema_) : tl::unexpected(damaged.error());
  // Only what is damaged is given up: what the disk did not give now it may give after the next session.
  if (!work && work.error().code != Errc::corrupt) return tl::unexpected(work.error());
  std::size_t taken = 0;
  bool complete = work && work->complete;
  if (work && !work->registers.empty()) {
    WASL_TRY(write([&](Database& db) -> Status {
      for (auto& [number, records] : work->registers) {
        for (auto& [place, record] : records) {
          Status done = read_record(*damaged, place.first, place.second, record);
          if (done) done = write_record(db, place.first, place.second, record);
          if (!done && done.error().code != Errc::corrupt && done.error().code != Errc::invalid_value)
            return done;
          taken += done ? 1U : 0U;
          complete = complete && done;
        }
      }
      return {};
    }));
  }
  const std::string words = std::to_string(taken) +
                            " records that nobody had sent yet were taken over from " + name +
                            (complete ? "" : "; others that stood there could not be read");
  return identity_.add_evidence(words, {}, view(name), ports_.clock->now());
}

}  // namespace wasl
