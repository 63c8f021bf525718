#include "shared/sql/table_ddl.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <chrono>
#include <regex>

namespace wasl {
namespace {

constexpr const char* kSpace = "association/town";

/// An office's file in memory with every built-in register, written as any program would.
class Office {
 public:
  Office() {
    sqlite3_open(":memory:", &db_);
    must(sql::capture_table().sql);
    for (const Register& content : built_in_schema().registers()) {
      for (const sql::Statement& one : sql::table_statements(content, kSpace)) must(one.sql);
      for (const sql::Statement& one : sql::trigger_statements(content, kSpace)) must(one.sql);
    }
  }
  Office(const Office&) = delete;
  Office& operator=(const Office&) = delete;
  ~Office() { sqlite3_close(db_); }

  /// @return what SQLite says; empty when it worked.
  std::string run(const std::string& sql) {
    char* problem = nullptr;
    sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, &problem);
    const std::string out = problem == nullptr ? "" : problem;
    sqlite3_free(problem);
    return out;
  }
  void must(const std::string& sql) { ASSERT_EQ(run(sql), "") << sql; }

  /// Rows as "a|b;c|d".
  std::string rows(const std::string& sql) {
    std::string out;
    const auto add = [](void* text, int count, char** values, char**) {
      auto& all = *static_cast<std::string*>(text);
      if (!all.empty()) all += ';';
      for (int i = 0; i < count; ++i)
        all += (i == 0 ? "" : "|") + std::string(values[i] == nullptr ? "" : values[i]);
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(db_, sql.c_str(), add, &out, nullptr), SQLITE_OK) << sqlite3_errmsg(db_);
    return out;
  }
  /// Notes since the last call, without their time.
  std::string notes() {
    const std::string out =
        rows("SELECT register,space,id,kind,mask,old,clock FROM _wasl_capture ORDER BY seq");
    must("DELETE FROM _wasl_capture");
    return out;
  }

