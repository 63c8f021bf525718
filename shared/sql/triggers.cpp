// What the triggers cost, measured on SQLite 3.40 with the project register: 22 columns, 11 of them given,
// about 600 bytes a row.
//
// Instructions an insert: plain 24,500; one empty trigger 37,600; the note 60,600; note and checks 120,700.
//
// An insert, prepared, 1,000 a commit: 4.8 to 10.7 µs (2.2 times plain); 50 a commit: 9.5..12.4 to 15.3..21
// µs (1.3 to 1.7).
//
// An update of two columns by id, prepared: 22.5 to 29 µs (1.3).
//
// A statement prepared anew each time costs 0.3 ms: SQLite compiles the triggers with it.
//
// About 20,000 instructions each go to multilingual texts and to references, probably for constants, which
// SQLite loads at every firing whether the branch that needs them is taken or not.
#include "shared/base/limits.hpp"
#include "shared/model/edition.hpp"
#include "shared/sql/table_ddl.hpp"
#include "shared/sql/value_rules.hpp"

namespace wasl::sql {
namespace {

constexpr std::string_view kNoEdition =
    "is an edition; change its source and publish that again, or withdraw it";
constexpr std::string_view kNow = "CAST((julianday('now')-2440587.5)*86400000.0 AS INTEGER)";

std::string join(const std::vector<std::string>& parts, std::string_view between) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += between;
    out += part;
  }
  return out;
}

std::string raise(const std::string& message) { return "RAISE(ABORT," + quoted(message) + ")"; }

std::string when(const std::string& condition, const std::string& message) {
  return " WHEN " + condition + "\n    THEN " + raise(message);
}

/// SELECT CASE of arms made by `when`; nothing when there is none.
std::string refuse(const std::string& arms) {
  return arms.empty() ? std::string() : "  SELECT CASE" + arms + " END;\n";
}

Statement trigger(const std::string& table, std::string_view suffix, const std::string& event,
                  const std::string& body) {
  const std::string name = "_wasl_" + table + "_" + std::string(suffix);
  return {name, "CREATE TRIGGER " + name + " " + event + "\nBEGIN\n" + body + "END"};
}

bool has_editions(const Register& content) { return published_field(content) != nullptr; }
/// What an id that only editions have looks like (model/edition.hpp), for GLOB.
constexpr std::string_view kEditionIds =  // in pieces: "??-" is a trigraph
    "????????"
    "-????"
    "-8???"
    "-[89ab]???"
    "-????????????";

std::string is_edition(const std::string& id) { return id + " GLOB " + quoted(kEditionIds); }

std::string number_of(CaptureKind kind) { return std::to_string(static_cast<int>(kind)); }

/// The columns of a note that carries an old row or a set element.
constexpr std::string_view kNoteOld =
    "  INSERT INTO _wasl_capture(register,space,id,kind,mask,at,old,clock) ";
constexpr std::string_view kNote = "  INSERT INTO _wasl_capture(register,space,id,kind,mask,at) ";

class RegisterTriggers {
 public:
  RegisterTriggers(const Register& content, std::string_view default_space)
      : content_(content),
        table_(content.name),
        default_space_(default_space),
        columns_(field_columns(content)) {}

  std::vector<Statement> all() const {
    if (content_.is_ledger()) return {before_insert(), ledger_update(), ledger_delete()};
    return {before_insert(), before_key_update(), after_row_update(), after_update(), after_delete()};
  }

 private:
  [[nodiscard]] std::string refusals(bool update) const {
    std::string out;
    for (const Field& field : content_.fields) {
      if (field.is_set()) continue;
      const Refusal refusal = value_refusal(field, table_ + "." + field.name, "new." + field.name);
      std::string condition = refusal.when;
      if (update) {
        std::vector<std::string> changed;
        for (const std::string& column : field.columns())
          changed.push_back("new." + column + " IS NOT old." + column);
        condition = "(" + join(changed, " OR ") + ") AND (" + condition + ")";
      }
      out += when(condition, refusal.message);
    }
    return out;
  }

