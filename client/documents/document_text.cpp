#include "client/documents/document_text.hpp"

#include <fstream>

#include "client/documents/html_page.hpp"
#include "client/documents/office_open.hpp"
#include "client/documents/open_document.hpp"
#include "client/documents/to_utf8.hpp"
#include "client/documents/zip_archive.hpp"

namespace wasl {
namespace {

constexpr std::size_t kPageMost = 4 * 1024 * 1024;  // of bytes that stand in memory

/// How a document that is locked by a password begins, and those of before 2007.
bool is_compound_file(std::string_view bytes) { return bytes.starts_with("\xd0\xcf\x11\xe0"); }

Reading read_archive(ZipArchive& archive, std::string_view type, TextSink& out) {
  if (type == kWordsType) return read_words(archive, out);
  if (type == kSlidesType) return read_slides(archive, out);
  if (type == kSheetsType) return read_sheets(archive, out);
  return read_open_document(archive, out);
}

DocumentText text_of_archive(std::optional<ZipArchive> archive, std::string_view beginning,
                             std::string_view type) {
  if (!archive) return {"", is_compound_file(beginning) ? Reading::locked : Reading::damaged};
  TextSink out;
  const Reading reading = read_archive(*archive, type, out);
  const bool nothing = reading == Reading::damaged || reading == Reading::locked;
  return {nothing ? "" : out.take(), reading};
}

DocumentText text_of_page(std::string_view bytes, std::string_view type, bool is_cut) {
  DocumentText out;
  if (type == kHtmlType) {
    TextSink sink;
    out.reading = read_html(to_utf8(bytes, charset_of_page(bytes)), sink);
    out.text = sink.take();
  } else {
    out.text = to_utf8(bytes, "");
  }
  if (is_cut) out.reading = Reading::part;
  return out;
}

bool is_page(std::string_view type) { return type == kHtmlType || is_text_type(type); }

}  // namespace

DocumentText document_text(const std::filesystem::path& file, std::string_view type) {
  std::ifstream in(file, std::ios::binary);
  std::string bytes(is_page(type) ? kPageMost + 1 : 8, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  if (is_page(type))
    return text_of_page(std::string_view(bytes).substr(0, kPageMost), type, bytes.size() > kPageMost);
  if (!is_document(type)) return {"", Reading::damaged};
  return text_of_archive(ZipArchive::open(file), bytes, type);
}

DocumentText document_text_of(std::string_view bytes, std::string_view type) {
  if (is_page(type)) return text_of_page(bytes.substr(0, kPageMost), type, bytes.size() > kPageMost);
  if (!is_document(type)) return {"", Reading::damaged};
  return text_of_archive(ZipArchive::of(bytes), bytes, type);
}

}  // namespace wasl
