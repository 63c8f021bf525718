#pragma once
// Words as search sees them. SQLite's tokenizers find neither مدن in المدن nor منظمة in مُنَظَّمَة, so text is
// folded before it enters the search index, and what a person types is folded alike. Pure functions, any
// thread; text that is not UTF-8 is read as far as it can be.
#include <string>
#include <string_view>
#include <vector>

namespace wasl::text {

/// The words of a text, folded: case, Latin accents, Arabic marks and tatweel go; أإآٱ→ا, ى→ي, ة→ه, ؤ→و, ئ→ي;
/// ٠-٩ and ۰-۹ become 0-9. Whatever is no letter, mark or digit ends a word.
std::vector<std::string> words(std::string_view text);

/// The word without an Arabic article or preposition before it and a common ending behind it; other words as
/// they are. @param folded one of words(). Light10 (Larkey et al. 2002) with the prefixes used here.
std::string stem(std::string_view folded);

/// What enters the index: each folded word, and its stem where that differs, separated by spaces. A word that
/// begins with و enters without it too. Use with FTS5's tokenizer "unicode61 remove_diacritics 0 categories
/// 'L* M* N* P* S* C*'": spaces alone end a word there.
std::string fold_words(std::string_view text);

/// An FTS5 MATCH expression for what a person typed: every word or its stem must occur, the last word may be
/// unfinished. Everything is quoted: no operator, column or syntax error can come of it. Empty when the text
/// holds no word; then do not search.
std::string search_query(std::string_view user_text);

}  // namespace wasl::text