  [[nodiscard]] std::string key_refusals() const {
    return when(
               "new.id IS NULL OR typeof(new.id)<>'text' OR length(CAST(new.id AS BLOB)) NOT BETWEEN 1 AND " +
                   std::to_string(limits::kIdBytes) + " OR instr(new.id,'#') OR instr(new.id,char(0))",
               table_ + ".id: must be text of 1 to " + std::to_string(limits::kIdBytes) +
                   " bytes without #; leave the column out to have one made") +
           when("new.space IS NOT " + quoted(default_space_) + " AND " + is_record_space("new.space") +
                    " IS NOT 1",
                table_ + ".space: must be network, public, section/ID, association/ID or committee/ID") +
           when("new._clock IS NOT NULL AND new._clock IS NOT " + empty_clock(content_),
                table_ + "._clock: is kept by wasl; leave the column out") +
           // REPLACE would take the other record away without a word; -1 stands for a number not given.
           when("new.rowid<>-1 AND EXISTS(SELECT 1 FROM " + table_ +
                    " WHERE rowid=new.rowid AND id IS NOT new.id)",
                table_ + ".rowid: is the row of another record; leave the column out") +
           edition_refusal("new");
  }

  /// Whoever publishes is a person with a key: programs draft it in act_draft.
  [[nodiscard]] std::string edition_refusal(const std::string& row) const {
    if (!has_editions(content_)) return {};
    return when(is_edition(row + ".id"), table_ + ".id: " + std::string(kNoEdition));
  }

  [[nodiscard]] std::string row_of(std::string_view prefix) const {
    std::vector<std::string> out;
    for (const std::string& column : columns_) out.push_back(std::string(prefix) + column);
    return "json_array(" + join(out, ",") + ")";
  }

  [[nodiscard]] std::string note(CaptureKind kind, const std::string& mask) const {
    return std::string(kNote) + "VALUES(" + std::to_string(content_.number) + ",new.space,new.id," +
           number_of(kind) + "," + mask + "," + std::string(kNow) + ");\n";
  }

  [[nodiscard]] std::string mask(const auto& condition) const {
    std::vector<std::string> bits;
    for (std::size_t i = 0; i < columns_.size(); ++i)
      bits.push_back("((" + condition(columns_[i]) + ")<<" + std::to_string(i) + ")");
    return join(bits, "|");
  }

  // One trigger and one note: a second firing would cost as much as the note itself. The row that an INSERT
  // meets is found by the same search that finds the id in another space.
  [[nodiscard]] Statement before_insert() const {
    const auto filled = [](const std::string& column) { return "new." + column + " IS NOT NULL"; };
    const std::string bits = mask(filled);
    if (content_.is_ledger())
      return trigger(
          table_, "insert", "BEFORE INSERT ON " + table_,
          refuse(key_refusals() + refusals(false)) + ledger_insert() + note(CaptureKind::inserted, bits));
    const std::string body =
        refuse(key_refusals() + refusals(false)) + std::string(kNoteOld) + "SELECT " +
        std::to_string(content_.number) + ",new.space,new.id,CASE WHEN met.id IS NULL THEN " +
        number_of(CaptureKind::inserted) + " WHEN met.space=new.space THEN " +
        number_of(CaptureKind::replaced) + " ELSE " + raise(used_elsewhere()) + " END," + bits + "," +
        std::string(kNow) + ",\n    CASE WHEN met.id IS NOT NULL THEN " + row_of("met.") +
        " END,met._clock\n    FROM (SELECT 1) LEFT JOIN " + table_ + " AS met ON met.id=new.id;\n";
    return trigger(table_, "insert", "BEFORE INSERT ON " + table_, body);
  }

  [[nodiscard]] std::string ledger_insert() const {
    const std::string same_key = table_ + " WHERE id=new.id AND space=new.space";
    std::vector<std::string> same;
    for (const std::string& column : columns_) same.push_back(column + " IS new." + column);
    return "  SELECT CASE WHEN EXISTS(SELECT 1 FROM " + same_key + " AND " + join(same, " AND ") +
           ")\n    THEN RAISE(IGNORE)" + when("EXISTS(SELECT 1 FROM " + same_key + ")", never_changed()) +
           when("EXISTS(SELECT 1 FROM " + table_ + " WHERE id=new.id)", used_elsewhere()) + " END;\n";
  }

