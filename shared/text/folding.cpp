#include "shared/text/folding.hpp"

#include <algorithm>

#include "shared/text/characters.hpp"

namespace wasl::text {
namespace {

constexpr std::size_t kArabicLetterBytes = 2;                    // U+0600 to U+07FF in UTF-8
constexpr std::size_t kStemBytesLeast = 3 * kArabicLetterBytes;  // less than three letters is no stem
constexpr std::size_t kQueryWordsMost = 32;                      // more only cost time
constexpr std::size_t kPrefixBytesLeast = 2;                     // one letter would match half the index

// Longest first, in their folded form.
constexpr std::string_view kPrefixes[] = {"وبال", "وكال", "وفال", "وال", "بال",
                                          "كال",  "فال",  "ولل",  "لل",  "ال"};
constexpr std::string_view kSuffixes[] = {"ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي"};
constexpr std::string_view kAnd = "و";

bool is_arabic(std::string_view word) {
  if (word.size() % kArabicLetterBytes != 0) return false;
  for (std::size_t at = 0; at < word.size();) {
    const char32_t c = next_character(word, at);
    if (c < 0x600 || c > 0x7FF) return false;
  }
  return true;
}

void add_once(std::vector<std::string>& all, std::string word) {
  if (std::find(all.begin(), all.end(), word) == all.end()) all.push_back(std::move(word));
}

std::string quoted(std::string_view word) { return '"' + std::string(word) + '"'; }

bool ends_in_a_word(std::string_view text) {
  bool inside = false;
  for (std::size_t at = 0; at < text.size();) {
    const CharacterKind kind = kind_of(next_character(text, at));
    if (kind != CharacterKind::ignored) inside = kind == CharacterKind::letter;
  }
  return inside;
}

std::string any_form(const std::string& word, bool unfinished) {
  const std::string prefix = unfinished && word.size() >= kPrefixBytesLeast ? "*" : "";
  const std::string root = stem(word);
  if (root == word) return quoted(word) + prefix;
  return '(' + quoted(word) + prefix + " OR " + quoted(root) + prefix + ')';
}

}  // namespace

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) out.push_back(std::move(word));
    word.clear();
  };
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_character(text, at);
    switch (kind_of(c)) {
      case CharacterKind::separator:
        end_word();
        break;
      case CharacterKind::ignored:
        break;
      case CharacterKind::letter:
        append_folded(c, word);
        break;
    }
  }
  end_word();
  return out;
}

std::string stem(std::string_view folded) {
  if (!is_arabic(folded)) return std::string(folded);
  for (const std::string_view prefix : kPrefixes) {
    if (!folded.starts_with(prefix) || folded.size() < prefix.size() + kStemBytesLeast) continue;
    folded.remove_prefix(prefix.size());
    break;
  }
  for (const std::string_view suffix : kSuffixes)
    if (folded.ends_with(suffix) && folded.size() >= suffix.size() + kStemBytesLeast)
      folded.remove_suffix(suffix.size());
  return std::string(folded);
}

std::string fold_words(std::string_view text) {
  std::string out;
  for (const std::string& word : words(text)) {
    std::vector<std::string> forms{word};
    add_once(forms, stem(word));
    if (is_arabic(word) && word.starts_with(kAnd) && word.size() >= kAnd.size() + kStemBytesLeast) {
      add_once(forms, word.substr(kAnd.size()));
      add_once(forms, stem(std::string_view(word).substr(kAnd.size())));
    }
    for (const std::string& form : forms) {
      if (!out.empty()) out += ' ';
      out += form;
    }
  }
  return out;
}

std::string search_query(std::string_view user_text) {
  std::vector<std::string> all = words(user_text);
  const bool cut = all.size() > kQueryWordsMost;
  if (cut) all.resize(kQueryWordsMost);
  const bool unfinished = !cut && ends_in_a_word(user_text);
  std::string out;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i > 0) out += " AND ";
    out += any_form(all[i], unfinished && i + 1 == all.size());
  }
  return out;
}

}  // namespace wasl::text
