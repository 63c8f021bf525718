#include "client/search/search_index.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "shared/sql/table_ddl.hpp"

namespace wasl {
namespace {

/// Says what it is told to.
struct SaidTexts final : FileTexts {
  std::map<Hash, std::string> texts;
  int reads = 0;
  Result<std::optional<std::string>> text(const std::string&, const Attachment& file, bool read) override {
    reads += read ? 1 : 0;
    const auto it = texts.find(file.root);
    return it == texts.end() ? std::nullopt : std::optional(it->second);
  }
};

std::string attached(const std::string& name, const std::string& type, Byte root) {
  Attachment file{name, type, 10, {}};
  file.root.bytes.fill(root);
  return "'" + file.to_json() + "'";
}

class SearchOfOffice : public ::testing::Test {
 protected:
  SearchOfOffice() : tables_(*Database::open({.path = ":memory:", .create = true})) {
    std::string made = ::testing::TempDir() + "wasl-search-XXXXXX";
    folder_ = ::mkdtemp(made.data());
    for (const Register& reg : built_in_schema().registers()) {
      for (const auto& one : sql::table_statements(reg, "network")) EXPECT_TRUE(tables_.exec(one.sql));
    }
  }
  ~SearchOfOffice() override { std::filesystem::remove_all(folder_); }

  void sql(std::string_view text) { EXPECT_TRUE(tables_.exec(text)) << text; }
  std::string find(std::string_view text) {
    auto index = SearchIndex::open(folder_);
    EXPECT_TRUE(index);
    EXPECT_TRUE(index->update(tables_, built_in_schema(), files_));
    const auto hits = index->find(text, 10);
    EXPECT_TRUE(hits);
    std::string out;
    for (const SearchHit& hit : *hits) out += (out.empty() ? "" : " ") + hit.register_name + "/" + hit.id;
    return out;
  }

  std::filesystem::path folder_;
  Database tables_;
  SaidTexts said_;
  FileTexts* files_ = nullptr;
};

TEST_F(SearchOfOffice, FindsWordsOfEveryLanguageHoweverTheyAreWritten) {
  sql(R"(INSERT INTO project(id, title) VALUES('p', '{"ar":"المدن والحكومات","fr":"Eau potable à Évry"}'))");
  sql("INSERT INTO need(id, title) VALUES('n', 'Eau')");
  EXPECT_EQ(find("مدن"), "project/p");
  EXPECT_EQ(find("evry eau"), "project/p");
  EXPECT_EQ(find("pota"), "project/p");
  EXPECT_EQ(find("nothing"), "");
  EXPECT_EQ(find("\" OR *"), "");
}

TEST_F(SearchOfOffice, FindsWhatFilesSayOnceTheirTextIsHere) {
  sql("INSERT INTO document(id, title, file, file_text) VALUES('d', 'Minutes', " +
      attached("a.pdf", "application/pdf", 1) + ", " + attached("a.pdf.txt", "text/plain", 2) + ")");
  sql("INSERT INTO document(id, title, file) VALUES('e', 'Notes', " + attached("b.txt", "text/plain", 3) +
      ")");
  files_ = &said_;
  EXPECT_EQ(find("aquifer"), "");
  Hash text;
  text.bytes.fill(2);
  said_.texts[text] = "The aquifer of Iullemeden";
  EXPECT_EQ(find("aquifer"), "document/d");
  text.bytes.fill(3);
  said_.texts[text] = "Another aquifer";
  EXPECT_EQ(find("another aquifer"), "document/e");
  const int reads = said_.reads;
  EXPECT_EQ(find("aquifer minutes"), "document/d");
  EXPECT_EQ(said_.reads, reads) << "what is indexed is not read again";
  said_.texts.clear();
  EXPECT_EQ(find("aquifer"), "");
}

TEST_F(SearchOfOffice, FollowsTheTables) {
  sql("INSERT INTO project(id, title) VALUES('p', 'Water')");
  EXPECT_EQ(find("water"), "project/p");
  sql("UPDATE project SET title = 'Roads'");
  EXPECT_EQ(find("water"), "");
  EXPECT_EQ(find("roads"), "project/p");
  sql("DELETE FROM project");
  EXPECT_EQ(find("roads"), "");
}

TEST_F(SearchOfOffice, IsMadeAnewWhenItsFileIsDamaged) {
  sql("INSERT INTO project(id, title) VALUES('p', 'Water')");
  EXPECT_EQ(find("water"), "project/p");
  for (const char* name : {"search.db-wal", "search.db-shm"}) std::filesystem::remove(folder_ / name);
  std::ofstream(folder_ / "search.db")
      << "this is no database, and it is long enough to be taken for one page of it";
  EXPECT_EQ(find("water"), "project/p");
}

}  // namespace
}  // namespace wasl
