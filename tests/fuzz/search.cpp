// Words of any text, and what a person types into the search: SQLite takes every query that comes of it.
#include "shared/sqlite/database.hpp"
#include "shared/text/folding.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wasl::fuzz {
namespace {

Database& index() {
  static Database db = [] {
    auto opened = Database::open({.path = ":memory:", .create = true});
    WASL_ASSERT(opened.has_value());
    const auto made = opened->exec(
        "CREATE VIRTUAL TABLE words USING fts5(text, tokenize=\"unicode61 remove_diacritics 0 categories 'L* "
        "M* N* P* S* C*'\")");
    WASL_ASSERT(made.has_value());
    return std::move(*opened);
  }();
  return db;
}

bool finds(std::string_view query) {
  auto select = index().prepare("SELECT rowid FROM words WHERE words MATCH ?");
  WASL_ASSERT(select.has_value());
  select->bind_all(query);
  const auto found = select->step();
  WASL_ASSERT(found.has_value());
  return *found;
}

WASL_FUZZ(search) {
  const std::string_view text = text_view(input);
  const std::string folded = text::fold_words(text);
  WASL_ASSERT(is_utf8(view(folded)));
  for (const std::string& word : text::words(text)) {
    WASL_ASSERT(is_utf8(view(word)) && !word.empty());
    WASL_ASSERT(text::words(word) == std::vector<std::string>{word});
    WASL_ASSERT(is_utf8(view(text::stem(word))) && !text::stem(word).empty());
  }
  const std::string query = text::search_query(text);
  WASL_ASSERT(query.empty() == text::words(text).empty());
  if (query.empty()) return;
  auto insert = index().prepare("INSERT INTO words VALUES(?)");
  insert->bind_all(std::string_view(folded));
  WASL_ASSERT(insert->run().has_value());
  WASL_ASSERT(finds(query));
  WASL_ASSERT(index().exec("DELETE FROM words").has_value());
}

}  // namespace
}  // namespace wasl::fuzz