  [[nodiscard]] Statement before_key_update() const {
    return trigger(
        table_, "key", "BEFORE UPDATE OF id, space, _clock ON " + table_,
        refuse(when("new.id IS NOT old.id",
                    table_ + ".id: never changes; insert another record and delete this one") +
               when("new.space IS NOT old.space",
                    table_ + ".space: never changes; insert the record there and delete this one") +
               when("new._clock IS NOT old._clock", table_ + "._clock: is kept by wasl")));
  }

  // UPDATE OR REPLACE would take the record away whose number it is. No column of its own: OF cannot name it.
  [[nodiscard]] Statement after_row_update() const {
    return trigger(table_, "row", "AFTER UPDATE ON " + table_ + "\nWHEN new.rowid IS NOT old.rowid",
                   "  SELECT " + raise(table_ + ".rowid: is kept by SQLite and never changes") + ";\n");
  }

  // AFTER, because SQLite reads the row again behind a BEFORE trigger; refusing undoes the statement anyway.
  [[nodiscard]] Statement after_update() const {
    const auto changed = [](const std::string& column) { return "new." + column + " IS NOT old." + column; };
    std::vector<std::string> any;
    for (const std::string& column : columns_) any.push_back(changed(column));
    return trigger(
        table_, "update",
        "AFTER UPDATE OF " + join(columns_, ", ") + " ON " + table_ + "\nWHEN " + join(any, " OR "),
        refuse(refusals(true) + edition_refusal("new")) + std::string(kNoteOld) + "VALUES(" +
            std::to_string(content_.number) + ",new.space,new.id," + number_of(CaptureKind::updated) + "," +
            mask(changed) + "," + std::string(kNow) + "," + changed_old() + ",NULL);\n");
  }

  // The row holds the only copy of a value that stands alone, so what an update replaces is kept in the note:
  // a JSON array of column number and old value for each changed column.
  [[nodiscard]] std::string changed_old() const {
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const std::string& column = columns_[i];
      parts.push_back("CASE WHEN new." + column + " IS NOT old." + column + " THEN '," + std::to_string(i) +
                      ",'||json_quote(old." + column + ") ELSE '' END");
    }
    return "'['||substr(" + join(parts, "||") + ",2)||']'";
  }

  // After the row is gone, so that the sets' own triggers see no record and note nothing.
  [[nodiscard]] Statement after_delete() const {
    std::string body = refuse(edition_refusal("old")) + std::string(kNoteOld) + "VALUES(" +
                       std::to_string(content_.number) + ",old.space,old.id," +
                       number_of(CaptureKind::removed) + ",0," + std::string(kNow) + "," + row_of("old.") +
                       ",old._clock);\n";
    for (const Field& field : content_.fields)
      if (field.is_set())
        body += "  DELETE FROM " + set_table(content_, field) + " WHERE record=old.id AND space=old.space;\n";
    return trigger(table_, "deleted", "AFTER DELETE ON " + table_, body);
  }

  [[nodiscard]] std::string used_elsewhere() const {
    return table_ + ".id: this id is already used in another space; leave the column out to have one made";
  }
  [[nodiscard]] std::string never_changed() const {
    return table_ + ": entries are never changed or deleted; write a reversing entry";
  }
  [[nodiscard]] Statement ledger_update() const {
    return trigger(table_, "update", "BEFORE UPDATE ON " + table_,
                   "  SELECT " + raise(never_changed()) + ";\n");
  }
  [[nodiscard]] Statement ledger_delete() const {
    return trigger(table_, "delete", "BEFORE DELETE ON " + table_,
                   "  SELECT " + raise(never_changed()) + ";\n");
  }

  const Register& content_;
  const std::string& table_;
  std::string_view default_space_;
  std::vector<std::string> columns_;
};

/// A set row is written with or without a space. Without, it stands in the table for a moment with NULL and
/// is given its record's space, or goes when the element is there already.
class SetTriggers {
 public:
  SetTriggers(const Register& content, const Field& field)
      : content_(content), field_(field), table_(set_table(content, field)), parent_(content.name) {}

  std::vector<Statement> all() const {
    return {before_insert(), after_insert(), before_update(), after_update(), after_delete()};
  }

