// The text of documents from anywhere: what is had of them, and what a hostile or missing reader may cost.
#include "client/attachments/extracting.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "shared/base/bytes.hpp"
#include "tests/support/must.hpp"

namespace wasl::test {
namespace {

using testing::HasSubstr;

struct Extracting : testing::Test {
  std::filesystem::path folder;

  Extracting() {
    std::string made = testing::TempDir() + "wasl-extracting-XXXXXX";
    folder = ::mkdtemp(made.data());
  }
  ~Extracting() override { std::filesystem::remove_all(folder); }

  std::filesystem::path file(const std::string& name, const std::string& bytes) {
    std::ofstream(folder / name, std::ios::binary) << bytes;
    return folder / name;
  }
  std::filesystem::path program(const std::string& script) {
    const auto path = file("reader", "#!/bin/sh\n" + script + "\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }
  ExtractedText read_by(const std::string& script, std::chrono::seconds wall = std::chrono::seconds(20)) {
    Extractor extractor;
    extractor.program = program(script);
    extractor.limits.wall = wall;
    return must(text_of(file("a.pdf", "%PDF-1.4"), "application/pdf", extractor));
  }
};

/// A page that says so, as any program that writes PDFs would.
std::string pdf(const std::string& words) {
  const std::string page = "BT /F1 24 Tf 72 720 Td (" + words + ") Tj ET";
  const std::vector<std::string> objects{
      "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R "
      ">> >> >>",
      "<< /Length " + std::to_string(page.size()) + " >>\nstream\n" + page + "\nendstream",
      "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"};
  std::string out = "%PDF-1.4\n";
  std::string table = "0000000000 65535 f \n";
  for (std::size_t i = 0; i < objects.size(); ++i) {
    std::string at = std::to_string(out.size());
    table += std::string(10 - at.size(), '0') + at + " 00000 n \n";
    out += std::to_string(i + 1) + " 0 obj\n" + objects[i] + "\nendobj\n";
  }
  const std::string start = std::to_string(out.size());
  return out + "xref\n0 6\n" + table + "trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n" + start +
         "\n%%EOF\n";
}

TEST_F(Extracting, ReadsAPdf) {
  const auto read = must(text_of(file("-q water.pdf", pdf("Water for three towns")), "application/pdf"));
  EXPECT_EQ(read.text, "Water for three towns");
  EXPECT_EQ(read.note, "");
}

TEST_F(Extracting, OfWhatIsNoPdfNothingIsHadAndItIsSaid) {
  const auto read = must(text_of(file("a.pdf", std::string(5000, 'x')), "application/pdf"));
  EXPECT_EQ(read.text, "");
  EXPECT_THAT(read.note, HasSubstr("damaged"));
}

TEST_F(Extracting, AMissingReaderIsSaidAndNoError) {
  Extractor none;
  none.program = folder / "none";
  const auto read = must(text_of(file("a.pdf", pdf("Water")), "application/pdf", none));
  EXPECT_EQ(read.text, "");
  EXPECT_THAT(read.note, HasSubstr("poppler-utils"));
}

TEST_F(Extracting, AReaderThatHangsIsEnded) {
  const auto read = read_by("sleep 60", std::chrono::seconds(1));
  EXPECT_EQ(read.text, "");
  EXPECT_THAT(read.note, HasSubstr("more time"));
}

TEST_F(Extracting, AReaderThatNeverStopsWritingIsCut) {
  const auto read = read_by("while :; do echo water water water water; done");
  EXPECT_LE(read.text.size(), kTextMost);
  EXPECT_GT(read.text.size(), kTextMost / 2);
  EXPECT_THAT(read.note, HasSubstr("alone"));
}

TEST_F(Extracting, AReaderWritesNoFile) {
  const auto written = folder / "written";
  read_by("echo water > " + written.string() + "; echo words");
  std::error_code none;
  EXPECT_TRUE(!std::filesystem::exists(written) || std::filesystem::file_size(written, none) == 0);
}

TEST_F(Extracting, AReaderGetsNoMoreMemoryThanItMay) {
  const auto read = read_by("ulimit -v; ulimit -t");
  EXPECT_EQ(read.text, std::to_string(ReadingLimits().memory / 1024) + "\n20");
}

TEST_F(Extracting, TextFilesSayWhatTheySay) {
  EXPECT_EQ(must(text_of(file("a.txt", "One\nTwo\n"), "text/plain")).text, "One\nTwo");
  EXPECT_EQ(must(text_of(file("a.bin", "One"), "application/octet-stream")).text, "");
  EXPECT_EQ(text_of(folder / "none.txt", "text/plain").error().code, Errc::not_found);
  const auto empty = must(text_of(file("e.txt", " \n "), "text/plain"));
  EXPECT_THAT(empty.note, HasSubstr("no text"));
}

TEST(TidyText, KeepsWordsAndDropsWhatIsNone) {
  const auto tidy = [](std::string text) {
    EXPECT_FALSE(tidy_text(text));
    return text;
  };
  EXPECT_EQ(tidy("\n\n a  \t b\f\x01 c \n\n\n\nd\r\n"), "a b c\n\nd");
  EXPECT_EQ(tidy(std::string("ma\xff\xc3\xa9\xc3 \0x", 9)), "ma\xc3\xa9 x");
  EXPECT_EQ(tidy("مدن"), "مدن");
}

TEST(TidyText, IsCutBehindAWholeCharacter) {
  std::string text;
  while (text.size() < kTextMost + 100) text += "\xe2\x82\xac";  // €, three bytes
  EXPECT_TRUE(tidy_text(text));
  EXPECT_LE(text.size(), kTextMost);
  EXPECT_GT(text.size(), kTextMost - 3);
  EXPECT_TRUE(is_utf8(view(text)));
}

}  // namespace
}  // namespace wasl::test