 private:
  sqlite3* db_ = nullptr;
};

const Register& built_in(const char* name) { return *built_in_schema().find(name); }

long mask_of(const char* name, std::initializer_list<const char*> columns) {
  const auto all = sql::field_columns(built_in(name));
  long out = 0;
  for (const char* column : columns) out |= 1L << (std::find(all.begin(), all.end(), column) - all.begin());
  return out;
}

std::string note(int kind, long mask, const std::string& old = "", const std::string& clock = "",
                 const std::string& id = "p1") {
  return "7|association/town|" + id + "|" + std::to_string(kind) + "|" + std::to_string(mask) + "|" + old +
         "|" + clock;
}

TEST(TableDdl, TheRowOfAnotherRecordIsNotTaken) {
  Office office;
  office.must("INSERT INTO project(id,status) VALUES('p1','pipeline'),('p2','pipeline')");
  const std::string row = office.rows("SELECT rowid FROM project WHERE id='p1'");
  EXPECT_EQ(office.run("REPLACE INTO project(id,rowid) VALUES('p2'," + row + ")"),
            "project.rowid: is the row of another record; leave the column out");
  EXPECT_EQ(office.run("UPDATE OR REPLACE project SET rowid=" + row + " WHERE id='p2'"),
            "project.rowid: is kept by SQLite and never changes");
  EXPECT_EQ(office.rows("SELECT count(*) FROM project"), "2");
}

TEST(TableDdl, IsStoredLetterByLetter) {
  Office office;
  for (const Register& content : built_in_schema().registers())
    for (const auto& list :
         {sql::table_statements(content, kSpace), sql::trigger_statements(content, kSpace)})
      for (const sql::Statement& one : list)
        EXPECT_EQ(office.rows("SELECT sql FROM sqlite_schema WHERE name=" + sql::quoted(one.name)), one.sql);
}

TEST(TableDdl, OrdersColumnsByFieldNumberBetweenKeyAndClock) {
  Office office;
  EXPECT_EQ(
      office.rows("SELECT group_concat(name) FROM pragma_table_info('ledger_entry')"),
      "id,space,kind,date,amount,amount_currency,organisation,counterparty,reference,bank_reference,year,"
      "reverses,document,note,_clock");
}

TEST(TableDdl, MakesIdsThatRiseWithTime) {
  Office office;
  office.must("INSERT INTO project DEFAULT VALUES; INSERT INTO project(title) VALUES('a'),('b')");
  EXPECT_EQ(office.rows("SELECT count(DISTINCT id),min(space) FROM project"), "3|association/town");
  const std::string id = office.rows("SELECT id FROM project LIMIT 1");
  EXPECT_TRUE(
      std::regex_match(id, std::regex("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")))
      << id;
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  EXPECT_NEAR(static_cast<double>(std::stoll(id.substr(0, 8) + id.substr(9, 4), nullptr, 16)),
              static_cast<double>(now), 5000);
  // What the trigger noted is the id that was stored, though both come from a default.
  EXPECT_EQ(office.rows("SELECT count(*) FROM project JOIN _wasl_capture USING(id, space)"), "3");
  EXPECT_NEAR(std::stod(office.rows("SELECT at FROM _wasl_capture LIMIT 1")), static_cast<double>(now), 5000);
}

struct Case {
  const char* column;
  const char* value;
};

TEST(Refusal, NamesFieldAndRule) {
  Office office;
  const auto refusal = [&](const char* column, const char* value) {
    return office.run(std::string("INSERT INTO project(") + column + ") VALUES(" + value + ")");
  };
  EXPECT_EQ(
      refusal("status", "'done'"),
      "project.status: must be one of pipeline, implementation, finalisation, closed, cancelled, suspended");
  EXPECT_EQ(refusal("reference", "printf('%.*c',129,'x')"),
            "project.reference: must be text of at most 128 bytes");
  EXPECT_EQ(refusal("readiness", "6"), "project.readiness: must be a whole number between 0 and 5");
  EXPECT_EQ(refusal("planned_start", "'2024-02-30'"), "project.planned_start: must be a date YYYY-MM-DD");
  EXPECT_EQ(refusal("organisation", "''"),
            "project.organisation: must be the id of a record of organisation, or SPACE#ID");
  EXPECT_EQ(refusal("budget", "5"),
            "project.budget: must be whole minor units of at least 0, with budget_currency of three capital "
            "letters "
            "(ISO 4217); both or none");
  EXPECT_EQ(refusal("place", "'somewhere'"),
            "project.place: must be LATITUDE,LONGITUDE in degrees with at most seven decimals, such as "
            "48.8566,2.3522");
  EXPECT_EQ(refusal("title", R"('{"EN":"a"}')"),
            "project.title: must be plain text, or a JSON object from language tags in lower case to texts; "
            "each text of "
            "at most 1024 bytes");
  EXPECT_EQ(office.rows("SELECT count(*) FROM project"), "0");
  EXPECT_EQ(office.notes(), "");
}

void expect_refused(const char* table, std::initializer_list<Case> cases) {
  Office office;
  for (const Case& c : cases) {
    const std::string field = std::string(table) + "." + c.column + ":";
    EXPECT_EQ(office.run(std::string("INSERT INTO ") + table + "(" + c.column + ") VALUES(" + c.value + ")")
                  .substr(0, field.size()),
              field)
        << c.column << " " << c.value;
    office.must(std::string("INSERT INTO ") + table + "(id) VALUES('u')");
    EXPECT_EQ(office.run(std::string("UPDATE ") + table + " SET " + c.column + "=" + c.value)
                  .substr(0, field.size()),
              field)
        << c.column << " " << c.value;
    office.must(std::string("DELETE FROM ") + table);
  }
}

void expect_taken(const char* table, std::initializer_list<Case> cases) {
  Office office;
  for (const Case& c : cases) {
    EXPECT_EQ(office.run(std::string("INSERT INTO ") + table + "(" + c.column + ") VALUES(" + c.value + ")"),
              "")
        << c.column << " " << c.value;
    EXPECT_EQ(office.run(std::string("UPDATE ") + table + " SET " + c.column + "=NULL; UPDATE " + table +
                         " SET " + c.column + "=" + c.value),
              "")
        << c.column << " " << c.value;
  }
}

TEST(Refusal, CoversEveryTypeOnInsertAndUpdate) {
  expect_refused("project", {{"reference", "x'00'"},
                             {"title", "x'00'"},
                             {"title", "'{'"},
                             {"title", "'{\"en\":1}'"},
                             {"title", "'{\"en\":{}}'"},
                             {"title", "'{\"en\":\"a\",\"en\":\"b\"}'"},
                             {"title", "'{\"e\":\"a\"}'"},
                             {"title", "'{\"en-\":\"a\"}'"},
                             {"title", "'{\"en--x\":\"a\"}'"},
                             {"title", "'{\"e1\":\"a\"}'"},
                             {"title", "'{\"en-abcdefghi\":\"a\"}'"},
                             {"title", "'{\"\":\"a\"}'"},
                             {"title", "printf('%.*c',1025,'x')"},
                             {"title", "json_object('en',printf('%.*c',1025,'x'))"},
                             {"title", "printf('%.*c',600,'é')||printf('%.*c',500,'é')"},
                             {"summary", "printf('%.*c',16385,'x')"},
                             {"status", "x'00'"},
                             {"status", "1"},
                             {"status", "''"}});
  expect_refused("project", {{"country", "printf('%.*c',65,'x')"},
                             {"country", "'#a'"},
                             {"country", "'network#a#b'"},
                             {"country", "'a'||char(0)||'b'"},
                             {"country", "'network#'"},
                             {"country", "'authority#a'"},
                             {"country", "'section/#a'"},
                             {"country", "'section/A#a'"},
                             {"country", "'section/a/b#a'"},
                             {"country", "'x#a'"},
                             {"country", "x'61'"},
                             {"country", "'network#'||printf('%.*c',65,'x')"},
                             {"country", "'section/'||printf('%.*c',33,'x')||'#a'"}});
  expect_refused("project", {{"readiness", "'a'"},          {"readiness", "1.5"},
                             {"readiness", "-1"},           {"readiness", "x'01'"},
                             {"readiness", "1e300"},        {"planned_end", "'now'"},
                             {"planned_end", "'2024-1-1'"}, {"planned_end", "''"},
                             {"planned_end", "2024"},       {"planned_end", "'2024-01-01 10:00'"},
                             {"planned_end", "x'32'"},      {"place", "'91,0'"},
                             {"place", "'0,180.1'"},        {"place", "'1'"},
                             {"place", "'1.12345678,0'"},   {"place", "'1,2,3'"},
                             {"place", "'1, 2'"},           {"place", "'--1,2'"},
                             {"place", "'1-1,2'"},          {"place", "'.5,1'"},
                             {"place", "'1.,1'"},           {"place", "',1'"}});
  expect_refused("meeting", {{"starts_at", "'2024-01-01'"},
                             {"starts_at", "'2024-01-01T10:00'"},
                             {"starts_at", "'2024-01-01 10:00Z'"},
                             {"starts_at", "'2024-02-30T10:00Z'"},
                             {"starts_at", "'2024-01-01T24:00Z'"},
                             {"starts_at", "'2024-01-01T10:60Z'"},
                             {"starts_at", "'2024-01-01T10:00:61Z'"},
                             {"starts_at", "'2024-01-01T10:00+25:00'"},
                             {"starts_at", "'2024-01-01T10:00 +01:00'"},
                             {"starts_at", "'2024-01-01T10:00z'"},
                             {"quorum_met", "2"},
                             {"quorum_met", "'yes'"},
                             {"quorum_met", "0.5"}});
  expect_refused("project_party",
                 {{"share", "101"}, {"share", "-0.5"}, {"share", "'half'"}, {"share", "1e-20"}});
}

TEST(Refusal, LetsGoodValuesPass) {
  expect_taken("project", {{"reference", "''"},
                           {"reference", "5"},
                           {"title", "'plain'"},
                           {"title", "'{\"en\":\"a\",\"fr\":null,\"zh-hant\":\"b\"}'"},
                           {"title", "'{}'"},
                           {"title", "' {'"},
                           {"summary", "printf('%.*c',16384,'x')"},
                           {"status", "'closed'"},
                           {"country", "'ma'"},
                           {"country", "'network#ma'"},
                           {"country", "'section/africa#x'"},
                           {"country", "'committee/'||printf('%.*c',32,'x')||'#a'"},
                           {"readiness", "'3'"},
                           {"readiness", "3.0"},
                           {"planned_end", "'2024-02-29'"},
                           {"place", "'48.8566,2.3522'"},
                           {"place", "'-90,-180.0000000'"}});
  expect_taken("meeting", {{"starts_at", "'2024-01-01T10:00Z'"},
                           {"starts_at", "'2024-01-01T10:00:59.123+05:30'"},
                           {"quorum_met", "1"}});
  expect_taken("project_party",
               {{"share", "12.5"}, {"share", "'33.3'"}, {"share", "100"}, {"share", "0.1+0.2"}});
}

TEST(Refusal, WantsBothHalvesOfMoney) {
  Office office;
  office.must("INSERT INTO project(id,budget,budget_currency) VALUES('p1',5,'XOF')");
  EXPECT_NE(office.run("UPDATE project SET budget_currency=NULL"), "");
  EXPECT_NE(office.run("UPDATE project SET budget_currency='xof'"), "");
  EXPECT_NE(office.run("UPDATE project SET budget=1.5"), "");
  EXPECT_NE(office.run("INSERT INTO project(budget_currency) VALUES('XOF')"), "");
  office.must("UPDATE project SET budget=6");
  office.must("UPDATE project SET budget=NULL, budget_currency=NULL");
}

TEST(Refusal, GuardsKeyAndClock) {
  Office office;
  EXPECT_EQ(office.run("INSERT INTO project(id) VALUES('')").substr(0, 11), "project.id:");
  EXPECT_EQ(office.run("INSERT INTO project(id) VALUES(NULL)").substr(0, 11), "project.id:");
  EXPECT_EQ(office.run("INSERT INTO project(id) VALUES(printf('%.*c',65,'x'))").substr(0, 11), "project.id:");
  EXPECT_EQ(office.run("INSERT INTO project(id) VALUES('a#b')").substr(0, 11), "project.id:");
  EXPECT_EQ(office.run("INSERT INTO project(id) VALUES('a'||char(0)||'b')").substr(0, 11), "project.id:");
  EXPECT_EQ(office.run("INSERT INTO project(id) VALUES(x'61')").substr(0, 11), "project.id:");
  for (const char* space : {"'authority'", "''", "'x'", "NULL", "'section/'", "'section/A'", "'section/a/b'"})
    EXPECT_EQ(office.run(std::string("INSERT INTO project(space) VALUES(") + space + ")").substr(0, 14),
              "project.space:")
        << space;
  EXPECT_EQ(office.run("INSERT INTO project(_clock) VALUES(x'01')").substr(0, 15), "project._clock:");
  office.must("INSERT INTO project(id,space) VALUES('p1','network'),('p2','section/a')");
  EXPECT_EQ(office.run("INSERT INTO project(id) VALUES('p1')"),
            "project.id: this id is already used in another space; leave the column out to have one made");
  EXPECT_EQ(office.run("UPDATE project SET id='p9' WHERE id='p1'"),
            "project.id: never changes; insert another record and delete this one");
  EXPECT_EQ(office.run("UPDATE project SET space='public'"),
            "project.space: never changes; insert the record there and delete this one");
  EXPECT_EQ(office.run("UPDATE project SET _clock=x'01'"), "project._clock: is kept by wasl");
  office.must(
      "UPDATE project SET id=id, space=space, _clock=_clock, title='all columns written, one changed'");
}

TEST(Refusal, LeavesRetiredCodesAndFieldsToOldRows) {
  Register content;
  content.number = 1;
  content.name = "town";
  Field kind;
  kind.number = 1;
  kind.name = "kind";
  kind.type = FieldType::code;
  kind.codes = {{"old", {}, true}, {"new", {}, false}};
  Field gone;
  gone.number = 2;
  gone.name = "gone";
  gone.retired = true;
  content.fields = {kind, gone};
  Office office;
  for (const sql::Statement& one : sql::table_statements(content, kSpace)) office.must(one.sql);
  office.must("INSERT INTO town(id,kind,gone) VALUES('a','old','x')");
  for (const sql::Statement& one : sql::trigger_statements(content, kSpace)) office.must(one.sql);
  EXPECT_EQ(office.run("INSERT INTO town(kind) VALUES('old')"), "town.kind: must be one of new");
  EXPECT_EQ(office.run("INSERT INTO town(gone) VALUES('y')"),
            "town.gone: this field is retired and takes no new value");
  office.must("UPDATE town SET kind='old', gone='x'");
  EXPECT_NE(office.run("UPDATE town SET gone='y'"), "");
  office.must("UPDATE town SET gone=NULL, kind='new'");
}

TEST(Capture, NotesWhatWasInsertedAndWhatChanged) {
  Office office;
  office.must("INSERT INTO project(id,title,status) VALUES('p1','a','closed')");
  EXPECT_EQ(office.notes(), note(1, mask_of("project", {"title", "status"})));
  office.must("UPDATE project SET title='b', status='closed', budget=1, budget_currency='XOF'");
  EXPECT_EQ(office.notes(), note(2, mask_of("project", {"title", "budget", "budget_currency"}),
                                 R"([1,"a",10,null,11,null])"));
  office.must("UPDATE project SET title='b'");
  EXPECT_EQ(office.notes(), "");
  office.must("UPDATE project SET title=NULL");
  EXPECT_EQ(office.notes(), note(2, mask_of("project", {"title"}), R"([1,"b"])"));
}

/// A project p1 as it is after sealing: with a clock, and nothing noted.
void give_sealed_project(Office& office) {
  office.must("INSERT INTO project(id,title) VALUES('p1','a')");
  office.must("DROP TRIGGER _wasl_project_key; UPDATE project SET _clock='clock'; DELETE FROM _wasl_capture");
}

std::string old_project(const std::string& title) {
  std::string out = "[";
  for (const std::string& column : sql::field_columns(built_in("project")))
    out += (out.size() == 1 ? "" : ",") + (column == "title" ? '"' + title + '"' : std::string("null"));
  return out + "]";
}

TEST(Capture, KeepsTheOldRowWhenItIsDeleted) {
  Office office;
  give_sealed_project(office);
  office.must("DELETE FROM project");
  EXPECT_EQ(office.notes(), note(3, 0, old_project("a"), "clock"));
}

TEST(Capture, KeepsTheOldRowWhenItIsReplaced) {
  Office office;
  give_sealed_project(office);
  office.must("REPLACE INTO project(id,status) VALUES('p1','closed')");
  EXPECT_EQ(office.notes(), note(4, mask_of("project", {"status"}), old_project("a"), "clock"));
  EXPECT_EQ(office.rows("SELECT title,status,_clock FROM project"), "|closed|");
}

TEST(Capture, NotesUpsertsAndRetries) {
  Office office;
  give_sealed_project(office);
  office.must(
      "INSERT INTO project(id,title) VALUES('p1','b') ON CONFLICT(id,space) DO UPDATE SET "
      "title=excluded.title");
  EXPECT_EQ(office.notes(), note(4, mask_of("project", {"title"}), old_project("a"), "clock") + ";" +
                                note(2, mask_of("project", {"title"}), R"([1,"a"])"));
  office.must("INSERT OR IGNORE INTO project(id,title) VALUES('p1','c')");
  EXPECT_EQ(office.notes(), note(4, mask_of("project", {"title"}), old_project("b"), "clock"));
  EXPECT_EQ(office.rows("SELECT title,_clock FROM project"), "b|clock");
  EXPECT_NE(office.run("INSERT INTO project(id,title) VALUES('p1','c')"), "");
  EXPECT_EQ(office.notes(), "");
}

TEST(Capture, UndoesItsNotesWithTheTransaction) {
  Office office;
  office.must("BEGIN; INSERT INTO project(id) VALUES('p1'); ROLLBACK");
  EXPECT_NE(office.run("INSERT INTO project(id,status) VALUES('p2','closed'),('p3','nonsense')"), "");
  EXPECT_EQ(office.notes(), "");
}

TEST(SetTable, TakesTheSpaceOfItsRecord) {
  Office office;
  office.must("INSERT INTO project(id) VALUES('p1'); DELETE FROM _wasl_capture");
  office.must("INSERT INTO project_theme(record,value) VALUES('p1','water')");
  EXPECT_EQ(office.notes(), note(5, 0, "[7,\"water\"]"));
  for (const char* again : {"INSERT INTO project_theme(record,value) VALUES('p1','water')",
                            "INSERT OR IGNORE INTO project_theme(record,value) VALUES('p1','water')",
                            "INSERT OR ABORT INTO project_theme(record,value) VALUES('p1','water')"}) {
    office.must(again);
    EXPECT_EQ(office.notes(), "") << again;
  }
  office.must("INSERT OR IGNORE INTO project_theme VALUES('p1','water','association/town')");
  office.must("REPLACE INTO project_theme(record,value) VALUES('p1','water')");
  office.must("INSERT INTO project_theme VALUES('p1','roads','association/town')");
  EXPECT_EQ(office.notes(), note(5, 0, "[7,\"roads\"]"));
  EXPECT_EQ(office.rows("SELECT * FROM project_theme ORDER BY value"),
            "p1|roads|association/town;p1|water|association/town");
}

TEST(SetTable, NotesRemovalAndChange) {
  Office office;
  office.must(
      "INSERT INTO project(id) VALUES('p1'); INSERT INTO project_theme(record,value) "
      "VALUES('p1','a'),('p1','b');"
      "DELETE FROM _wasl_capture");
  office.must("DELETE FROM project_theme WHERE value='a'");
  EXPECT_EQ(office.notes(), note(6, 0, "[7,\"a\"]"));
  office.must("UPDATE project_theme SET value='c'");
  EXPECT_EQ(office.notes(), note(6, 0, "[7,\"b\"]") + ";" + note(5, 0, "[7,\"c\"]"));
  office.must("UPDATE project_theme SET value='c'");
  EXPECT_EQ(office.notes(), "");
  EXPECT_EQ(office.run("UPDATE project_theme SET space='network'"),
            "project_theme: record and space never change; delete the row and insert another");
  EXPECT_NE(office.run("UPDATE project_theme SET space=NULL"), "");
  EXPECT_NE(office.run("UPDATE project_theme SET record='p2'"), "");
}

TEST(SetTable, GoesSilentlyWithItsRecord) {
  Office office;
  office.must(
      "INSERT INTO project(id) VALUES('p1'),('p2'); INSERT INTO project_theme(record,value) "
      "VALUES('p1','a'),('p2','a');"
      "INSERT INTO project_sdg(record,value) VALUES('p1','11.1'); DELETE FROM _wasl_capture");
  office.must("DELETE FROM project WHERE id='p1'");
  const std::string notes = office.notes();
  EXPECT_EQ(notes.substr(0, 25), "7|association/town|p1|3|0");
  EXPECT_EQ(notes.find(';'), std::string::npos);
  EXPECT_EQ(office.rows("SELECT record FROM project_theme UNION ALL SELECT record FROM project_sdg"), "p2");
}

TEST(SetTable, RefusesInWords) {
  Office office;
  EXPECT_EQ(office.run("INSERT INTO project_theme(record,value) VALUES('p1','a')"),
            "project_theme.record: there is no such record in project; insert the record first");
  office.must("INSERT INTO project(id) VALUES('p1')");
  EXPECT_EQ(office.run("INSERT INTO project_theme VALUES('p1','a','network')"),
            "project_theme.record: there is no such record in project; insert the record first");
  EXPECT_EQ(office.run("INSERT INTO project_theme(record,value) VALUES('p1','x#y')"),
            "project_theme.value: must be the id of a record of theme, or SPACE#ID");
  office.must("INSERT INTO project_theme(record,value) VALUES('p1','a')");
  EXPECT_NE(office.run("UPDATE project_theme SET value=''"), "");
  office.must("INSERT INTO theme(id) VALUES('t1')");
  EXPECT_EQ(office.run("INSERT INTO theme_sdg(record,value) VALUES('t1',18)"),
            "theme_sdg.value: must be a whole number between 1 and 17");
}

TEST(SetTable, AsksForTheSpaceWhenSeveralHoldTheRecord) {
  Office office;  // applying, which runs without triggers, may leave one id in two spaces
  office.must(
      "INSERT INTO project(id) VALUES('p1'); DROP TRIGGER _wasl_project_insert; INSERT INTO "
      "project(id,space) VALUES('p1','network')");
  EXPECT_EQ(office.run("INSERT INTO project_theme(record,value) VALUES('p1','a')"),
            "project_theme.space: several spaces hold a record of this id; name the space");
  office.must("INSERT INTO project_theme VALUES('p1','a','network')");
}

TEST(Ledger, TakesInsertsOnly) {
  Office office;
  const std::string words = "ledger_entry: entries are never changed or deleted; write a reversing entry";
  const std::string insert =
      "INTO ledger_entry(id,kind,amount,amount_currency) VALUES('e1','payment',5,'EUR')";
  office.must("INSERT " + insert);
  EXPECT_EQ(office.run("UPDATE ledger_entry SET note='x'"), words);
  EXPECT_EQ(office.run("DELETE FROM ledger_entry"), words);
  EXPECT_EQ(office.run("REPLACE INTO ledger_entry(id,kind) VALUES('e1','call')"), words);
  EXPECT_EQ(office.run("INSERT INTO ledger_entry(id) VALUES('e1') ON CONFLICT DO UPDATE SET kind='call'"),
            words);
  EXPECT_NE(office.run("INSERT INTO ledger_entry(id,space) VALUES('e1','network')").find("another space"),
            std::string::npos);
  office.must("INSERT " + insert + "; REPLACE " + insert);
  EXPECT_EQ(office.rows("SELECT count(*),max(amount) FROM ledger_entry"), "1|5");
  EXPECT_EQ(office.rows("SELECT kind FROM _wasl_capture"), "1");
}

}  // namespace
}  // namespace wasl
