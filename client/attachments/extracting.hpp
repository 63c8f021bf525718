#pragma once
// The text of a document, so that it can go before the file: what pdftotext (poppler-utils) reads from a PDF,
// and what text files say. A PDF comes from anywhere, so its reader is a child process without much memory,
// time or output, and may be missing. Blocks until it ends.
#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

#include "shared/base/result.hpp"

namespace wasl {

constexpr std::size_t kTextMost = 512 * 1024;  // bytes kept: some 200 pages

struct ExtractedText {
  std::string text;  ///< valid UTF-8 of whole characters; empty: none was to be had
  std::string note;  ///< why there is none, or that it is cut; for people
};

/// What runs where the text of a PDF is wanted, and how far it may go.
struct Extractor {
  std::filesystem::path program = "/usr/bin/pdftotext";
  std::chrono::seconds wall{30};
  std::chrono::seconds processor{20};
  std::size_t memory = 512 * 1024 * 1024;  ///< bytes of address space
};

/// Whether text is ever to be had of a file of this media type.
bool may_have_text(std::string_view type);
/// A file that gives none is no error. Errors: not_found (the file cannot be read).
Result<ExtractedText> text_of(const std::filesystem::path& file, std::string_view type,
                              const Extractor& extractor = {});
/// As it is kept: valid UTF-8 without control characters, no more than one blank line, at most kTextMost.
/// @return whether something was cut off.
bool tidy_text(std::string& text);

}  // namespace wasl
