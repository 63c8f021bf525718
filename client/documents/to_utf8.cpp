#include "client/documents/to_utf8.hpp"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "client/documents/reading.hpp"

namespace wasl {
namespace {

constexpr std::size_t kLooked = 1024;  // bytes, as browsers do
constexpr std::size_t kNameMost = 40;

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/// Until the end, or until more came out than anybody reads.
std::string convert(std::string_view bytes, const char* charset) {
  const iconv_t converter = iconv_open("UTF-8", charset);
  if (converter == reinterpret_cast<iconv_t>(-1)) return std::string(bytes);
  std::string out;
  std::array<char, 4096> block{};
  char* in = const_cast<char*>(bytes.data());
  std::size_t left = bytes.size();
  while (left > 0 && out.size() < 4 * kReadMost) {
    char* to = block.data();
    std::size_t room = block.size();
    const bool stuck = iconv(converter, &in, &left, &to, &room) == static_cast<std::size_t>(-1);
    out.append(block.data(), block.size() - room);
    if (!stuck || errno == E2BIG) continue;
    if (errno == EINVAL) break;  // it ends inside of a character
    ++in;
    --left;
  }
  iconv_close(converter);
  return out;
}

bool is_utf8(std::string_view bytes) {
  bytes = bytes.substr(0, kReadMost);
  const iconv_t converter = iconv_open("UTF-16LE", "UTF-8");
  std::array<char, 4096> block{};
  char* in = const_cast<char*>(bytes.data());
  std::size_t left = bytes.size();
  bool valid = converter != reinterpret_cast<iconv_t>(-1);
  while (valid && left > 0) {
    char* to = block.data();
    std::size_t room = block.size();
    if (iconv(converter, &in, &left, &to, &room) != static_cast<std::size_t>(-1)) continue;
    if (errno == EINVAL) break;  // cut inside of a character
    valid = errno == E2BIG;
  }
  if (converter != reinterpret_cast<iconv_t>(-1)) iconv_close(converter);
  return valid;
}

}  // namespace

std::string charset_of_page(std::string_view bytes) {
  std::string beginning(bytes.substr(0, kLooked));
  for (char& c : beginning) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  constexpr std::string_view kWord = "charset=";
  std::size_t at = beginning.find(kWord);
  if (at == std::string::npos) return "windows-1252";
  at += kWord.size();
  if (at < beginning.size() && (beginning[at] == '"' || beginning[at] == '\'')) ++at;
  std::string name;
  while (at < beginning.size() && is_name(beginning[at]) && name.size() < kNameMost) name += beginning[at++];
  // A page that says the one means the other.
  return name.empty() || name == "iso-8859-1" || name == "us-ascii" ? "windows-1252" : name;
}

std::string to_utf8(std::string_view bytes, const std::string& charset) {
  if (bytes.starts_with("\xef\xbb\xbf")) return std::string(bytes.substr(3));
  if (bytes.starts_with("\xff\xfe")) return convert(bytes.substr(2), "UTF-16LE");
  if (bytes.starts_with("\xfe\xff")) return convert(bytes.substr(2), "UTF-16BE");
  if (charset.empty() || is_utf8(bytes)) return std::string(bytes);
  return convert(bytes, charset.c_str());
}

}  // namespace wasl
