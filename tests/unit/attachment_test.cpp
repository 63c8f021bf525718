// The value of a file: its bytes, its names, its form in SQL.
#include "shared/model/attachment.hpp"

#include <gtest/gtest.h>

#include "client/replica/row_codec.hpp"
#include "shared/model/field_value.hpp"
#include "shared/sql/value_rules.hpp"
#include "shared/sqlite/database.hpp"

namespace wasl {
namespace {

Attachment report() {
  Attachment out{"تقرير 2026.pdf", "application/pdf", 20'000'000, {}};
  out.root.bytes.fill(0xAB);
  return out;
}

TEST(Attachment, ComesBackFromItsValueAndItsJson) {
  EXPECT_EQ(as_attachment(report().to_value()), report());
  const auto read = parse_attachment(report().to_json());
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, report());
  EXPECT_EQ(report().to_value().to_display(), "تقرير 2026.pdf (application/pdf, 20000000 bytes)");
}

TEST(Attachment, IsNoneWithAnythingWrongInIt) {
  Value cut = report().to_value();
  cut.data.pop_back();
  EXPECT_FALSE(as_attachment(cut));
  Value long_tail = report().to_value();
  long_tail.data.push_back(0);
  EXPECT_FALSE(as_attachment(long_tail));
  Value path = report().to_value();
  path.data[1] = '/';
  EXPECT_FALSE(as_attachment(path));
  EXPECT_FALSE(as_attachment(Value::text("report.pdf")));
}

TEST(FileName, TakesWhatAnyFolderTakes) {
  for (const char* name : {"report.pdf", "a", "Ünïcode – 報告.odt", "تقرير.pdf", "con-report.txt", "COM10",
                           ".hidden", "\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645.txt"})
    EXPECT_TRUE(is_file_name(name)) << name;
}

const std::string kBadNames[] = {"",
                                 ".",
                                 "..",
                                 "a/b",
                                 "..\\evil",
                                 "a:b",
                                 "what?",
                                 "tab\there",
                                 std::string("nul\0l", 5),
                                 "end.",
                                 "end ",
                                 " front",
                                 "CON",
                                 "nul.txt",
                                 "Lpt1.pdf",
                                 "gpj\u202Eexe.pdf",
                                 "x\u2066y",
                                 "\uFEFFx",
                                 "x\u0085y",
                                 "del\x7F",
                                 std::string(201, 'x')};

TEST(FileName, RefusesPathsControlsTurnedWritingAndNamesOfSystems) {
  for (const std::string& name : kBadNames) EXPECT_FALSE(is_file_name(name)) << name;
  EXPECT_FALSE(is_file_name("\xFF"));
}

TEST(FileName, IsMadeSafe) {
  EXPECT_EQ(safe_file_name("report.pdf"), "report.pdf");
  EXPECT_EQ(safe_file_name("a/b:c"), "a_b_c");
  EXPECT_EQ(safe_file_name("  what. . "), "what");
  EXPECT_EQ(safe_file_name("CON.txt"), "_CON.txt");
  EXPECT_EQ(safe_file_name("\xFF"), "file");
  EXPECT_EQ(safe_file_name(""), "file");
  for (const std::string& name : kBadNames) EXPECT_TRUE(is_file_name(safe_file_name(name))) << name;
}

TEST(MediaType, IsTwoHalvesOfSmallLetters) {
  for (const char* type : {"application/pdf", "image/svg+xml", "application/vnd.ms-excel"})
    EXPECT_TRUE(is_media_type(type)) << type;
  for (const char* type :
       {"", "pdf", "/pdf", "image/", "Image/PNG", "a/b/c", "text/plain; charset=utf-8", "-a/b"})
    EXPECT_FALSE(is_media_type(type)) << type;
}

/// What the trigger would say of a value.
bool sql_takes(Database& db, const std::string& json) {
  Field field;
  field.name = "file";
  field.type = kAttachmentField;
  const sql::Refusal refusal = sql::value_refusal(field, "document.file", "new.file");
  auto ask =
      db.prepare("SELECT CASE WHEN " + refusal.when + " THEN 0 ELSE 1 END FROM (SELECT ? AS file) AS new");
  EXPECT_TRUE(ask) << (ask ? "" : ask.error().message);
  ask->bind_all(json);
  EXPECT_TRUE(ask->step().value());
  return ask->int64(0) == 1;
}

std::string named(const std::string& name) {
  Attachment out = report();
  out.name = "placeholder";
  std::string json = out.to_json();
  std::string quoted;
  for (const char c : name) quoted += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return json.replace(json.find("placeholder"), 11, quoted);
}

TEST(Attachment, IsRefusedBySqlWhereTheCodeRefusesIt) {
  auto db = Database::open({.path = ":memory:", .create = true});
  ASSERT_TRUE(db);
  EXPECT_TRUE(sql_takes(*db, report().to_json()));
  EXPECT_TRUE(sql_takes(*db, named("COM10.txt")));
  for (const std::string& name : kBadNames) {
    const bool control = name.find('\t') != std::string::npos || name.find('\0') != std::string::npos;
    if (control) continue;  // JSON itself refuses those
    EXPECT_FALSE(sql_takes(*db, named(name))) << name;
  }
  const std::string good = report().to_json();
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string out = good;
    return out.replace(out.find(from), from.size(), to);
  };
  for (const std::string& wrong :
       {std::string("report.pdf"), std::string("[]"), std::string("{}"),
        with("\"size\":20000000", "\"size\":-1"), with("\"size\":20000000", "\"size\":1.5"),
        with("20000000", "99999999999999"), with("abab", "ABAB"), with("abab", "ab"),
        with("application/pdf", "pdf"), with("\"size\"", "\"length\""),
        with("{\"name\"", "{\"more\":1,\"name\""), with("application/pdf", "a/b/c")}) {
    EXPECT_FALSE(sql_takes(*db, wrong)) << wrong;
    EXPECT_FALSE(parse_attachment(wrong)) << wrong;
  }
}

