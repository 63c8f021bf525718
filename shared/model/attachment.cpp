#include "shared/model/attachment.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace wasl {
namespace {

constexpr std::string_view kForbidden = "/\\:*?\"<>|";
constexpr std::string_view kKept[] = {"con", "prn", "aux", "nul", "com", "lpt"};

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// CON, NUL.txt, COM1: Windows opens a device by such a name in any folder.
bool is_kept_by_a_system(std::string_view name) {
  std::string stem(name.substr(0, name.find('.')));
  while (!stem.empty() && stem.back() == ' ') stem.pop_back();
  for (char& c : stem) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  const std::string word = stem.substr(0, 3);
  if (std::find(std::begin(kKept), std::end(kKept), word) == std::end(kKept)) return false;
  const bool numbered = word == "com" || word == "lpt";
  return numbered ? stem.size() == 4 && is_digit(stem[3]) && stem[3] != '0' : stem.size() == 3;
}

/// Control characters, marks that turn the direction of writing, and separators of lines. The joiners of
/// Arabic and Indic words (U+200C, U+200D) are part of names.
bool is_forbidden(char32_t c) {
  if (c < 0x20 || (c >= 0x7F && c < 0xA0)) return true;
  if (c < 0x80) return kForbidden.find(static_cast<char>(c)) != std::string_view::npos;
  return c == 0x061C || c == 0x200B || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF || (c >= 0xE0000 && c <= 0xE007F);
}

struct Character {
  char32_t code = 0;
  std::size_t bytes = 1;
};

/// @pre valid UTF-8, not empty.
Character first_of(std::string_view text) {
  const auto lead = static_cast<Byte>(text[0]);
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  char32_t code = lead & (0xFF >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) code = code << 6 | (static_cast<Byte>(text[i]) & 0x3F);
  return {code, bytes};
}

bool has_end_that_systems_drop(std::string_view name) {
  return name.front() == ' ' || name.back() == ' ' || name.back() == '.';
}

tl::unexpected<Error> wrong(const std::string& what) {
  return fail(Errc::invalid_value, what, "wasl attach writes the value; a program may only copy or clear it");
}

}  // namespace

const Field* text_field(const Register& reg, const Field& files) {
  for (const Field& field : reg.fields) {
    const bool is_beside = field.type == kAttachmentField && !field.retired && !field.is_set();
    if (is_beside && field.name == files.name + "_text") return &field;
  }
  return nullptr;
}

bool is_file_name(std::string_view name) {
  if (name.empty() || name.size() > kFileNameBytes || !is_utf8(view(name))) return false;
  if (has_end_that_systems_drop(name) || is_kept_by_a_system(name)) return false;
  for (std::string_view left = name; !left.empty();) {
    const Character next = first_of(left);
    if (is_forbidden(next.code)) return false;
    left.remove_prefix(next.bytes);
  }
  return true;
}

bool is_media_type(std::string_view type) {
  constexpr std::string_view kMarks = "!#$&-^_.+";
  const std::size_t slash = type.find('/');
  if (type.size() > kMediaTypeBytes || slash == std::string_view::npos) return false;
  const auto is_half = [&](std::string_view half) {
    return !half.empty() && (is_letter(half[0]) || is_digit(half[0])) &&
           std::all_of(half.begin(), half.end(), [&](char c) {
             return is_letter(c) || is_digit(c) || kMarks.find(c) != std::string_view::npos;
           });
  };
  return is_half(type.substr(0, slash)) && is_half(type.substr(slash + 1));
}

std::string safe_file_name(std::string_view name) {
  std::string out;
  if (is_utf8(view(name))) {
    for (std::string_view left = name; !left.empty();) {
      const Character next = first_of(left);
      const std::string_view bytes = left.substr(0, next.bytes);
      left.remove_prefix(next.bytes);
      if (out.size() + bytes.size() > kFileNameBytes) break;
      out += is_forbidden(next.code) ? std::string_view("_") : bytes;
    }
  }
  while (!out.empty() && (out.back() == ' ' || out.back() == '.')) out.pop_back();
  out.erase(0, std::min(out.find_first_not_of(' '), out.size()));
  if (is_kept_by_a_system(out)) out.insert(0, "_");
  return is_file_name(out) ? out : "file";
}

Value Attachment::to_value() const {
  WASL_ASSERT(is_file_name(name) && is_media_type(type) && size <= kFileBytesMost);
  Writer out;
  out.sized(name);
  out.sized(type);
  out.varint(size);
  out.fixed(root);
  return {kAttachmentValue, out.take()};
}

std::string Attachment::to_json() const {
  nlohmann::ordered_json out;
  out["name"] = name;
  out["type"] = type;
  out["size"] = size;
  out["file"] = to_hex(root.view());
  return out.dump();
}

std::string Attachment::to_display() const {
  return name + " (" + type + ", " + std::to_string(size) + (size == 1 ? " byte)" : " bytes)");
}

std::optional<Attachment> as_attachment(const Value& value) {
  if (value.type != kAttachmentValue) return std::nullopt;
  Reader in(value.data);
  Attachment out;
  out.name = in.text(kFileNameBytes);
  out.type = in.text(kMediaTypeBytes);
  out.size = in.count(kFileBytesMost);
  out.root = in.fixed<Hash>();
  if (!in.finished() || !is_file_name(out.name) || !is_media_type(out.type)) return std::nullopt;
  return out;
}

Result<Attachment> parse_attachment(std::string_view json) {
  const auto object = nlohmann::json::parse(json, nullptr, false);
  const auto text = [&](const char* key) -> std::optional<std::string> {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_string()) return std::nullopt;
    return found->get<std::string>();
  };
  if (!object.is_object() || object.size() != 4)
    return wrong("must be a JSON object of name, type, size and file");
  const auto name = text("name");
  const auto type = text("type");
  const auto file = text("file");
  const auto size = object.find("size");
  if (!name || !is_file_name(*name))
    return wrong(
        "has a name that no file may have: at most 200 bytes, no / \\ : * ? \" < > |, no control "
        "characters");
  if (!type || !is_media_type(*type)) return wrong("has no type such as application/pdf");
  if (size == object.end() || !size->is_number_unsigned() || size->get<std::uint64_t>() > kFileBytesMost)
    return wrong("has no size in bytes, of 64 GiB at most");
  const auto bytes = file ? from_hex(*file) : std::nullopt;
  const auto root = bytes ? Hash::from(*bytes) : std::nullopt;
  if (!root) return wrong("has a file that is not 64 hex digits");
  return Attachment{*name, *type, size->get<std::uint64_t>(), *root};
}

}  // namespace wasl