 private:
  [[nodiscard]] std::string value_arm(const std::string& before = {}) const {
    const Refusal refusal = value_refusal(field_, table_ + ".value", "new.value");
    return when(before + "(" + refusal.when + ")", refusal.message);
  }

  [[nodiscard]] std::string note(CaptureKind kind, const std::string& row,
                                 const std::string& only_if = {}) const {
    return std::string(kNoteOld) + "SELECT " + std::to_string(content_.number) + "," + row + ".space," + row +
           ".record," + number_of(kind) + ",0," + std::string(kNow) + ",json_array(" +
           std::to_string(field_.number) + "," + row + ".value),NULL" + only_if + ";\n";
  }

  [[nodiscard]] Statement before_insert() const {
    const std::string records = "FROM " + parent_ + " WHERE id=new.record";
    const std::string body =
        refuse(when("NOT EXISTS(SELECT 1 " + records + " AND (new.space IS NULL OR space=new.space))",
                    table_ + ".record: there is no such record in " + parent_ + "; insert the record first") +
               when("new.space IS NULL AND (SELECT count(*) " + records + ")>1",
                    table_ + ".space: several spaces hold a record of this id; name the space") +
               value_arm() + edition_refusal("new"));
    return trigger(table_, "insert", "BEFORE INSERT ON " + table_, body);
  }

  [[nodiscard]] Statement after_insert() const {
    const std::string space = "(SELECT space FROM " + parent_ + " WHERE id=new.record)";
    const std::string unplaced = " WHERE record=new.record AND value=new.value AND space IS NULL";
    return trigger(table_, "inserted", "AFTER INSERT ON " + table_,
                   note(CaptureKind::set_added, "new", " WHERE new.space IS NOT NULL") + "  DELETE FROM " +
                       table_ + unplaced + " AND EXISTS(SELECT 1 FROM " + table_ +
                       " WHERE record=new.record AND value=new.value AND space=" + space + ");\n  UPDATE " +
                       table_ + " SET space=" + space + unplaced + ";\n");
  }

  [[nodiscard]] Statement before_update() const {
    return trigger(
        table_, "update", "BEFORE UPDATE ON " + table_,
        refuse(when("old.space IS NOT NULL AND (new.record IS NOT old.record OR new.space IS NOT old.space)",
                    table_ + ": record and space never change; delete the row and insert another") +
               value_arm("new.value IS NOT old.value AND ") +
               edition_refusal("old", "old.space IS NOT NULL AND ")));
  }

  [[nodiscard]] std::string edition_refusal(const std::string& row, const std::string& before = {}) const {
    if (field_.publication)
      return when(before + "1",
                  table_ + ": is written by wasl publish and wasl withdraw; draft it in act_draft");
    if (!has_editions(content_)) return {};
    return when(before + is_edition(row + ".record"), table_ + ".record: " + std::string(kNoEdition));
  }

  [[nodiscard]] Statement after_update() const {
    return trigger(table_, "updated",
                   "AFTER UPDATE ON " + table_ + "\nWHEN old.space IS NULL OR new.value IS NOT old.value",
                   note(CaptureKind::set_removed, "old", " WHERE old.space IS NOT NULL") +
                       note(CaptureKind::set_added, "new"));
  }

  [[nodiscard]] Statement after_delete() const {
    return trigger(table_, "deleted",
                   "AFTER DELETE ON " + table_ + "\nWHEN old.space IS NOT NULL AND EXISTS(SELECT 1 FROM " +
                       parent_ + " WHERE id=old.record AND space=old.space)",
                   refuse(edition_refusal("old")) + note(CaptureKind::set_removed, "old"));
  }

  const Register& content_;
  const Field& field_;
  std::string table_;
  const std::string& parent_;
};

}  // namespace

std::vector<Statement> trigger_statements(const Register& content, std::string_view default_space) {
  std::vector<Statement> out = RegisterTriggers(content, default_space).all();
  for (const Field& field : content.fields) {
    if (!field.is_set()) continue;
    for (Statement& one : SetTriggers(content, field).all()) out.push_back(std::move(one));
  }
  return out;
}

}  // namespace wasl::sql