TEST(Attachment, StandsInARowAsItsJson) {
  const Register& document = *built_in_schema().find("document");
  const Field& field = *document.field("file");
  ASSERT_EQ(field.type, kAttachmentField);
  const PlainValues shown{{Address{field.number, {}}, report().to_value()}};
  const auto columns = render_field(field, shown);
  ASSERT_EQ(columns.size(), 1U);
  const auto parsed = parse_field(field, columns, "und");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->values, shown);
  const auto wrong = parse_field(field, {std::string("report.pdf")}, "und");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message, "file: must be a JSON object of name, type, size and file");
}

TEST(Attachment, IsTheOnlyValueOfItsField) {
  const Field& field = *built_in_schema().find("document")->field("file");
  EXPECT_EQ(type_misfit(field, report().to_value()), "");
  EXPECT_EQ(type_misfit(field, Value::null()), "");
  EXPECT_EQ(type_misfit(field, Value::text("report.pdf")), "is no attachment");
  EXPECT_EQ(type_misfit(field, {kAttachmentValue, {1, 2, 3}}), "is no attachment");
}

TEST(Attachment, IsNeverPersonalAndNeverInAList) {
  const std::string labels = R"("labels": {"ar": "x", "en": "x", "fr": "x", "es": "x", "pt": "x"})";
  const auto described = [&](const std::string& more) {
    return Schema::load(
        {{"r.json", R"({"number": 1, "name": "r", "caption": "t", "default_space": "own", )" + labels +
                        R"(, "fields": [{"number": 1, "name": "t", "type": "text", "policy": "latest", )" +
                        labels + R"(}, {"number": 2, "name": "f", "type": "attachment", )" + more + labels +
                        "}]}"}});
  };
  EXPECT_TRUE(described(R"("policy": "latest", )"));
  const auto personal = described(R"("policy": "latest", "personal": true, )");
  ASSERT_FALSE(personal);
  EXPECT_NE(personal.error().message.find("an attachment cannot be personal"), std::string::npos)
      << personal.error().message;
  EXPECT_FALSE(described(R"("policy": "set", )"));
}

}  // namespace
}  // namespace wasl
