#include "client/attachments/extracting.hpp"

#include <fstream>

#include "client/documents/reading.hpp"
#include "shared/text/characters.hpp"

namespace wasl {
namespace {

constexpr char32_t kNoCharacter = 0xfffd;
constexpr std::string_view kPdfType = "application/pdf";
constexpr std::string_view kNoRoom = "this machine has no room for another program";
constexpr std::string_view kTooMuch = "reading it took more time or memory than a document may";

ExtractedText none(std::string_view note) { return {"", std::string(note)}; }

ExtractedText text_of_pdf(const std::filesystem::path& file, const Extractor& extractor) {
  if (!is_runnable(extractor.program))
    return none(extractor.program.string() + " is not on this machine (Debian: poppler-utils)");
  ReadingChild read = run_reading({extractor.program.string(), "-q", "-enc", "UTF-8", "-nopgbrk",
                                   std::filesystem::absolute(file).string(), "-"},
                                  extractor.limits, kReadMost);
  if (read.end == ReadingChild::End::not_started) return none(kNoRoom);
  if (read.end == ReadingChild::End::stopped) return none(kTooMuch);
  if (read.code != 0) return none("it is damaged, or locked by a password");
  return {std::move(read.output), ""};
}

ExtractedText text_of_document(const std::filesystem::path& file, std::string_view type,
                               const Extractor& extractor) {
  if (!is_runnable(extractor.documents))
    return none("wasl-text, which reads it, does not stand beside wasl: install the whole package");
  ReadingChild read =
      run_reading({extractor.documents.string(), std::string(type), std::filesystem::absolute(file).string()},
                  extractor.limits, kReadMost);
  if (read.end == ReadingChild::End::not_started) return none(kNoRoom);
  if (read.end == ReadingChild::End::stopped) return none(kTooMuch);
  switch (static_cast<Reading>(read.code)) {
    case Reading::whole:
      return {std::move(read.output), ""};
    case Reading::part:
      return read.output.empty() ? none(kTooMuch)
                                 : ExtractedText{std::move(read.output), "a part of its text alone"};
    case Reading::locked:
      return none("it is locked by a password, or of an older form than its name says");
    default:
      return none("it is damaged");
  }
}

std::string beginning_of(std::ifstream& in, std::size_t most) {
  std::string text(most, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

/// UTF-16, as spreadsheets write text.
bool is_wide(std::string_view text) { return text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"); }

}  // namespace

std::filesystem::path beside_this_program(const std::string& name) {
  std::error_code unknown;
  const auto here = std::filesystem::read_symlink("/proc/self/exe", unknown).parent_path();
  const auto beside = here / name;
  return is_runnable(beside) ? beside : here.parent_path() / "lib/wasl" / name;
}

bool may_have_text(std::string_view type) {
  return type == kPdfType || is_text_type(type) || is_document(type);
}

bool is_own_text(const std::filesystem::path& file, std::string_view type) {
  std::error_code unknown;
  const auto size = std::filesystem::file_size(file, unknown);
  if (!is_text_type(type) || unknown || size > kTextMost) return false;
  std::ifstream in(file, std::ios::binary);
  return !is_wide(beginning_of(in, 2));
}

bool tidy_text(std::string& text) {
  std::string out;
  unsigned line_ends = 2;  // since the last character; none stands at the beginning
  bool space = false;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = text::next_character(text, at);
    if (c == U'\n') {
      if (line_ends++ < 2) out += '\n';
      space = false;
    } else if (c <= U' ' || (c >= 0x7f && c <= 0xa0)) {
      space = true;
    } else if (c != kNoCharacter) {
      if (space && line_ends == 0) out += ' ';
      text::append_character(c, out);
      line_ends = 0;
      space = false;
    }
  }
  while (!out.empty() && out.back() == '\n') out.pop_back();
  const bool cut = out.size() > kTextMost;
  if (cut) {
    std::size_t end = kTextMost;
    while ((static_cast<unsigned char>(out[end]) & 0xc0) == 0x80) --end;
    out.resize(end);
  }
  text = std::move(out);
  return cut;
}

Result<ExtractedText> text_of(const std::filesystem::path& file, std::string_view type,
                              const Extractor& extractor) {
  ExtractedText out;
  if (type == kPdfType) {
    out = text_of_pdf(file, extractor);
  } else if (may_have_text(type)) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return fail(Errc::not_found, "cannot read " + file.string());
    std::string text = beginning_of(in, is_text_type(type) ? kReadMost : 0);
    out = is_document(type) || is_wide(text) ? text_of_document(file, type, extractor)
                                             : ExtractedText{std::move(text), ""};
  }
  if (tidy_text(out.text)) out.note = "its first " + std::to_string(kTextMost / 1024) + " KiB of text alone";
  if (out.text.empty() && out.note.empty() && may_have_text(type))
    out.note = "it holds no text: pictures of pages, perhaps";
  return out;
}

}  // namespace wasl
