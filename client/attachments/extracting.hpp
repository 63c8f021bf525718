#pragma once
// The text of a document, so that it can go before the file: what pdftotext (poppler-utils) reads from a PDF,
// wasl-text from office documents and pages, and what text files say. Documents come from anywhere, so their
// readers are child processes without much memory, time or output, and may be missing. Blocks until they end.
#include <filesystem>
#include <string>
#include <string_view>

#include "client/attachments/reading_child.hpp"
#include "shared/base/result.hpp"

namespace wasl {

constexpr std::size_t kTextMost = 512 * 1024;  // bytes kept: some 200 pages

struct ExtractedText {
  std::string text;  ///< valid UTF-8 of whole characters; empty: none was to be had
  std::string note;  ///< why there is none, or that it is cut; for people
};

/// A program of this name in the folder of this one, or where a package puts it.
std::filesystem::path beside_this_program(const std::string& name);

/// What runs where the text of a document is wanted, and how far it may go.
struct Extractor {
  std::filesystem::path program = "/usr/bin/pdftotext";
  std::filesystem::path documents = beside_this_program("wasl-text");
  ReadingLimits limits{};
};

/// Whether text is ever to be had of a file of this media type.
bool may_have_text(std::string_view type);
/// Whether the file, as it is, is what is shown and found as its text.
bool is_own_text(const std::filesystem::path& file, std::string_view type);
/// A file that gives none is no error. Errors: not_found (the file cannot be read).
Result<ExtractedText> text_of(const std::filesystem::path& file, std::string_view type,
                              const Extractor& extractor = {});
/// As it is kept: valid UTF-8 without control characters, no more than one blank line, at most kTextMost.
/// @return whether something was cut off.
bool tidy_text(std::string& text);

}  // namespace wasl
