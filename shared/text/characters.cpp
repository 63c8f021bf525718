#include "shared/text/characters.hpp"

namespace wasl::text {
namespace {

// U+00C0 to U+017F; . stays as it is, ! becomes two letters.
constexpr std::string_view kLatin =
    "aaaaaa!ceeeeiiiidnooooo.ouuuuy!!aaaaaa!ceeeeiiiidnooooo.ouuuuy!y"
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii!!jjkkklllllll"
    "lllnnnnnnnnnoooooo!!rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
// U+01CD to U+021F; . stays as it is, ! becomes two letters.
constexpr std::string_view kLatinMore =
    "aaiioouuuuuuuuuu.aaaa....ggkkoooo..j!!!gg..nnaa....aaaaeeeeiiiio"
    "ooorrrruuuusstt..hh";
// U+1E00 to U+1EFF; . stays as it is, ! becomes two letters.
constexpr std::string_view kLatinAdditional =
    "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm"
    "mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv"
    "wwwwwwwwwwxxxxyyzzzzzzhtwy.s..!.aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee"
    "eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......";

constexpr char32_t kReplacement = 0xFFFD;

bool is_between(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

bool is_ignored(char32_t c) {
  return c == 0xAD || is_between(c, 0x300, 0x36F) ||                      // soft hyphen, combining accents
         is_between(c, 0x610, 0x61A) || c == 0x61C || c == 0x640 ||       // Arabic signs, tatweel
         is_between(c, 0x64B, 0x65F) || c == 0x670 ||                     // harakat
         is_between(c, 0x6D6, 0x6DC) || is_between(c, 0x6DF, 0x6E4) ||    // Koranic marks
         is_between(c, 0x6E7, 0x6E8) || is_between(c, 0x6EA, 0x6ED) ||    //
         is_between(c, 0x8D3, 0x8FF) || is_between(c, 0x200C, 0x200F) ||  // joiners, direction
         is_between(c, 0x202A, 0x202E) || is_between(c, 0x2060, 0x206F) || c == 0xFEFF;
}

bool is_separator(char32_t c) {
  if (c < 0x80) return !(is_between(c, '0', '9') || is_between(c, 'A', 'Z') || is_between(c, 'a', 'z'));
  if (c < 0xC0) return c != 0xAA && c != 0xB5 && c != 0xBA;
  return c == 0xD7 || c == 0xF7 || c == 0x1680 || c == 0x180E || is_between(c, 0x600, 0x60F) ||
         is_between(c, 0x61B, 0x61F) || is_between(c, 0x66A, 0x66D) || c == 0x6D4 ||
         is_between(c, 0x6DD, 0x6DE) || c == 0x6E9 || is_between(c, 0x2000, 0x2BFF) ||
         is_between(c, 0x3000, 0x3003) || is_between(c, 0x3008, 0x3020) || is_between(c, 0xD800, 0xF8FF) ||
         is_between(c, 0xFD3E, 0xFD3F) || is_between(c, 0xFE10, 0xFE1F) || is_between(c, 0xFE30, 0xFE6F) ||
         is_between(c, 0xFF01, 0xFF0F) || is_between(c, 0xFF1A, 0xFF20) || is_between(c, 0xFFF0, 0xFFFF) ||
         is_between(c, 0x1F000, 0x1FAFF);
}

std::string_view two_letters(char32_t c) {
  switch (c) {
    case 0xC6:
    case 0xE6:
      return "ae";
    case 0xDE:
    case 0xFE:
      return "th";
    case 0xDF:
    case 0x1E9E:
      return "ss";
    case 0x132:
    case 0x133:
      return "ij";
    case 0x152:
    case 0x153:
      return "oe";
    default:
      return "dz";  // U+01F1 to U+01F3
  }
}

/// @return whether the table has something for it.
bool append_latin(char32_t c, std::string& out) {
  const auto look_up = [&](std::string_view table, char32_t first) {
    if (c < first || c - first >= table.size()) return false;
    const char folded = table[c - first];
    if (folded == '.') return false;
    if (folded == '!')
      out += two_letters(c);
    else
      out += folded;
    return true;
  };
  return look_up(kLatin, 0xC0) || look_up(kLatinMore, 0x1CD) || look_up(kLatinAdditional, 0x1E00);
}

char32_t fold_other(char32_t c) {
  if (is_between(c, 0x660, 0x669)) return c - 0x660 + '0';
  if (is_between(c, 0x6F0, 0x6F9)) return c - 0x6F0 + '0';
  if (is_between(c, 0x410, 0x42F) || is_between(c, 0x391, 0x3A9)) return c + 0x20;  // Cyrillic, Greek
  if (is_between(c, 0x400, 0x40F)) return c == 0x401 ? 0x435 : c + 0x50;
  switch (c) {
    case 0x622:  // آ
    case 0x623:  // أ
    case 0x625:  // إ
    case 0x671:  // ٱ
      return 0x627;
    case 0x624:  // ؤ
      return 0x648;
    case 0x626:  // ئ
    case 0x649:  // ى
    case 0x6CC:  // ی
      return 0x64A;
    case 0x629:  // ة
      return 0x647;
    case 0x6A9:  // ک
      return 0x643;
    case 0x451:  // ё
      return 0x435;
    default:
      return c;
  }
}

}  // namespace

char32_t next_character(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at++);
  if (lead < 0x80) return lead;
  const std::size_t more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC2 ? 1 : 0;
  if (more == 0 || lead > 0xF4 || at + more > text.size()) return kReplacement;
  char32_t c = lead & (0x3FU >> more);
  for (std::size_t i = 0; i < more; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return kReplacement;
    c = c << 6 | (byte(at + i) & 0x3FU);
  }
  if (c > 0x10FFFF || (more == 2 && c < 0x800) || (more == 3 && c < 0x10000)) return kReplacement;
  at += more;
  return c;
}

void append_character(char32_t c, std::string& out) {
  const auto add = [&](char32_t bits) { out += static_cast<char>(static_cast<unsigned char>(bits)); };
  if (c < 0x80) {
    add(c);
  } else if (c < 0x800) {
    add(0xC0 | c >> 6);
    add(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    add(0xE0 | c >> 12);
    add(0x80 | (c >> 6 & 0x3F));
    add(0x80 | (c & 0x3F));
  } else {
    add(0xF0 | c >> 18);
    add(0x80 | (c >> 12 & 0x3F));
    add(0x80 | (c >> 6 & 0x3F));
    add(0x80 | (c & 0x3F));
  }
}

CharacterKind kind_of(char32_t c) {
  if (is_ignored(c)) return CharacterKind::ignored;
  return is_separator(c) ? CharacterKind::separator : CharacterKind::letter;
}

void append_folded(char32_t c, std::string& out) {
  if (is_between(c, 'A', 'Z')) {
    out += static_cast<char>(c + 0x20);
  } else if (is_between(c, 0xFEF5, 0xFEFC)) {
    out += "لا";  // ligatures that old programs stored
  } else if (!append_latin(c, out)) {
    append_character(fold_other(c), out);
  }
}

}  // namespace wasl::text
