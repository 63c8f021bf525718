// What is had of office documents and pages, whole and hostile.
#include "client/documents/document_text.hpp"

#include <gmock/gmock.h>
#include <zip.h>

#include <fstream>
#include <map>

#include "client/attachments/extracting.hpp"
#include "tests/support/must.hpp"

namespace wasl::test {
namespace {

using testing::HasSubstr;
using Parts = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kOdt = "application/vnd.oasis.opendocument.text";
constexpr std::string_view kOds = "application/vnd.oasis.opendocument.spreadsheet";

struct Documents : testing::Test {
  std::filesystem::path folder;

  Documents() {
    std::string made = testing::TempDir() + "wasl-documents-XXXXXX";
    folder = ::mkdtemp(made.data());
  }
  ~Documents() override { std::filesystem::remove_all(folder); }

  std::filesystem::path archive(const Parts& parts, const char* password = nullptr) {
    const auto file = folder / "document";
    zip_t* const out = zip_open(file.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
    for (const auto& [name, bytes] : parts) {
      const auto at = zip_file_add(out, name.c_str(), zip_source_buffer(out, bytes.data(), bytes.size(), 0),
                                   ZIP_FL_ENC_UTF_8);
      if (password != nullptr) {
        EXPECT_EQ(zip_file_set_encryption(out, static_cast<zip_uint64_t>(at), ZIP_EM_AES_256, password), 0);
      }
    }
    EXPECT_EQ(zip_close(out), 0);
    return file;
  }
  std::filesystem::path file(const std::string& bytes) {
    std::ofstream(folder / "document", std::ios::binary) << bytes;
    return folder / "document";
  }
  static std::string tidied(DocumentText read) {
    EXPECT_EQ(read.reading, Reading::whole);
    tidy_text(read.text);
    return read.text;
  }
};

std::string types_of(const Parts& overrides) {
  std::string out = "<?xml version='1.0'?><Types><Default Extension='xml' ContentType='application/xml'/>";
  for (const auto& [part, type] : overrides)
    out += "<Override PartName='/" + part + "' ContentType='application/vnd.openxmlformats-officedocument." +
           type + "'/>";
  return out + "</Types>";
}

Parts words_of(const std::string& body) {
  return {{"[Content_Types].xml", types_of({{"word/document2.xml", "wordprocessingml.document.main+xml"},
                                            {"word/footnotes.xml", "wordprocessingml.footnotes+xml"}})},
          {"word/document2.xml",
           "<w:document xmlns:w='w' xmlns:a='a' xmlns:mc='mc'><w:body>" + body + "</w:body></w:document>"},
          {"word/footnotes.xml",
           "<w:footnotes xmlns:w='w'><w:p><w:r><w:t>A note</w:t></w:r></w:p></w:footnotes>"}};
}
std::string run(const std::string& text) { return "<w:p><w:r><w:t>" + text + "</w:t></w:r></w:p>"; }

TEST_F(Documents, OfWordsParagraphsTablesAndNotesAreRead) {
  const std::string body =
      "<w:p><w:pPr><w:tabs><w:tab/></w:tabs></w:pPr><w:r><w:t>Water &amp; </w:t></w:r><w:r><w:t>مدن</w:t>"
      "<w:tab/><w:t>for</w:t><w:br/><w:t>all</w:t></w:r></w:p>"
      "<w:p><w:del><w:r><w:delText>gone</w:delText><w:t>gone too</w:t></w:r></w:del>"
      "<w:r><w:instrText>PAGE</w:instrText></w:r></w:p>"
      "<w:tbl><w:tr><w:tc>" +
      run("one") + "</w:tc><w:tc>" + run("two") +
      "</w:tc></w:tr></w:tbl>"
      "<mc:AlternateContent><mc:Choice>" +
      run("box") + "</mc:Choice><mc:Fallback>" + run("box") + "</mc:Fallback></mc:AlternateContent>";
  EXPECT_EQ(tidied(document_text(archive(words_of(body)), kWordsType)),
            "Water & مدن for\nall\none two\nbox\nA note");
}

TEST_F(Documents, SlidesComeInTheirOrder) {
  const auto slide = [](const std::string& text) {
    return "<p:sld xmlns:p='p' xmlns:a='a'><a:p><a:r><a:t>" + text + "</a:t></a:r></a:p></p:sld>";
  };
  const auto file = archive(
      {{"[Content_Types].xml", types_of({{"ppt/slides/slide10.xml", "presentationml.slide+xml"},
                                         {"ppt/notesSlides/notesSlide1.xml", "presentationml.notesSlide+xml"},
                                         {"ppt/slides/slide2.xml", "presentationml.slide+xml"}})},
       {"ppt/slides/slide10.xml", slide("Tenth")},
       {"ppt/slides/slide2.xml", slide("Second")},
       {"ppt/notesSlides/notesSlide1.xml", slide("Say it slowly")}});
  EXPECT_EQ(tidied(document_text(file, kSlidesType)), "Second\nTenth\nSay it slowly");
}

Parts sheets_of(const std::string& rows) {
  return {
      {"[Content_Types].xml", types_of({{"xl/workbook.xml", "spreadsheetml.sheet.main+xml"},
                                        {"xl/sharedStrings.xml", "spreadsheetml.sharedStrings+xml"},
                                        {"xl/worksheets/sheet1.xml", "spreadsheetml.worksheet+xml"}})},
      {"xl/workbook.xml", "<workbook><sheets><sheet name='Wells &amp; pumps'/></sheets></workbook>"},
      {"xl/sharedStrings.xml",
       "<sst><si><t>Bamako</t></si><si><r><t>Nia</t></r><r><t>mey</t></r><rPh><t>no</t></rPh></si></sst>"},
      {"xl/worksheets/sheet1.xml", "<worksheet><sheetData>" + rows + "</sheetData></worksheet>"}};
}

TEST_F(Documents, CellsOfSheetsAreReadARowALine) {
  const auto file = archive(sheets_of(
      "<row><c t='s'><v>1</v></c><c><v>12.5</v></c><c t='str'><f>A1&amp;A2</f><v>made</v></c></row>"
      "<row><c t='inlineStr'><is><t>inline</t></is></c><c t='s'><v>0</v></c><c t='s'><v>77</v></c></row>"));
  EXPECT_EQ(tidied(document_text(file, kSheetsType)), "Wells & pumps\nNiamey 12.5 made\ninline Bamako");
}

TEST_F(Documents, OpenDocumentsAreReadWithoutWhatWasDeleted) {
  const auto text = archive(
      {{"mimetype", std::string(kOdt)},
       {"content.xml",
        "<o:doc xmlns:o='o' xmlns:t='t' xmlns:b='b'><t:tracked-changes><t:p>gone</t:p></t:tracked-changes>"
        "<t:h>Title</t:h><t:p>Two<t:s/>words<t:line-break/>and\n more<t:span>!</t:span></t:p>"
        "<o:config>none of it</o:config></o:doc>"}});
  EXPECT_EQ(tidied(document_text(text, kOdt)), "Title\nTwo words\nand more!");
  const auto sheet =
      archive({{"content.xml",
                "<o:doc xmlns:o='o' xmlns:t='t' xmlns:b='b'><b:table-row><b:table-cell><t:p>a"
                "</t:p></b:table-cell><b:table-cell><t:p>b</t:p></b:table-cell></b:table-row>"
                "<b:table-row><b:table-cell><t:p>c</t:p></b:table-cell></b:table-row></o:doc>"}});
  EXPECT_EQ(tidied(document_text(sheet, kOds)), "a b\nc");
}

TEST_F(Documents, PagesSayWhatTheirReadersSee) {
  const std::string page =
      "<!DOCTYPE html><html><head><title>Wells</title><style>p { color: red }</style></head><body>"
      "<script>alert('no')</script><h1>Water</h1><p>for <b>three</b>\n towns<br>and &eacute;very one"
      "<img alt='a well'><table><tr><td>one</td><td>two</td></tr><tr><td>three</table><p>unclosed";
  EXPECT_EQ(tidied(document_text(file(page), kHtmlType)),
            "Wells\nWater\nfor three towns\nand évery onea well\none two\nthree\nunclosed");
}

TEST_F(Documents, PagesAndTextsAreReadInTheirCharacters) {
  EXPECT_EQ(tidied(document_text_of("<meta charset=\"windows-1256\"><p>\xe3\xcf\xe4", kHtmlType)), "مدن");
  EXPECT_EQ(tidied(document_text_of("<p>caf\xe9 \x80", kHtmlType)), "café €");
  EXPECT_EQ(tidied(document_text_of("<meta charset=iso-8859-1><p>caf\xc3\xa9", kHtmlType)), "café");
  EXPECT_EQ(tidied(document_text_of("<meta charset=nonsense><p>caf\xe9", kHtmlType)), "caf");
  EXPECT_EQ(tidied(document_text_of(std::string_view("\xff\xfe\x45\x06\t\0a\0\x00\xd8", 10), "text/plain")),
            "م a");
  EXPECT_EQ(tidied(document_text_of(std::string_view("\xfe\xff\0o\0k", 6), "text/csv")), "ok");
}

TEST_F(Documents, WhatIsLockedIsSaid) {
  EXPECT_EQ(document_text(archive(words_of(run("secret")), "password"), kWordsType).reading, Reading::locked);
  EXPECT_EQ(document_text(file("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and more"), kSheetsType).reading,
            Reading::locked);
  const auto locked =
      archive({{"META-INF/manifest.xml", "<m:manifest xmlns:m='m'><m:encryption-data/></m:manifest>"},
               {"content.xml", "\x01\x02\x03"}});
  EXPECT_EQ(document_text(locked, kOdt).reading, Reading::locked);
}

TEST_F(Documents, WhatIsDamagedGivesNothing) {
  const auto expect_damaged = [](const DocumentText& read) {
    EXPECT_EQ(read.reading, Reading::damaged);
    EXPECT_EQ(read.text, "");
  };
  expect_damaged(document_text(file("no archive"), kWordsType));
  expect_damaged(document_text(archive({{"content.xml", "<a/>"}}), kWordsType));
  expect_damaged(document_text(archive({{"word/document.xml", "<a/>"}}), kOdt));
  expect_damaged(document_text(archive(words_of(run("cut") + "<w:p>")), kWordsType));
  expect_damaged(document_text(archive(words_of(run("a"))), "application/zip"));
  Parts parts = sheets_of("");
  parts.pop_back();
  expect_damaged(document_text(archive(parts), kSheetsType));
  // Each byte of an archive that is another: an answer, whatever it is.
  const auto whole = archive(words_of(run("Water")));
  std::ifstream in(whole, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  std::map<Reading, int> seen;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string wrong = bytes;
    wrong[i] = static_cast<char>(wrong[i] ^ 0x55);
    ++seen[document_text_of(wrong, kWordsType).reading];
  }
  EXPECT_GT(seen[Reading::damaged], 100);
}

TEST_F(Documents, NothingIsExpanded) {
  const std::string laughs =
      "<?xml version='1.0'?><!DOCTYPE d [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]><d "
      "xmlns:t='t'><t:p>&b;</t:p></d>";
  EXPECT_EQ(document_text(archive({{"content.xml", laughs}}), kOdt).reading, Reading::damaged);
  const std::string outside =
      "<!DOCTYPE d [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><d xmlns:t='t'><t:p>&a;</t:p></d>";
  EXPECT_EQ(document_text(archive({{"content.xml", outside}}), kOdt).text, "");
}

TEST_F(Documents, DeepNestingEnds) {
  std::string deep = "<d>";
  for (int i = 0; i < 100'000; ++i) deep += "<p>";
  EXPECT_EQ(document_text(archive({{"content.xml", deep}}), kOdt).reading, Reading::damaged);
  std::string page = "<p>begin";
  for (int i = 0; i < 20'000; ++i) page += "<i>";
  EXPECT_THAT(document_text_of(page + "end", kHtmlType).text, HasSubstr("end"));
}

TEST_F(Documents, ABombIsReadNoFurtherThanADocumentMayBe) {
  const auto text =
      archive({{"content.xml", "<d xmlns:t='t'><t:p>" + std::string(16 << 20, 'x') + "</t:p></d>"}});
  EXPECT_LT(std::filesystem::file_size(text), 100'000U);
  const auto read = document_text(text, kOdt);
  EXPECT_EQ(read.reading, Reading::part);
  EXPECT_EQ(read.text.size(), kReadMost);
  // One that says nothing but is unpacked for ever.
  const auto empty = archive({{"content.xml", "<d>" + std::string(70 << 20, ' ') + "</d>"}});
  EXPECT_EQ(document_text(empty, kOdt).reading, Reading::part);
  // One long text that a thousand cells name.
  Parts sheets = sheets_of("");
  sheets[2].second = "<sst><si><t>" + std::string(30'000, 'x') + "</t></si></sst>";
  std::string cells;
  for (int i = 0; i < 1'000; ++i) cells += "<c t='s'><v>0</v></c>";
  sheets[3].second = "<worksheet><row>" + cells + "</row></worksheet>";
  const auto many = document_text(archive(sheets), kSheetsType);
  EXPECT_EQ(many.reading, Reading::part);
  EXPECT_LE(many.text.size(), kReadMost);
}

TEST_F(Documents, TheProgramReadsThemUnderLimits) {
  const auto read = must(text_of(archive(words_of(run("Water for three towns"))), kWordsType));
  EXPECT_EQ(read.text, "Water for three towns\nA note");
  EXPECT_EQ(read.note, "");
  EXPECT_THAT(must(text_of(file("PK nothing"), kWordsType)).note, HasSubstr("damaged"));
  EXPECT_THAT(must(text_of(file("\xd0\xcf\x11\xe0"), kSheetsType)).note, HasSubstr("password"));
  const auto bomb = must(text_of(
      archive({{"content.xml", "<d xmlns:t='t'><t:p>" + std::string(16 << 20, 'x') + "</t:p></d>"}}), kOdt));
  EXPECT_EQ(bomb.text.size(), kTextMost);
  EXPECT_THAT(bomb.note, HasSubstr("alone"));
  EXPECT_EQ(must(text_of(file(std::string("\xff\xfe"
                                          "o\0k\0",
                                          6)),
                         "text/plain"))
                .text,
            "ok");
  Extractor none;
  none.documents = folder / "none";
  EXPECT_THAT(must(text_of(file("x"), kOdt, none)).note, HasSubstr("wasl-text"));
}

TEST_F(Documents, APageThatTakesTooLongIsEnded) {
  std::string page;
  for (int i = 0; i < 1'000'000; ++i) page += "<b>";
  Extractor hasty;
  hasty.limits.processor = std::chrono::seconds(1);
  const auto read = must(text_of(file(page + "end"), kHtmlType, hasty));
  EXPECT_EQ(read.text, "");
  EXPECT_THAT(read.note, HasSubstr("more time or memory"));
}

TEST(OwnText, IsAShortTextFileInUtf8) {
  const std::string folder = testing::TempDir();
  const auto file = [&](const std::string& bytes) {
    std::ofstream(folder + "own.txt", std::ios::binary) << bytes;
    return std::filesystem::path(folder + "own.txt");
  };
  EXPECT_TRUE(is_own_text(file("Niamey"), "text/plain"));
  EXPECT_TRUE(is_own_text(file(""), "text/csv"));
  EXPECT_FALSE(is_own_text(file("<p>Niamey"), "text/html"));
  EXPECT_FALSE(is_own_text(file("\xff\xfeN"), "text/plain"));
  EXPECT_FALSE(is_own_text(file(std::string(kTextMost + 1, 'x')), "text/plain"));
}

}  // namespace
}  // namespace wasl::test
