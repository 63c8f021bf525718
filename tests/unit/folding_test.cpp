#include "shared/text/folding.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

namespace wasl::text {
namespace {

/// Whether what somebody types finds a text, in a real index.
class Index {
 public:
  Index() {
    sqlite3_open(":memory:", &db_);
    sqlite3_exec(db_,
                 "CREATE VIRTUAL TABLE found USING fts5(body, tokenize=\"unicode61 remove_diacritics 0 "
                 "categories 'L* M* N* P* S* C*'\")",
                 nullptr, nullptr, nullptr);
  }
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;
  ~Index() { sqlite3_close(db_); }

  bool finds(std::string_view typed, std::string_view text) {
    count("DELETE FROM found", "");
    count("INSERT INTO found VALUES(?1)", fold_words(text));
    const std::string query = search_query(typed);
    return !query.empty() && count("SELECT count(*) FROM found WHERE found MATCH ?1", query) == 1;
  }

 private:
  int count(const char* sql, const std::string& argument) {
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr), SQLITE_OK) << sqlite3_errmsg(db_);
    sqlite3_bind_text(statement, 1, argument.c_str(), -1, SQLITE_TRANSIENT);
    const int step = sqlite3_step(statement);
    EXPECT_TRUE(step == SQLITE_ROW || step == SQLITE_DONE) << sqlite3_errmsg(db_) << ": " << argument;
    const int out = step == SQLITE_ROW ? sqlite3_column_int(statement, 0) : 0;
    sqlite3_finalize(statement);
    return out;
  }
  sqlite3* db_ = nullptr;
};

using Words = std::vector<std::string>;

TEST(Folding, TakesCaseAndLatinAccentsAway) {
  EXPECT_EQ(words("Élus LOCAUX, São Tomé; İzmir straße œuvre Việt Nam"),
            (Words{"elus", "locaux", "sao", "tome", "izmir", "strasse", "oeuvre", "viet", "nam"}));
  EXPECT_EQ(words("e\u0301lus co\u00ADoperation"), (Words{"elus", "cooperation"}));
  EXPECT_EQ(words("МОСКВА Ёлка ΑΘΗΝΑ"), (Words{"москва", "елка", "αθηνα"}));
}

TEST(Folding, TakesArabicMarksAndVariantsAway) {
  EXPECT_EQ(words("مُنَظَّمَة"), words("منظمه"));
  EXPECT_EQ(words("إفريقيا"), words("افريقيا"));
  EXPECT_EQ(words("آسيا أمن ٱلأرض"), (Words{"اسيا", "امن", "الارض"}));
  EXPECT_EQ(words("مستشفى مسؤول بيئة"), (Words{"مستشفي", "مسوول", "بييه"}));
  EXPECT_EQ(words("جمـــاعة"), words("جماعه"));
  EXPECT_EQ(words("٢٠٢٤ ۱۴۰۳"), (Words{"2024", "1403"}));
  EXPECT_EQ(words("مدن، قرى؛ أرياف؟"), (Words{"مدن", "قري", "ارياف"}));
}

TEST(Folding, IsTheSameTwice) {
  for (const char* text : {"الجماعات الترابية", "Ünïted Çities", "مُنَظَّمَة ٢٠٢٤"}) {
    std::string once;
    for (const std::string& word : words(text)) once += word + ' ';
    EXPECT_EQ(words(once), words(text));
  }
}

TEST(Folding, ReadsWhatIsNoUtf8) {
  EXPECT_EQ(words("a\xff"
                  "b\xd8"),
            (Words{"a", "b"}));
  EXPECT_EQ(words(""), Words{});
  EXPECT_EQ(words(" \n،"), Words{});
}

TEST(Stem, TakesArticlesAndEndingsOff) {
  for (const char* word : {"جماعه", "الجماعات", "للجماعات", "بالجماعه", "والجماعات", "جماعتها"})
    EXPECT_EQ(stem(word).substr(0, 8), "جماع") << word;
  EXPECT_EQ(stem("البلديات"), stem("بلديه"));
  EXPECT_EQ(stem("المدن"), "مدن");
  EXPECT_EQ(stem("مدن"), "مدن");
  EXPECT_EQ(stem("ماء"), "ماء");
  EXPECT_EQ(stem("cities"), "cities");
}

TEST(Search, FindsArabicWordsInTheirForms) {
  Index index;
  EXPECT_TRUE(index.finds("الجماعات", "جماعة ترابية"));
  EXPECT_TRUE(index.finds("الجماعات", "دعم للجماعات المحلية"));
  EXPECT_TRUE(index.finds("جماعة", "الجماعات"));
  EXPECT_TRUE(index.finds("المدن", "مدن وحكومات محلية"));
  EXPECT_TRUE(index.finds("حكومات", "مدن وحكومات محلية"));
  EXPECT_TRUE(index.finds("وطنية", "الجمعيات الوطنية"));
  EXPECT_TRUE(index.finds("منظمة", "مُنَظَّمَة"));
  EXPECT_TRUE(index.finds("افريقيا", "إفريقيا"));
  EXPECT_FALSE(index.finds("ماء", "جماعة"));
}

TEST(Search, FindsLatinWordsWhileTheyAreTyped) {
  Index index;
  EXPECT_TRUE(index.finds("equipement muni", "Équipement municipal"));
  EXPECT_FALSE(index.finds("equip municipal", "Équipement municipal"));
  EXPECT_FALSE(index.finds("muni ", "Équipement municipal"));
  EXPECT_TRUE(index.finds("الجما", "جماعة"));
}

TEST(Search, NeverBecomesAnOperatorOrAnError) {
  Index index;
  for (const char* typed : {"it's", "secret:x", "\"", "a\"b", "NOT", "a AND", "(", "^a", "a*", "-x +y",
                            "NEAR(a b)", "{a}:b", "a OR b"})
    index.finds(typed, "text");  // the query itself is checked inside
  EXPECT_TRUE(index.finds("it's", "it's here"));
  EXPECT_FALSE(index.finds("body:here", "it's here"));
  EXPECT_EQ(search_query(" ،.!"), "");
  EXPECT_EQ(search_query("a\"b c"), "\"a\" AND \"b\" AND \"c\"");
}

TEST(Search, FindsWhatSqliteTakesForNoLetter) {
  Index index;
  EXPECT_TRUE(index.finds("\u0740 water", "\u0740 water")) << "a mark of another script";
  EXPECT_EQ(words("a\xF4\xAC\xBA\xB3z"), (std::vector<std::string>{"a", "z"})) << "above U+10FFFF";
}

TEST(Search, IsBounded) {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "word ";
  EXPECT_LT(search_query(many).size(), 1000U);
}

}  // namespace
}  // namespace wasl::text
