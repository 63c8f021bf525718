#pragma once
// Folding of one character, from small tables of our own.
#include <cstdint>
#include <string>
#include <string_view>

namespace wasl::text {

/// The character at `at`, which moves behind it; U+FFFD for bytes that are not UTF-8.
char32_t next_character(std::string_view text, std::size_t& at);
void append_character(char32_t c, std::string& out);

enum class CharacterKind : std::uint8_t {
  separator,  ///< ends a word
  ignored,    ///< a mark inside a word: leaves no trace
  letter,     ///< or digit
};
CharacterKind kind_of(char32_t c);

/// Appends the folded form of a letter: one character, for ligatures and ß two.
void append_folded(char32_t c, std::string& out);

}  // namespace wasl::text
